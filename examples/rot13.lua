-- Echo through rot13: the smallest translator. What arrives is turned back, what leaves is turned.
--   evio-lua examples/rot13.lua [--port 5000]
local evio = require("evio")

local flags = evio.flags({ port = "5000" })

local TURNED = {}
for i = 0, 25 do
  TURNED[string.char(65 + i)] = string.char(65 + (i + 13) % 26)
  TURNED[string.char(97 + i)] = string.char(97 + (i + 13) % 26)
end

local rot13 = { name = "rot13" }

function rot13:receive(wire) -- luacheck: ignore self
  return wire and (wire:gsub("%a", TURNED))
end

function rot13:send(plain) -- luacheck: ignore self
  return (plain:gsub("%a", TURNED))
end

local events = {}

function events.serving(server)
  print("rot13 server started on " .. server.addresses[1])
  io.stdout:flush()
end

function events.data(_, input)
  io.write("plain: ", input)
  io.stdout:flush()
  return input
end

local function make()
  return rot13
end

evio.serve(evio.translate(events, nil, make), "tcp://:" .. flags.port)
