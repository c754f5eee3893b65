-- HTTPS for the benchmarks: "Hello World!", and 1 MiB at /mib.
--   evio-lua scripts/bench/https_server.lua CERTIFICATE
local evio = require("evio")

local MIB = ("x"):rep(1048576)

local events = evio.http.server(function(request)
  return request.path == "/mib" and MIB or "Hello World!\n"
end)

function events.serving(server)
  print(server.addresses[1])
  io.stdout:flush()
end

function events.failed() end -- a client that gave up

local tls = evio.tls({ cert = arg[1], key = arg[1] })
evio.serve(evio.translate(events, nil, tls), "tcp://127.0.0.1:0")
