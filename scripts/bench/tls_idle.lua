-- Holds TLS connections to an HTTPS server, each with one answer, and does nothing with them:
--   evio-lua scripts/bench/tls_idle.lua PORT COUNT
-- Prints "answered" when all are there.
local evio = require("evio")

local port, count = arg[1], tonumber(arg[2])
local left, under_way, dialed = count, 0, 0
local events = { options = { handshake = 60 } }
local dial_more

function events.opened()
  return "GET / HTTP/1.1\r\nHost: localhost\r\n\r\n"
end

function events.data(conn)
  if conn.answered then
    return
  end
  conn.answered = true
  left, under_way = left - 1, under_way - 1
  if left == 0 then
    print("answered " .. count)
    io.stdout:flush()
  end
  dial_more()
end

local wrapped = evio.translate(events, nil, evio.tls({ verify = false }))

-- A few at a time: a server's backlog is not what is measured.
function dial_more()
  while under_way < 32 and dialed < count do
    under_way, dialed = under_way + 1, dialed + 1
    evio.dial(wrapped, "tcp://127.0.0.1:" .. port)
  end
end

dial_more()
evio.after(120, evio.shutdown)
