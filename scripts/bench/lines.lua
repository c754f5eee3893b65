-- Sends lines back: evio-lua scripts/bench/lines.lua session|stream|framing
local evio = require("evio")

local kinds = {}

function kinds.session()
  return evio.session(function(conn)
    for line in conn:lines() do
      conn:write(line .. "\n")
    end
  end)
end

function kinds.stream()
  return { data = evio.stream(function(_, stream)
    local line = stream:line()
    return line and line .. "\n"
  end) }
end

function kinds.framing()
  return { data = evio.framing.lines():handler(function(_, line)
    return line .. "\n"
  end) }
end

local events = kinds[arg[1]]()

function events.serving(server)
  print(server.addresses[1])
  io.stdout:flush()
end

evio.serve(events, "tcp://127.0.0.1:0")
