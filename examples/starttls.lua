-- A conversation that turns to TLS in its middle, as SMTP does (RFC 3207). It knows EHLO, STARTTLS, NOOP
-- and QUIT.
--   scripts/certificate
--   evio-lua examples/starttls.lua [--port 2525] [--tlscert examples/example.pem]
--   openssl s_client -starttls smtp -connect localhost:2525
--   curl -k --ssl-reqd -X NOOP smtp://localhost:2525
local evio = require("evio")

local flags = evio.flags({ port = "2525", tlscert = "examples/example.pem" })

local tls = evio.tls({ cert = flags.tlscert, key = flags.tlscert })
local commands = {}

function commands.EHLO(conn)
  return conn.tls and "250 localhost\r\n" or "250-localhost\r\n250 STARTTLS\r\n"
end

function commands.NOOP()
  return "250 2.0.0 nothing done\r\n"
end

function commands.QUIT()
  return "221 2.0.0 bye\r\n", "close"
end

function commands.STARTTLS(conn)
  if conn.tls then
    return "503 5.5.1 this is TLS\r\n"
  end
  conn:write("220 2.0.0 go ahead\r\n") -- goes out as it is; what is written later waits for the handshake
  conn:push(tls) -- what the peer sent behind the line is refused: it did not come through TLS
end

local events = { options = { input = 1024 } }

function events.serving(server)
  print("smtp server started on " .. server.addresses[1])
  io.stdout:flush()
end

function events.opened()
  return "220 localhost\r\n"
end

events.data = evio.stream(function(conn, stream)
  local line = stream:line()
  if not line then
    return
  end
  local command = commands[(line:match("^%a+") or ""):upper()]
  if command then
    return command(conn)
  end
  return "502 5.5.2 not known\r\n"
end)

evio.serve(events, "tcp://:" .. flags.port)
