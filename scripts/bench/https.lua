-- The kinds of measurement that need a TLS client: wrk and openssl s_time as loads, evio-lua as what
-- holds idle connections. Same results as in measure.lua.
local measure = require("measure")
local process = require("process")

local GRACE = 30

-- Runs a client whose output has a line that matches `pattern`: the number that it captures.
local function run(argv, pattern, core, seconds)
  local client, count = process.spawn(argv, core), nil
  while true do
    local line = client:line(seconds + GRACE)
    if not line then
      break
    end
    count = tonumber(line:match(pattern)) or count
  end
  client:stop()
  if not count or count == 0 then
    process.fail("%s: counted nothing", client.name)
  end
  return count
end

-- Loads: each is called with port, seconds, row and core, and returns the number of requests.
local loads = {}

function loads.wrk(port, seconds, row, core)
  local argv = { "wrk", "-t1", "-c" .. row.connections, "-d" .. math.ceil(seconds) .. "s" }
  for _, header in ipairs(row.headers or {}) do
    argv[#argv + 1], argv[#argv + 2] = "-H", header
  end
  argv[#argv + 1] = ("https://127.0.0.1:%d%s"):format(port, row.path or "/")
  return run(argv, "^%s*(%d+) requests in", core, seconds)
end

-- One handshake after the other, with the session of the first one.
function loads.resume(port, seconds, _, core)
  return run({ "openssl", "s_time", "-connect", "127.0.0.1:" .. port, "-reuse", "-tls1_2", "-time",
    tostring(math.ceil(seconds)) }, "^(%d+) connections in %d+ real seconds", core, seconds)
end

measure.kinds.https = measure.make_kind("µs", function(server, port, work, context)
  local load = loads[work.load]
  load(port, 1, work, context.load_core)
  local pids = server:family()
  local before = process.cpu(pids)
  local count = load(port, context.seconds, work, context.load_core)
  return (process.cpu(pids) - before) / count
end)

-- How long the slowest of a hundred answers takes on one connection, while others do nothing but
-- handshakes.
measure.kinds.flood = measure.make_kind("µs", function(_, port, work, context)
  process.spawn({ "wrk", "-t1", "-c" .. work.connections, "-d" .. math.ceil(context.seconds) + 2 .. "s",
    "-H", "Connection: close", ("https://127.0.0.1:%d/"):format(port) }, context.load_core)
  process.sleep(1)
  return run({ "./evio-lua", "scripts/bench/tls_probe.lua", tostring(port),
    tostring(context.seconds) }, "p99 (%d+)", context.load_core, context.seconds)
end)

-- Resident memory per idle TLS connection, after a request on each.
measure.kinds.idle_tls = measure.make_kind("bytes", function(server, port, work, context)
  local function hold(count)
    local descriptors = server:descriptors()
    local client = process.spawn({ "./evio-lua", "scripts/bench/tls_idle.lua", tostring(port),
      tostring(count) }, context.load_core)
    measure.expect(client, "answered")
    measure.await_descriptors(server, descriptors + count)
  end
  hold(200) -- what is needed once does not count
  process.sleep(measure.SETTLE_SECONDS)
  local memory = server:memory()
  hold(work.connections)
  return (server:memory() - memory) / work.connections
end)
