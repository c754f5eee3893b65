-- The kinds of measurement: cpu, idle, startup; https.lua adds those of TLS. Each takes a row of rows.lua
-- and returns results:
-- with one sample for each round, the entries measured in turn (A B C A B C ...), each in a process
-- that was started for that sample.
local unistd = require("posix.unistd")

local process = require("process")

local READY_SECONDS = 10
local LOAD_GRACE = 40
local WARMUP_SECONDS = 1
local FILL_SECONDS = 60 -- for what ends by itself
local CHECK_SECONDS = 0.3
local SETTLE_SECONDS = 0.2
local WARMUP_CONNECTIONS = 300

local M = {}

-- Lists -------------------------------------------------------------------------------------------

local function merge(base, over)
  local merged = {}
  for key, value in pairs(base) do
    merged[key] = value
  end
  for key, value in pairs(over) do
    merged[key] = value
  end
  return merged
end

local function new_result(row, title, unit)
  local result = { name = row.name, title = title, unit = unit, entries = {} }
  result.bar, result.against = row.bar, row.against or {}
  for i, entry in ipairs(row.entries) do
    if type(entry) == "string" then
      entry = { server = entry }
    end
    local label = entry.label or entry.server
    result.entries[i] = { label = label, samples = {}, row = merge(row, entry) }
  end
  return result
end

local function report_progress(result, entry, round, rounds)
  local figure = entry.error or string.format("%.2f %s", entry.samples[round], result.unit)
  io.stderr:write(string.format("%s %d/%d %s: %s\n", result.name, round, rounds, entry.label, figure))
end

-- Calls sample(index of the entry, its row, round) for every entry in every round. An entry that
-- fails is left out from then on.
local function in_turn(results, rounds, sample)
  local main = results[1]
  for round = 1, rounds do
    for i, entry in ipairs(main.entries) do
      if not entry.error then
        local ok, failure = process.try(sample, i, entry.row, round)
        process.stop_all()
        for _, result in ipairs(results) do
          result.entries[i].error = not ok and tostring(failure) or nil
        end
        if not ok or not main.quiet then
          report_progress(main, entry, round, rounds)
        end
      end
    end
  end
  return results
end

-- Servers -----------------------------------------------------------------------------------------

local function await_line(server)
  local port
  repeat
    local line = server:line(READY_SECONDS)
    if not line then
      process.fail("%s: ended before it listened", server.name)
    end
    port = line:match(".*:(%d+)") or line:match("(%d+)%s*$")
  until port
  return tonumber(port)
end

local function await_port(server, port)
  local deadline = process.now() + READY_SECONDS
  while not process.listens(port) do
    if process.now() > deadline then
      process.fail("%s: does not listen on port %d", server.name, port)
    end
    process.sleep(0.001)
  end
end

local function write_file(path, text)
  local file, message = io.open(path, "w")
  if not file then
    process.fail("%s", message)
  end
  file:write(text)
  file:close()
end

-- The command line with the port, and the file with the configuration, in their places.
local function prepare(spec)
  local needs_port = table.concat(spec.argv, " "):find("PORT", 1, true) or spec.config
  local port = needs_port and process.free_port()
  local places = { PORT = tostring(port), CONFIG = unistd.getcwd() .. "/build/bench/server.conf" }
  local argv = {}
  for i, word in ipairs(spec.argv) do
    argv[i] = word:gsub("%u+", places)
  end
  if spec.config then
    write_file(places.CONFIG, (spec.config:gsub("PORT", places.PORT)))
  end
  return argv, port
end

-- Starts a server; returns it, its port, and the seconds from start to listening.
local function start(spec, core)
  local argv, port = prepare(spec)
  local server = process.spawn(argv, core)
  if port then
    await_port(server, port)
  else
    port = await_line(server)
  end
  return server, port, process.now() - server.started
end

-- Load --------------------------------------------------------------------------------------------

local function option(argv, name, value)
  if value then
    argv[#argv + 1] = name
    argv[#argv + 1] = tostring(value)
  end
end

-- Runs the load generator on the port; returns what it counted.
local function run_load(load, port, core, extra)
  local argv = { "build/bench/load" }
  option(argv, "-c", load.connections)
  option(argv, "-p", load.depth)
  option(argv, "-m", load.message)
  option(argv, "-r", load.reply)
  option(argv, "-g", load.greeting)
  option(argv, "-k", load.keys)
  option(argv, "-n", load.requests)
  option(argv, "-w", extra.warmup)
  option(argv, "-d", extra.seconds)
  option(argv, "-P", extra.pids)
  if extra.check then
    argv[#argv + 1] = "-v"
  end
  argv[#argv + 1] = "127.0.0.1"
  argv[#argv + 1] = port
  local line = process.run(argv, core, extra.warmup + extra.seconds + LOAD_GRACE)
  local counted = {}
  for name, value in (line or ""):gmatch("(%w+)=(%S+)") do
    counted[name] = tonumber(value)
  end
  return counted
end

-- A connection that the client has made need not be accepted yet: wait for the descriptors.
local function await_descriptors(server, count)
  local deadline = process.now() + READY_SECONDS
  while server:descriptors() < count do
    if process.now() > deadline then
      process.fail("%s: does not accept %d connections", server.name, count)
    end
    process.sleep(0.05)
  end
  process.sleep(SETTLE_SECONDS)
end

local function expect(client, word)
  local line = client:line(60)
  if not line or line:match("^%a+") ~= word then
    process.fail("%s: '%s' was expected, not '%s'", client.name, word, tostring(line))
  end
end

-- Opens connections that do nothing. Returns the client that holds them.
local function hold(server, port, core, count)
  local descriptors = server:descriptors()
  local client = process.spawn({ "build/bench/idle", "-n", tostring(count), "127.0.0.1", tostring(port) }, core)
  expect(client, "connected")
  await_descriptors(server, descriptors + count)
  return client
end

-- A kind whose samples are what sample(server, port, row, context) returns of a process that was just started.
local function make_kind(unit, sample)
  return function(row, context)
    local result = new_result(row, row.title, unit)
    return in_turn({ result }, context.rounds, function(i, work, round)
      local server, port = start(context.servers[work.server], context.server_core)
      result.entries[i].samples[round] = sample(server, port, work, context)
    end)
  end
end

-- Kinds -------------------------------------------------------------------------------------------

M.kinds = {}

-- CPU time of the server (user and system) per request.
function M.kinds.cpu(row, context)
  local result = new_result(row, row.title, "µs")
  for _, entry in ipairs(result.entries) do
    entry.rate, entry.p50, entry.p99 = {}, {}, {}
  end
  return in_turn({ result }, context.rounds, function(i, work, round)
    local entry, load, core = result.entries[i], work.load, context.load_core
    local server, port = start(context.servers[work.server], context.server_core)
    if load.echo and round == 1 then
      run_load(load, port, core, { warmup = 0, seconds = CHECK_SECONDS, check = true })
    end
    for _, before in ipairs(work.before or {}) do
      run_load(before, port, core, { warmup = 0, seconds = before.requests and FILL_SECONDS or context.seconds })
    end
    if work.hold then
      hold(server, port, core, work.hold)
    end
    -- After a first request the worker processes are there, where the server has some.
    run_load(merge(load, { requests = 1 }), port, core, { warmup = 0, seconds = context.seconds })
    local pids = table.concat(server:family(), ",")
    local counted =
      run_load(load, port, core, { warmup = WARMUP_SECONDS, seconds = context.seconds, pids = pids })
    if not counted.cpu or counted.cpu <= 0 then
      process.fail("%s: no CPU time was seen", server.name)
    end
    entry.samples[round] = counted.cpu
    entry.rate[round], entry.p50[round], entry.p99[round] = counted.rate, counted.p50, counted.p99
  end)
end

-- Resident memory per connection: once they are there, and when each has echoed a message. Some
-- hundred connections are made, used and closed before the first reading, so that what is needed
-- once (code, tables, compiled traces) does not count. The memory of those (3%) is used again.
function M.kinds.idle(row, context)
  local connected = new_result(row, row.title .. ", connected only", "bytes")
  local echoed = new_result(row, row.title .. ", after one echo", "bytes")
  return in_turn({ connected, echoed }, context.rounds, function(i, work, round)
    local core, count = context.load_core, work.connections
    local server, port = start(context.servers[work.server], context.server_core)
    run_load({ connections = WARMUP_CONNECTIONS }, port, core, { warmup = 0, seconds = CHECK_SECONDS })
    process.sleep(SETTLE_SECONDS)
    local memory = server:memory()
    local client = hold(server, port, core, count)
    connected.entries[i].samples[round] = (server:memory() - memory) / count
    client:write("echo\n")
    expect(client, "echoed")
    process.sleep(SETTLE_SECONDS)
    echoed.entries[i].samples[round] = (server:memory() - memory) / count
    server:stop()
  end)
end

-- Milliseconds from fork to listening, on any core, as anybody would start it.
function M.kinds.startup(row, context)
  local result = new_result(row, row.title, "ms")
  result.quiet = true
  -- Sample 0 brings the files into memory and is not counted.
  return in_turn({ result }, row.starts, function(i, work, round)
    if round == 1 then
      start(context.servers[work.server]):stop()
    end
    local _, port, seconds = start(context.servers[work.server])
    if not process.listens(port) then
      process.fail("%s: says that it listens, but does not", work.server)
    end
    result.entries[i].samples[round] = seconds * 1000
  end)
end

-- For kinds in other files.
M.new_result, M.in_turn, M.start, M.expect = new_result, in_turn, start, expect
M.run_load, M.make_kind = run_load, make_kind
M.await_descriptors, M.SETTLE_SECONDS = await_descriptors, SETTLE_SECONDS

return M
