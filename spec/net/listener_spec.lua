-- Accepting: many at once, without a free descriptor, and what is left of those that went.
local posix_poll = require("posix.poll")
local scripts = require("spec.support.scripts")
local support = require("spec.support")

local MIB = 1024 * 1024
local GREETING = "function events.opened() return 'hello\\n' end\n"
local LOAD_SECONDS = os.getenv("CI") and 5 or 2

-- Else the server would keep some descriptors free: see admission_spec.
local EVERYBODY = "events.options = { connections = 1000 }\n"

-- Connects until the server says that it cannot accept: clients that were greeted, and those that were not.
local function fill(server, count)
  local served, waiting = {}, {}
  local function greeted_or_not(client)
    local full = select(2, server:output()):find("cannot accept", 1, true)
    return posix_poll.rpoll(client.fd, 0) == 1 and served or full and waiting
  end
  for _ = 1, count do
    local client = support.connect(server:address())
    local list = #waiting == 0 and support.eventually(function()
      return greeted_or_not(client)
    end) or waiting
    list[#list + 1] = client
    if list == served then
      assert.equal("hello", client:receive_line())
    end
  end
  return served, waiting
end

local function starve()
  local server = scripts.serve(EVERYBODY .. GREETING, { limits = { nofile = 32 } })
  server:address()
  local served, waiting = fill(server, 40)
  assert.is_true(#served > 10 and #waiting > 5)
  server:expect_error("cannot accept: [^\n]+")
  return server, served, waiting
end

describe("without a free descriptor a server", function()
  it("goes on, and serves who waited when one is free (seed 2, 37)", function()
    local server, served, waiting = starve()
    for number = 1, #waiting do
      served[number]:close()
      assert.equal("hello", waiting[number]:receive_line())
    end
    table.remove(served):close()
    assert.equal("hello", support.connect(server:address()):receive_line())
  end)

  it("says so once, not once for every client that it still takes (seed 2)", function()
    local server, served, waiting = starve()
    for number = 1, #waiting do
      served[number]:close()
      assert.equal("hello", waiting[number]:receive_line())
    end
    local _, stderr = server:output()
    assert.matches(server:address(), stderr, 1, true)
    local _, lines = stderr:gsub("\n", "")
    assert.is_true(lines <= 3, lines .. " lines on stderr")
  end)

  it("still serves the clients that it has (seed 37)", function()
    local server = scripts.serve(EVERYBODY .. GREETING .. "function events.data(_, input) return input end",
      { limits = { nofile = 32 } })
    local served = fill(server, 40)
    for _, client in ipairs(served) do
      client:send("ping")
      assert.equal("ping", client:receive(4))
    end
  end)

  it("stays under 5 % of a core #timing (seed 2)", function()
    local server = starve()
    local before = support.cpu_seconds(server.pid)
    support.pass(2)
    assert.is_true(support.cpu_seconds(server.pid) - before < 0.1)
  end)

  it("ends in order", function()
    local server = starve()
    server:stop(3)
  end)
end)

describe("accepting", function()
  it("takes many clients in one iteration (seed 19)", function()
    local server = scripts.serve([[
      local iteration, opened, accepted, most = 0, 0, {}, 0
      function events.tick() iteration = iteration + 1 return 0 end
      function events.opened()
        opened = opened + 1
        accepted[iteration] = (accepted[iteration] or 0) + 1
        most = math.max(most, accepted[iteration])
        if opened == 40 then print("most", most) end
      end]])
    server:address()
    server:signal("STOP")
    support.eventually(function()
      return support.read_file("/proc/" .. server.pid .. "/stat"):find(") T ", 1, true)
    end)
    for _ = 1, 40 do
      support.connect(server:address())
    end
    server:signal("CONT")
    local most = tonumber((server:expect("^most\t(%d+)$")))
    assert.is_true(most >= 20, most .. " at once")
  end)

  it("leaves nothing behind of 300 clients that come and go #timing", function()
    local server = scripts.serve(GREETING .. "function events.data(_, input) return input end")
    local address = server:address()
    local function run(number, seconds)
      local finish, count = support.clock() + seconds, 0
      repeat
        local clients = {}
        for i = 1, 75 do
          clients[i] = support.connect(address)
        end
        for i, client in ipairs(clients) do
          if (i + number) % 3 > 0 then
            client:send("ping")
            assert.equal("hello", client:receive_line())
            assert.equal("ping", client:receive(4))
          end
          if (i + number) % 5 == 0 then
            client:reset()
          else
            client:close()
          end
        end
        count = count + #clients
      until support.clock() >= finish
      return count
    end
    local descriptors = support.descriptors(server.pid)
    support.parallel(4, function(number) return run(number, 0.5) end, 30)
    local memory = support.rss(server.pid)
    local counts = support.parallel(4, function(number) return run(number, LOAD_SECONDS) end, 60)
    for _, count in ipairs(counts) do
      assert.is_true(count >= 75)
    end
    support.eventually(function()
      local left = support.descriptors(server.pid) - descriptors
      return left == 0, left .. " descriptors are left"
    end)
    local growth = support.rss(server.pid) - memory
    assert.is_true(growth < MIB, growth .. " bytes of growth")
  end)
end)
