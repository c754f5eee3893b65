-- Echo: sends back what it gets.
--   evio-lua examples/echo.lua [--port 5000]
local evio = require("evio")

if #arg > 0 and not (#arg == 2 and arg[1] == "--port") then
  io.stderr:write("usage: evio-lua examples/echo.lua [--port 5000]\n")
  os.exit(2)
end
local port = arg[2] or 5000

local events = {}

function events.serving(server)
  print("echo server started on " .. server.addresses[1])
  io.stdout:flush()
end

function events.data(_, input)
  return input
end

evio.serve(events, "tcp://:" .. port)
