-- Timers of a script: evio.after and evio.every.
local scripts = require("spec.support.scripts")
local support = require("spec.support")

-- What a script prints that ends by itself, with nothing on stderr.
local function output_of(source)
  local status, stderr, stdout = scripts.run(source)
  assert.same({ 0, "" }, { status, stderr })
  return stdout
end

local function lines(...)
  return table.concat({ ... }, "\n") .. "\n"
end

describe("evio.after", function()
  it("calls once, and keeps the loop going until then", function()
    assert.equal("main\ncalled\t0\nover\n", output_of([[
      evio.after(0.02, function(...) print("called", select("#", ...)) end)
      print("main")
      evio.run()
      print("over")]]))
  end)

  it("fires in the order of the deadlines, not of the calls", function()
    assert.equal(lines(1, 2, 3, 4, 5), output_of([[
      local start, timers
      repeat -- once more, where they were set from moments that are too far apart
        for _, timer in ipairs(timers or {}) do timer:cancel() end
        start, timers = evio.now(), {}
        for i, number in ipairs({ 3, 1, 5, 2, 4 }) do
          timers[i] = evio.after(number / 20, function() print(number) end)
        end
      until evio.now() - start < 0.04]]))
  end)

  it("fires when its time has passed, not before #timing", function()
    local least = 1e9
    for _ = 1, 3 do -- one of them is not late
      local waited = tonumber(output_of([[
        local before = evio.now()
        evio.after(0.25, function() print(evio.now() - before) end)]]))
      assert.is_true(waited >= 0.25, waited .. " s")
      least = math.min(least, waited)
    end
    assert.is_true(least < 0.35, least .. " s")
  end)

  it("counts from the call, also in a callback that takes long", function()
    local waited = tonumber(output_of([[
      evio.after(0, function()
        local finish = evio.now() + 0.3
        while evio.now() < finish do end
        local before = evio.now()
        evio.after(0.1, function() print(evio.now() - before) end)
      end)]]))
    assert.is_true(waited >= 0.1, waited .. " s")
  end)

  it("may be called in a callback, and at 0 seconds starves nobody", function()
    local client = scripts.serve_one([[
      local function again() evio.after(0, again) end
      again()
      evio.every(0, function() end)
      function events.data(_, input) return input end]])
    for _ = 1, 20 do
      client:send("ping")
      assert.equal("ping", client:receive(4))
    end
  end)

  it("may be called in a coroutine that ends", function()
    assert.equal("called\n", output_of([[
      coroutine.wrap(function() evio.after(0.01, function() print("called") end) end)()
      collectgarbage()]]))
  end)
end)

describe("evio.every", function()
  it("calls again and again", function()
    assert.equal("1\n2\n3\n", output_of([[
      local count, timer = 0, nil
      timer = evio.every(0.01, function()
        count = count + 1
        print(count)
        if count == 3 then timer:cancel() end
      end)]]))
  end)

  it("does not drift under load #timing", function()
    local lateness = tonumber(output_of([[
      local first, late, timer
      local function tick()
        local now = evio.now()
        late[#late + 1] = (now - first) % 0.02
        while evio.now() < now + 0.008 do end
        if #late == 100 then
          table.sort(late)
          print(late[50])
          timer:cancel()
        end
      end
      repeat -- once more, where it counts from a moment that is much later
        if timer then timer:cancel() end
        first, late = evio.now(), {}
        timer = evio.every(0.02, tick)
      until evio.now() - first < 0.001]]))
    assert.is_true(lateness < 0.004, lateness .. " s after a multiple of the period")
  end)

  it("leaves out the calls that were missed", function()
    local count = tonumber(output_of([[
      local count, timer, start = 0, nil, nil
      timer = evio.every(0.01, function()
        count = count + 1
        if count > 1 then return end
        local finish = evio.now() + 0.5
        while evio.now() < finish do end
        evio.after(0.005, function() print(count) timer:cancel() end)
      end)]]))
    assert.is_true(count <= 3, count .. " calls at once")
  end)

  it("of 0 seconds comes in every iteration, once", function()
    local client, server = scripts.serve_one([[
      local count, before, most = 0, 0, 0
      evio.every(0, function() count = count + 1 end)
      function events.data(_, input)
        most, before = math.max(most, count - before), count
        return input
      end
      function events.woken(conn)
        if conn.last then print("calls", count - conn.last) end
        conn.last, conn.left = count, (conn.left or 20) - 1
        if conn.left > 0 then conn:wake() end
      end
      function events.opened(conn) conn:wake() end]])
    for _ = 1, 19 do
      assert.equal("calls\t1", (server:expect("^calls.*")))
    end
    assert.equal("ping", support.exchange(client, "ping"))
  end)
end)

describe("a timer's callback", function()
  it("that fails prints one traceback, and no other timer is cancelled", function()
    local status, stderr, stdout = scripts.run([[
      local count, timer, other = 0, nil, nil
      evio.after(0, function() error("once") end)
      timer = evio.every(0, function()
        count = count + 1
        print(count)
        if count == 3 then timer:cancel() end
        error("again")
      end)
      other = evio.every(0.01, function()
        if count == 3 then
          print("other")
          other:cancel()
        end
      end)]])
    assert.same({ 0, "1\n2\n3\nother\n" }, { status, stdout })
    assert.matches("evio: error in timer: server.lua:2: once\nstack traceback:\n", stderr, 1, true)
    assert.equal(2, select(2, stderr:gsub("error in timer", "")))
    assert.matches("2 more like it: server.lua:7: again", stderr, 1, true)
  end)

  it("may shut everything down", function()
    assert.equal("over\n", output_of([[
      evio.listen({}, "tcp://127.0.0.1:0")
      evio.every(0.01, function() return "shutdown" end)
      evio.after(1000, print)
      evio.run()
      print("over")]]))
  end)

  it("may return nil or none, and nothing else", function()
    local status, stderr = scripts.run([[
      local function answer(value) evio.after(0, function() return value end) end
      answer(nil) answer("none") answer("close") answer("detach") answer("stop") answer(5)
      answer({})]])
    assert.equal(0, status)
    local expected = ' as the action, expected nil, "none" or "shutdown"\n'
    for _, came in ipairs({ '"close"', '"detach"', '"stop"', "a number", "a table" }) do
      assert.matches("server.lua:1: timer returned " .. came .. expected, stderr, 1, true)
    end
    assert.equal(5, select(2, stderr:gsub("error in timer", "")))
  end)
end)

describe("timer:cancel", function()
  it("keeps a timer from firing, and says whether it did", function()
    assert.equal("true\tfalse\ntrue\tfalse\n", output_of([[
      for _, make in ipairs({ evio.after, evio.every }) do
        local timer = make(0.01, print)
        print(timer:cancel(), timer:cancel())
      end]]))
  end)

  it("from its own callback ends evio.every, and comes too late for evio.after", function()
    assert.equal("after\tfalse\nevery\ttrue\tfalse\n", output_of([[
      local one, two
      one = evio.after(0, function() print("after", one:cancel()) end)
      two = evio.every(0.01, function()
        print("every", two:cancel(), two:cancel())
        collectgarbage()
        collectgarbage()
      end)]]))
  end)

  it("from another timer's callback keeps one from firing that is due, too", function()
    assert.equal("true\n", output_of([[
      local timers = {}
      for i = 1, 2 do
        timers[i] = evio.after(0.01, function() print(timers[3 - i]:cancel()) end)
      end
      local finish = evio.now() + 0.05
      while evio.now() < finish do end]]))
  end)

  it("from an event of a connection ends a timer", function()
    local client = scripts.serve_one([[
      local count, timer = 0, nil
      timer = evio.every(0.001, function() count = count + 1 end)
      function events.data() return tostring(timer:cancel()) .. count .. "\n" end]])
    client:send("x")
    local count = client:receive_line():match("^true(%d+)$")
    support.pass(0.02)
    client:send("x")
    assert.equal("false" .. count, client:receive_line())
  end)

  it("while its callback makes others does not take theirs (references are used again)", function()
    assert.equal("own\nother\nother\n", output_of([[
      local timer
      timer = evio.every(0.001, function()
        print("own")
        timer:cancel()
        for _ = 1, 2 do evio.after(0, function() print("other") end) end
        return nil
      end)]]))
  end)
end)

describe("evio.shutdown", function()
  it("cancels every timer, also from a timer", function()
    assert.equal("one\nfalse\nover\n", output_of([[
      local later, every = evio.after(1000, print)
      every = evio.every(0.01, function()
        print("one")
        evio.shutdown()
        print(later:cancel() or every:cancel())
      end)
      evio.after(0.02, print)
      evio.run()
      print("over")]]))
  end)

  it("leaves the timers that are made after it", function()
    assert.equal("later\n", output_of([[
      evio.after(1000, print)
      evio.after(0, function()
        evio.shutdown()
        evio.after(0.01, function() print("later") end)
      end)]]))
  end)

  it("by a signal cancels them, too", function()
    local server = scripts.serve("evio.every(0.001, function() end) evio.after(1000, print)")
    server:address()
    server:stop()
  end)
end)

describe("timers", function()
  it("are independent of servers that end", function()
    assert.equal("served\nfired\n", output_of([[
      local served, timer
      timer = evio.every(0.01, function()
        if served then
          print("fired")
          timer:cancel()
        end
      end)
      evio.serve({ tick = function() return nil, "shutdown" end }, "tcp://127.0.0.1:0")
      served = true
      print("served")]]))
  end)
end)
