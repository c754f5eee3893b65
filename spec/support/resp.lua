-- Servers of evio.resp for specs.
local scripts = require("spec.support.scripts")

local M = {}

M.COMMANDS = [[
local resp = evio.resp
function events.closed(_, err, code) print("closed", err, code) end
local commands = {
  PING = { -1, function(_, rest) return rest and rest[1] or resp.status("PONG") end },
  ECHO = { 2, function(_, text) return text end },
  COUNT = { -1, function(_, rest) return rest and #rest or 0 end },
  ADD = { 3, function(conn, a, b) return tonumber(a) + tonumber(b) end },
  BIG = { 2, function(_, n) return ("x"):rep(tonumber(n)) end },
  QUIT = { 1, function() return resp.status("OK"), "close" end },
  HELLO = resp.hello("spec", "1.0"),
  FAIL = { 1, function() error("on purpose") end },
  NIL = { 1, function() return nil end },
  WRITE = { 2, function(conn, text) conn:write(text) return resp.none end },
  WRITE_AND = { 2, function(conn, text) conn:write(text) return "and" end },
%s
}
events.data = resp.server(commands)
]]

-- A server with the commands above and those of a source: a client and the server. `more` is source behind it.
function M.serve(commands, more, opts)
  return scripts.serve_one(M.COMMANDS:format(commands or "") .. (more or ""), opts)
end

-- A request of its words.
function M.request(...)
  local parts = { ("*%d\r\n"):format(select("#", ...)) }
  for _, word in ipairs({ ... }) do
    parts[#parts + 1] = ("$%d\r\n%s\r\n"):format(#word, word)
  end
  return table.concat(parts)
end

function M.bulk(text)
  return ("$%d\r\n%s\r\n"):format(#text, text)
end

return M
