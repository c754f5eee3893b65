-- --watchdog: a handler that does not return ends the process, with a report of where it is.
local scripts = require("spec.support.scripts")
local support = require("spec.support")

local function serve(source, seconds)
  return scripts.serve(source, { options = { "--watchdog", seconds or "0.7" } })
end

-- The report of a server that is sent a byte and ends.
local function report(server)
  support.connect(server:address()):send("x")
  assert.equal(1, server:wait().status)
  local _, stderr = server:output()
  return stderr
end

-- The thread sanitizer keeps signals back that come while no function of the system is called, so with it the
-- profiler does not see a loop in Lua.
describe("the watchdog", function()
  it("names the line of a loop that is compiled, and who called it", function()
    local stderr = report(serve([[

      local function spin()
        local n = 0
        while true do
          n = n + 1
        end
      end
      function events.data() spin() return "never" end]]))
    assert.matches("^evio%-lua: watchdog: data, connection 1 has run for more than 0.7 s; the process ends\n", stderr)
    assert.matches("server.lua:[4-6]\n", stderr)
    assert.matches("server.lua:8\n", stderr)
  end)

  it("names the line of a loop that is interpreted", function()
    local stderr = report(serve([[
      jit.off()
      function events.data()
        local n = 0
        repeat n = n + 1 until n < 0
      end]]))
    assert.matches("server.lua:4\n", stderr)
  end)

  it("sees a loop in a coroutine of a session", function()
    local server = support.start([[
      local evio = require("evio")
      local events = evio.session(function(conn)
        conn:read(1)
        while true do end
      end)
      print(evio.listen(events, "tcp://127.0.0.1:0").addresses[1])]],
      { options = { "--watchdog", "0.7" } })
    assert.matches("server.lua:4\n", report(server))
  end)

  it("sees a loop in a translator", function()
    local stderr = report(serve([[
      function events.data(_, input) return input end
      local translator = { send = function(_, plain) return plain end }
      function translator.receive()
        while true do end
      end
      events = evio.translate(events, nil, function() return translator end)]]))
    assert.matches("watchdog: receive, connection 1 has run", stderr)
    assert.matches("server.lua:4\n", stderr)
  end)

  it("names the event of a C function that does not return #threads", function()
    local stderr = report(serve([[
      function events.data() os.execute("exec sleep 5") end]]))
    assert.matches("watchdog: data, connection 1 has run for more than 0.7 s; the process ends\n" ..
      "\tinside of a C function", stderr)
  end)

  it("names timers", function()
    local server = serve([[evio.after(0.01, function() while true do end end)]])
    assert.equal(1, server:wait().status)
    local _, stderr = server:output()
    assert.matches("watchdog: timer has run for more than 0.7 s", stderr)
  end)

  it("lets handlers work that return in time, however many there are #threads", function()
    local server = serve([[
      function events.data(_, input)
        local finish = evio.now() + 0.05
        while evio.now() < finish do end
        return input
      end]], "1")
    local client = support.connect(server:address())
    for _ = 1, 30 do
      client:send("x")
      assert.equal("x", client:receive(1))
    end
    server:stop()
  end)

  it("is there only where it is asked for", function()
    local server = scripts.serve([[
      function events.data(_, input)
        local finish = evio.now() + 1.5
        while evio.now() < finish do end
        return input
      end]])
    local client = support.connect(server:address())
    client:send("x")
    assert.equal("x", client:receive(1))
  end)

  it("takes seconds", function()
    for _, value in ipairs({ "x", "0", "-1", "0.01", "2e6", "1s", "" }) do
      local result = support.run({ "--watchdog", value, "-e", "" })
      assert.equal(2, result.status)
      assert.equal(('evio-lua: --watchdog is "%s", expected seconds from 0.1 to 10^6\n'):format(value), result.stderr)
    end
  end)
end)
