-- Echo with something beside it that should cost nothing:
--   evio-lua scripts/bench/echo.lua [timers=COUNT] [idle=SECONDS]
local evio = require("evio")

local options = {}
for _, word in ipairs(arg) do
  local name, value = word:match("^(%a+)=(%d+)$")
  options[name] = tonumber(value)
end

local events = { options = { idle = options.idle } }

function events.serving(server)
  print(server.addresses[1])
  io.stdout:flush()
end

function events.data(_, input)
  return input
end

local function nothing() end

for i = 1, options.timers or 0 do
  evio.after(3600 + i % 977, nothing)
end

evio.serve(events, "tcp://127.0.0.1:0")
