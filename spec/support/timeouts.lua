-- Servers with time-outs that tell how connections end, for specs.
local assert = require("luassert")
local support = require("spec.support")

local M = {}

-- Source of a server that echoes, with these options; what is given may take its events' place.
function M.with(options, source)
  return ("events.options = { %s }\n"):format(options) .. [[
    function events.closed(_, err, code) print("closed", code, err) end
    function events.data(_, input) return input end
  ]] .. (source or "")
end

-- A client for which the system keeps little, so that the host has to.
function M.narrow(server)
  return support.connect(server:address(), { receive_buffer = 65536 })
end

-- Waits for a connection's end by a time-out of that name.
function M.expect_end(server, name)
  local code, message = server:expect("^closed\t(%S+)\t(.*)$")
  assert.equal("ETIMEDOUT", code)
  assert.matches("^" .. name .. " time%-out: ", message)
  return message
end

return M
