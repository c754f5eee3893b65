-- Lets the loop go on until no connection is left, for so many seconds at most.
local evio = require("evio")

local function count_connections()
  local count = 0
  for _ in evio.connections() do
    count = count + 1
  end
  return count
end

return function(turn, seconds)
  local started = evio.now()
  while count_connections() > 0 do
    turn()
    assert(evio.now() - started < seconds, "connections are left")
  end
end
