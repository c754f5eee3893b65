-- Ticks: when they come, when they end, what they cost.
local scripts = require("spec.support.scripts")
local support = require("spec.support")

local ECHO = "function events.data(_, input) return input end\n"

-- Sends something every few milliseconds, for some seconds.
local function talk(client, seconds)
  local finish = support.clock() + seconds
  while support.clock() < finish do
    client:send("x")
    assert.equal("x", client:receive(1))
    support.pass(0.003)
  end
end

-- Ticks at a steady delay; prints how many there were and how long they took.
local function measured(delay, count)
  return ECHO .. ([[
    local delay, count, ticks, first = %g, %d, 0, nil
    function events.tick()
      ticks = ticks + 1
      first = first or evio.now()
      if ticks > count then
        print("took", evio.now() - first)
        return
      end
      return delay
    end
  ]]):format(delay, count)
end

-- How many of the times are no further than `late` behind the beat that fits them best.
local function in_phase(times, period, late)
  local most = 0
  for _, beat in ipairs(times) do
    local count = 0
    for _, time in ipairs(times) do
      count = (time - beat) % period < late and count + 1 or count
    end
    most = math.max(most, count)
  end
  return most
end

describe("ticks", function()
  it("begin right after serving", function()
    local server = scripts.serve([[
      function events.serving(server) print(server.addresses[1]) end
      function events.opened() print("opened") end
      function events.tick() print("tick") return 60 end]])
    support.connect(server:address())
    assert.equal("tick", server:line())
    assert.equal("opened", server:line())
  end)

  -- A machine that is busy with something else may be late: then it is measured again.
  it("follow each other at the delay that each returned #timing", function()
    local server = scripts.serve([[
      local delays, last, number = { 0.05, 0.15, 0.1 }, nil, 0
      function events.tick()
        if last then print(math.floor((evio.now() - last) * 1000)) end
        last, number = evio.now(), number + 1
        return delays[(number - 1) % 3 + 1]
      end]])
    server:address()
    support.eventually(function()
      local good, all = true, {}
      for i, delay in ipairs({ 50, 150, 100 }) do
        all[i] = tonumber(server:line())
        good = good and all[i] >= delay - 10 and all[i] < delay + 10
      end
      return good, table.concat(all, ", ") .. " ms"
    end)
  end)

  it("end with a nil delay, and the server goes on", function()
    local client, server = scripts.serve_one(ECHO .. [[
      function events.tick() print("tick") end]])
    assert.equal("tick", server:line())
    for _ = 1, 20 do
      client:send("x")
      assert.equal("x", client:receive(1))
      support.pass(0.002)
    end
    server:stop()
    assert.equal(1, select(2, (server:output()):gsub("tick", "")))
  end)

  it("at a delay of 0 come in every iteration and starve nobody", function()
    local client, server = scripts.serve_one(ECHO .. [[
      local ticks = 0
      function events.tick() ticks = ticks + 1 return 0 end
      function events.eof() print(ticks) end]])
    for _ = 1, 20 do
      client:send("ping")
      assert.equal("ping", client:receive(4))
    end
    client:finish()
    local ticks = tonumber(server:line())
    assert.is_true(ticks >= 20, ticks .. " ticks")
  end)

  it("may write to any connection", function()
    local client = scripts.serve_one([[
      function events.tick()
        for conn in evio.connections() do conn:write("tick\n") end
        return 0.01
      end]])
    for _ = 1, 5 do
      assert.equal("tick", client:receive_line())
    end
  end)

  it("missed by a callback that took long do not come in a burst", function()
    local client, server = scripts.serve_one([[
      local ticks, free = 0, nil
      function events.tick() ticks = ticks + 1 return 0.02 end
      function events.data()
        local finish = evio.now() + 0.5
        while evio.now() < finish do end
        ticks, free = 0, finish
        return "go\n"
      end
      function events.eof() print(ticks - (evio.now() - free) / 0.02) end]])
    client:send("x")
    assert.equal("go", client:receive_line())
    client:finish()
    local missed = tonumber(server:line())
    assert.is_true(missed < 10, missed .. " ticks more than there was time for")
  end)

  it("of several servers are independent", function()
    local server = support.start([[
      local evio = require("evio")
      local function events(name, delay)
        local ticks = 0
        return { tick = function()
          ticks = ticks + 1
          print(name, ticks)
          return delay, ticks == 4 and "shutdown" or nil
        end }
      end
      evio.listen(events("slow", 60), "tcp://127.0.0.1:0")
      evio.listen(events("quick", 0.01), "tcp://127.0.0.1:0")]])
    for _, line in ipairs({ "slow\t1", "quick\t1", "quick\t2", "quick\t3", "quick\t4" }) do
      assert.equal(line, server:line())
    end
    server:stop()
    assert.equal(5, select(2, (server:output()):gsub("\n", "")))
  end)

  -- A machine that is busy with something else may miss some, or be late with some; their phase stays.
  it("of 100 ms do not drift under traffic #timing (seed 12)", function()
    local client, server = scripts.serve_one([[
      function events.tick() print("tick", evio.now()) return 0.1 end
      function events.data(_, input)
        local finish = evio.now() + 0.01
        while evio.now() < finish do end
        return input
      end]])
    talk(client, 4.9)
    local times = {}
    for i = 1, 50 do
      times[i] = tonumber((server:expect("^tick\t(.*)$")))
    end
    local count = in_phase(times, 0.1, 0.03)
    assert.is_true(count >= 40, count .. " of 50 ticks in phase")
    assert.is_true(times[50] - times[1] < 7, times[50] - times[1] .. " s for 50 ticks")
  end)

  it("of 900 us do not burn a core #timing (seed 13)", function()
    local server = scripts.serve(measured(0.0009, 1000))
    server:address()
    local took = tonumber((server:expect("^took\t(.*)$")))
    assert.is_true(took >= 0.89 and took < 1.5, took .. " s for 1000 ticks")
    local cpu = support.cpu_seconds(server.pid)
    assert.is_true(cpu / took < 0.25, cpu .. " s of CPU")
  end)
end)
