-- Echo: sends back what it gets.
--   evio-lua examples/echo.lua [--port 5000]
local evio = require("evio")

local flags = evio.flags({ port = "5000" })

local events = {}

function events.serving(server)
  print("echo server started on " .. server.addresses[1])
  io.stdout:flush()
end

function events.data(_, input)
  return input
end

evio.serve(events, "tcp://:" .. flags.port)
