-- How long an HTTPS server takes to answer one request after the other on one connection:
--   evio-lua scripts/bench/tls_probe.lua PORT SECONDS
-- Prints "probe: N answers, p50 A µs, p99 B µs".
local evio = require("evio")

local port, seconds = arg[1], tonumber(arg[2])
local REQUEST, PAUSE = "GET / HTTP/1.1\r\nHost: localhost\r\n\r\n", 0.001
local events, times = {}, {}
local started, finish

local function ask(conn)
  started = evio.now()
  conn:write(REQUEST)
end

function events.opened(conn)
  finish = evio.now() + seconds
  ask(conn)
end

function events.data(conn)
  local now = evio.now()
  times[#times + 1] = now - started
  if now < finish then
    evio.after(PAUSE, function() ask(conn) end)
    return
  end
  table.sort(times)
  local function percentile(p)
    return times[math.ceil(#times * p)] * 1e6
  end
  print(("probe: %d answers, p50 %.0f µs, p99 %.0f µs"):format(#times, percentile(0.5), percentile(0.99)))
  return nil, "close"
end

function events.closed(_, err)
  assert(not err, err)
end

evio.dial(evio.translate(events, nil, evio.tls({ verify = false })), "tcp://127.0.0.1:" .. port)
