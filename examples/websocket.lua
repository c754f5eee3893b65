-- A WebSocket that sends back what it gets.
--   evio-lua examples/websocket.lua [--port 9001]
local evio = require("evio")

local flags = evio.flags({ port = "9001" })

local events = evio.http.server(evio.websocket.server({
  message = function(ws, data, kind) ws:send(data, kind) end,
}, { deflate = true }))

function events.serving(server)
  print("websocket server started on " .. server.addresses[1])
  io.stdout:flush()
end

evio.serve(events, "tcp://:" .. flags.port)
