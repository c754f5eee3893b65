-- A chat: each line goes to everybody. /name NAME, /who and /quit are for the server.
--   evio-lua examples/lines.lua [--port 5000]
--   telnet localhost 5000
--   nc localhost 5000
local evio = require("evio")

local flags = evio.flags({ port = "5000" })

local lines = evio.framing.lines({ max = 1000 })
local events = { options = { queue = 2 ^ 20 } } -- who reads too slowly is closed

local function tell(text)
  for conn in evio.connections() do
    conn:write(text .. "\r\n")
  end
end

local function names()
  local list = {}
  for conn in evio.connections() do
    list[#list + 1] = conn.name
  end
  return list
end

local commands = {}

function commands.name(conn, name)
  if not name:find("^%w+$") or #name > 20 then
    return "* a name is up to 20 letters and digits\r\n"
  end
  for _, taken in ipairs(names()) do
    if taken == name then
      return "* " .. name .. " is here already\r\n"
    end
  end
  tell(("* %s is %s now"):format(conn.name, name))
  conn.name = name
end

function commands.who()
  return "* here: " .. table.concat(names(), ", ") .. "\r\n"
end

function commands.quit()
  return "* bye\r\n", "close"
end

function events.serving(server)
  print("chat server started on " .. server.addresses[1])
  io.stdout:flush()
end

function events.opened(conn)
  conn.name = "guest" .. conn.id
  tell(("* %s is here"):format(conn.name))
end

events.data = lines:handler(function(conn, line)
  local name, argument = line:match("^/(%S*)%s*(.*)$")
  if not name then
    tell(("%s: %s"):format(conn.name, (line:gsub("%c", "")))) -- no tricks with terminals
  elseif commands[name] then
    return commands[name](conn, argument)
  else
    return "* there is /name NAME, /who and /quit\r\n"
  end
end)

function events.closed(conn, err)
  tell(("* %s left%s"):format(conn.name, err and ": " .. err or ""))
end

evio.serve(events, "tcp://:" .. flags.port)
