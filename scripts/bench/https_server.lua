-- HTTPS for the benchmarks: "Hello World!", and 1 MiB at /mib.
--   evio-lua scripts/bench/https_server.lua CERTIFICATE
local evio = require("evio")

local HEAD = "HTTP/1.1 200 OK\r\nServer: evio-lua\r\nContent-Type: text/plain\r\n"
local function reply(body, close)
  return ("%sContent-Length: %d\r\n%s\r\n%s"):format(HEAD, #body, close and "Connection: close\r\n" or "", body)
end
local HELLO, LAST, MIB = reply("Hello World!\n"), reply("Hello World!\n", true), reply(("x"):rep(1048576))

local events = {}

function events.serving(server)
  print(server.addresses[1])
  io.stdout:flush()
end

events.data = evio.stream(function(_, stream)
  local length = stream:find("\r\n\r\n")
  if not length then
    return
  end
  local head = stream:take(length + 4)
  if head:find("/mib", 1, true) then
    return MIB
  elseif head:find("Connection: close", 1, true) then
    return LAST, "close"
  end
  return HELLO
end)

function events.failed() end -- a client that gave up

local tls = evio.tls({ cert = arg[1], key = arg[1] })
evio.serve(evio.translate(events, nil, tls), "tcp://127.0.0.1:0")
