-- Calls of the system that fail, at places where that was once not seen.

local datagrams = require("spec.support.datagrams")
local scripts = require("spec.support.scripts")
local support = require("spec.support")

describe("a socket of datagrams", function()
  it("that cannot be polled is, as soon as that works", function()
    local found = false
    for n = 1, 5 do
      local server = scripts.serve("function events.data(_, input) return input end", {
        addresses = { "udp://127.0.0.1:0" },
        env = { EVIO_BACKEND = "epoll", EVIO_FAULTS = ("epoll_ctl=ENOSPC@%d"):format(n) },
      })
      local address = support.eventually(function()
        local address = server:output():match("udp://%S+")
        return address or not server:alive() and "none"
      end)
      if address ~= "none" then
        local peer = datagrams.dial([[
          function events.opened(conn) evio.every(0.02, function() conn:write("hello") end) end
          function events.data(_, input) print(input) end]], address)
        assert.equal("hello", peer:line())
        local _, stderr = server:output()
        found = found or stderr:find("cannot receive: no space left on device; trying again", 1, true)
      end
    end
    assert.truthy(found)
  end)
end)
