-- What the specs of the harness itself run instead of the host: sh, and socat as a server.

local support = require("spec.support")

local M = {}

-- A deadline that is meant to pass.
M.SOON = 0.2

function M.shell(script, opts)
  opts = opts or {}
  opts.command = { "sh" }
  return support.spawn({ "-c", script }, opts)
end

-- socat, answering every connection with a program: the process and its address, if it is TCP.
function M.socat(listen, program)
  local child = support.spawn({ "-d", "-d", listen, "EXEC:" .. program }, { command = { "socat" } })
  local text = child:expect_error("listening on [^\n]+\n")
  local port = text:match(":(%d+)\n")
  return child, port and "tcp://localhost:" .. port
end

-- The address of a server that runs a program for every connection.
function M.server(program)
  local _, address = M.socat("TCP-LISTEN:0,bind=127.0.0.1,fork", program)
  return address
end

-- The message of the error that fn(...) raises, which it must.
function M.error_of(fn, ...)
  local ok, message = pcall(fn, ...)
  if ok then
    error("an error was expected", 2)
  end
  return tostring(message)
end

return M
