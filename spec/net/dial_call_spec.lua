-- evio.dial itself: what it refuses, and how dialed connections keep the loop running.
local scripts = require("spec.support.scripts")

local dialing = scripts.dial
local ECHO = "function events.data(_, input) return input end\n"
local DIAL = "evio.dial(events, arg[1])\n"

describe("evio.dial", function()
  local REFUSED = {
    ["5, 'tcp://localhost:1'"] = "table expected, got number",
    ["{}"] = "the address is a no value, expected a string",
    ["{}, 'tcp://localhost'"] = "the port is missing, expected host:port",
    ["{}, 'tcp://localhost:0'"] = "the port is 0, expected the peer's",
    ["{}, 'tcp://localhost:1?reuseport=1'"] = "reuseport and backlog are for listening",
    ["{ dta = print }, 'tcp://localhost:1'"] = 'unknown event "dta"',
    ["{}, 'tcp://a\\0b:1'"] = "a NUL byte is in it",
  }
  for arguments, message in pairs(REFUSED) do
    it("refuses " .. arguments, function()
      local first = scripts.fail(("evio.dial(%s)"):format(arguments))
      assert.matches("server.lua:1: ", first, 1, true)
      assert.matches(message, first, 1, true)
    end)
  end

  it("after a shutdown in the same callback is left alone", function()
    local server = scripts.serve(ECHO)
    local script = dialing([[
      local target = arg[1]
      local again = {}
      function again.opened(conn) conn:handler({ data = function(_, input)
        print("data", input)
        return nil, "close"
      end }, "rest") end
      function events.opened() return nil, "close" end
      function events.closed() evio.shutdown() evio.dial(again, target) end]] .. "\n" .. DIAL,
      server:address())
    assert.equal("data\trest", script:line())
    assert.same({ status = 0 }, script:wait())
  end)

  it("keeps the loop running until the connection ended", function()
    local server = scripts.serve("function events.opened() return 'hello' end")
    local script = dialing([[
      function events.data(_, input) print(input) end
      evio.dial(events, arg[1]) evio.run() print('over')]], server:address())
    assert.equal("hello", script:line())
    server:stop()
    assert.equal("closed\tnil\tnil", script:line())
    assert.equal("over", script:line())
  end)

  it("has connections that shutdown closes, and whose shutdown ends everything", function()
    local server = scripts.serve(ECHO)
    for _, how in ipairs({ "evio.shutdown()", "return nil, 'shutdown'" }) do
      local script = dialing(([[
        function events.opened() %s end
        evio.listen({}, "tcp://127.0.0.1:0")
        evio.after(60, function() end)
      ]]):format(how) .. DIAL, server:address())
      assert.equal("closed\tnil\tnil", script:line())
      assert.same({ status = 0 }, script:wait())
    end
  end)
end)
