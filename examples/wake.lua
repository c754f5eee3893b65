-- Wake: the line "exec" is answered after some seconds, by a background job that wakes the
-- connection; any other line comes back at once.
--   evio-lua examples/wake.lua [--port 5000] [--delay 5]
local evio = require("evio")

local flags = evio.flags({ port = "5000", delay = "5" })
local delay = tonumber(flags.delay)
if not (delay and delay >= 0) then
  io.stderr:write("the delay is " .. flags.delay .. ", expected seconds from 0 on\n")
  os.exit(2)
end

local function work(id, seconds)
  evio.sleep(seconds)
  return evio.wake(id)
end

local events = {}

function events.serving(server)
  print("wake server started on " .. server.addresses[1])
  io.stdout:flush()
end

events.data = evio.stream(function(conn, stream)
  local line = stream:line()
  if line == "exec" then
    local job, message = evio.spawn(work, conn.id, delay)
    return not job and message .. "\n" or nil
  end
  return line and line .. "\n"
end)

function events.woken()
  return "done\n"
end

evio.serve(events, "tcp://:" .. flags.port)
