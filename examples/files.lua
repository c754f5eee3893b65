-- A server of the files below a directory.
--   evio-lua examples/files.lua [--port 8080] [--root .]
--   curl -i http://localhost:8080/README.md
local evio = require("evio")

local flags = evio.flags({ port = "8080", root = "." })

local files = evio.http.files(flags.root, { gzip = true, cache = "no-cache" })

local events = evio.http.server(function(request)
  local response = files(request)
  print(request.conn.remote_address, request.method, request.target, response.status or 200)
  return response
end)

function events.serving(server)
  print(("files of %s on %s"):format(flags.root, server.addresses[1]))
  io.stdout:flush()
end

evio.serve(events, "tcp://:" .. flags.port)
