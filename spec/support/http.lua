-- What the specs of HTTP servers use: requests on a connection, answers with their heads taken apart.
local scripts = require("spec.support.scripts")
local support = require("spec.support")

local M = {}

-- Runs a shell's command in a directory.
function M.inside(directory, line)
  assert(os.execute(("cd '%s' && %s"):format(directory, line)) == 0, line)
end

-- A server of a handler, given as source that has `root` beside it.
function M.serve(handler, root, more)
  return scripts.serve(("local root = %q\nevents = evio.http.server(%s)\n%s"):format(root or "", handler, more or ""))
end

-- Sends a request with lines of fields, in one text.
function M.ask(client, first, fields)
  client:send(("%s HTTP/1.1\r\nHost: h\r\n%s\r\n"):format(first, fields or ""))
end

-- The next answer: { status, fields by small names, body }. `bodiless` where none follows, as behind HEAD.
function M.receive(client, bodiless)
  local line = client:receive_line()
  local answer = { status = tonumber(line:match("^HTTP/1.1 (%d+)")), fields = {} }
  repeat
    line = client:receive_line()
    local name, value = line:match("^([^:]+): (.*)$")
    if name then
      answer.fields[name:lower()] = value
    end
  until line == ""
  local length = tonumber(answer.fields["content-length"])
  answer.body = not bodiless and length and answer.status ~= 304 and client:receive(length, 30) or ""
  return answer
end

-- Both.
function M.fetch(client, first, fields)
  M.ask(client, first, fields)
  return M.receive(client, first:find("^HEAD ") ~= nil)
end

-- What curl prints for a server's path.
function M.curl(server, path, options)
  return support.shell(("curl -sS --path-as-is %s 'http://127.0.0.1:%s%s'"):format(options or "",
    server:address():match("%d+$"), path))
end

return M
