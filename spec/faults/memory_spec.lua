-- Allocations of ours that fail, at places where that was once not seen.

local faults = require("spec.support.faults")
local support = require("spec.support")

describe("without memory", function()
  it("a shutdown closes every connection all the same, newest first", function()
    faults.each("malloc", "ENOMEM", [[
      function events.opened(conn) return "hello" end
      function events.closed(conn, err) print("closed", conn.id, err) end]],
      function(server)
        local clients = {}
        for i = 1, 3 do
          clients[i] = support.connect(server:address())
          assert.equal("hello", clients[i]:receive(5))
        end
        return clients
      end,
      function(server)
        server:stop()
        for id = 3, 1, -1 do
          assert.equal(("closed\t%d\tnil"):format(id), server:line())
        end
      end)
  end)
end)
