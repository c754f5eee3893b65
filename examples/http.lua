-- HTTP and HTTPS: one script, one loop. Answers GET / with "Hello World!", and sends the body of anything else back.
--   scripts/certificate
--   evio-lua examples/http.lua [--port 8080] [--tlsport 4443] [--tlscert examples/example.pem]
--   curl http://localhost:8080/ ; curl -k -d hello https://localhost:4443/echo
local evio = require("evio")

local flags = evio.flags({ port = "8080", tlsport = "4443", tlscert = "examples/example.pem" })

local events = evio.http.server(function(request)
  if request.path == "/" and (request.method == "GET" or request.method == "HEAD") then
    return "Hello World!"
  end
  return { headers = { ["Content-Type"] = request.headers["Content-Type"] }, body = request.body }
end)

function events.serving(server)
  print("http server started on " .. server.addresses[1])
  print(server.addresses[2] and "https server started on " .. server.addresses[2]
    or ("no https: there is no %s, scripts/certificate makes one"):format(flags.tlscert))
  io.stdout:flush()
end

local addresses = { "tcp://:" .. flags.port }
local certificate = io.open(flags.tlscert)
if certificate then
  certificate:close()
  local tls = evio.tls({ cert = flags.tlscert, key = flags.tlscert, alpn = { "http/1.1" } })
  events = evio.translate(events, function(conn) return conn.index == 2 end, tls)
  addresses[2] = "tcp://:" .. flags.tlsport
end
evio.serve(events, unpack(addresses))
