-- HTTP and HTTPS: one script, one loop. Answers every request with "Hello World!".
--   scripts/certificate
--   evio-lua examples/http.lua [--port 8080] [--tlsport 4443] [--tlscert examples/example.pem]
--   curl http://localhost:8080/ ; curl -k https://localhost:4443/
local evio = require("evio")

local options = { ["--port"] = "8080", ["--tlsport"] = "4443", ["--tlscert"] = "examples/example.pem" }
for i = 1, #arg, 2 do
  if not options[arg[i]] or not arg[i + 1] then
    io.stderr:write("usage: evio-lua examples/http.lua [--port 8080] [--tlsport 4443] "
      .. "[--tlscert examples/example.pem]\n")
    os.exit(2)
  end
  options[arg[i]] = arg[i + 1]
end

local HEAD = "HTTP/1.1 200 OK\r\nServer: evio-lua\r\nContent-Type: text/plain\r\nContent-Length: 13\r\n"
local HELLO = HEAD .. "\r\nHello World!\n"
local LAST = HEAD .. "Connection: close\r\n\r\nHello World!\n"
local BAD = "HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"

local events = {}

function events.serving(server)
  print("http server started on " .. server.addresses[1])
  print(server.addresses[2] and "https server started on " .. server.addresses[2]
    or ("no https: there is no %s, scripts/certificate makes one"):format(options["--tlscert"]))
  io.stdout:flush()
end

events.data = evio.stream(function(_, stream)
  local length = stream:find("\r\n\r\n")
  if not length then
    return
  end
  local head = stream:take(length + 4)
  local minor = head:match("^%u+ %S+ HTTP/1%.([01])\r\n")
  if not minor then
    return BAD, "close"
  elseif minor == "0" or head:lower():find("\r\nconnection: close", 1, true) then
    return LAST, "close"
  end
  return HELLO
end)

local certificate = io.open(options["--tlscert"])
if certificate then
  certificate:close()
  local tls = evio.tls({
    cert = options["--tlscert"], key = options["--tlscert"], alpn = { "http/1.1" },
  })
  local function is_https(conn)
    return conn.index == 2
  end
  evio.serve(evio.translate(events, is_https, tls), "tcp://:" .. options["--port"],
    "tcp://:" .. options["--tlsport"])
else
  evio.serve(events, "tcp://:" .. options["--port"])
end
