-- Scripts that send datagrams, for specs.
local support = require("spec.support")

local M = {}

-- A script that dials a udp address; its handlers are in source. It ends after some seconds.
function M.dial(source, address)
  return support.start(([[
    local evio = require("evio")
    local events = {}
    local address = %q
    evio.after(10, evio.shutdown)
  ]]):format(address) .. source .. "\nevio.dial(events, address)")
end

-- Sends datagrams (a list) from one socket and prints the length and the start of each answer.
function M.ask(messages, address)
  local list = {}
  for i, message in ipairs(messages) do
    list[i] = ("%q"):format(message)
  end
  return M.dial(([[
    function events.opened(conn)
      for _, message in ipairs({ %s }) do conn:write(message) end
    end
    function events.data(_, input) print(#input, input:sub(1, 20)) end
  ]]):format(table.concat(list, ", ")), address)
end

return M
