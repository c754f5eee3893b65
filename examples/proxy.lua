-- A proxy: passes bytes on between its clients and a server, at the pace of the slower side.
--   evio-lua examples/proxy.lua tcp://localhost:5000 tcp://localhost:80
local evio = require("evio")

local address, target = arg[1], arg[2]
if #arg ~= 2 then
  io.stderr:write("usage: evio-lua examples/proxy.lua ADDRESS TARGET\n")
  os.exit(2)
end

evio.dial({ failed = function() end }, target):abort() -- a bad address is told now

local HIGH = 256 * 1024
-- Both sides have these handlers, and each knows the other.
local events = { options = { high = HIGH, low = HIGH / 4, duplex = true } }

function events.serving(server)
  print("proxy started on " .. server.addresses[1])
  io.stdout:flush()
end

function events.opened(conn)
  if conn.server then
    conn.other = evio.dial(events, target)
    conn.other.other = conn
  end
end

function events.data(conn, input)
  local pending = conn.other:write(input) -- before it is connected, too
  if pending and pending >= HIGH then
    conn:pause()
  end
end

function events.drained(conn) conn.other:resume() end

function events.eof(conn)
  conn.other:finish()
  return nil, "none"
end

function events.closed(conn, err)
  if err then conn.other:abort() else conn.other:close() end
end

function events.failed(conn, err)
  io.stderr:write(err, "\n")
  conn.other:abort()
end

evio.serve(events, address)
