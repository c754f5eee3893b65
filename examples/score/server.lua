-- A server for Score, version 1 (docs/guide.md, "A protocol of one's own").
--   evio-lua examples/score/server.lua [ADDRESS]
--   printf 'ADD ann 5\nTOP 3\nBYE\n' | nc localhost 5000
local evio = require("evio")
local protocol = require("protocol")

local totals = {}

local function list(count)
  local names = {}
  for name in pairs(totals) do
    names[#names + 1] = name
  end
  table.sort(names, function(a, b)
    return totals[a] > totals[b] or totals[a] == totals[b] and a < b
  end)
  local lines = {}
  for i = 1, math.min(count, #names) do
    lines[i] = ("%s %d\n"):format(names[i], totals[names[i]])
  end
  return ("LIST %d\n"):format(#lines) .. table.concat(lines)
end

local answers = {}

function answers.ADD(request)
  totals[request.name] = (totals[request.name] or 0) + request.points
  return ("OK %d\n"):format(totals[request.name])
end

function answers.TOP(request)
  return list(request.count)
end

function answers.BYE()
  return "OK\n", "close"
end

local events = {}

function events.serving(server)
  print("score server started on " .. server.addresses[1])
  io.stdout:flush()
end

events.data = protocol.lines:handler(function(_, line)
  local request, message = protocol.parse(line)
  if not request then
    return "ERR " .. message .. "\n"
  end
  return answers[request.verb](request)
end)

return assert(evio.listen(events, arg[1] or "tcp://localhost:5000"))
