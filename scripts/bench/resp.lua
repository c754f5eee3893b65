-- The kinds of measurement that RESP needs beside cpu: orders of commands, a million keys and their memory,
-- redis-benchmark, and what LuaJIT gave up compiling. Same results as in measure.lua.
local measure = require("measure")
local process = require("process")

local ORDER_SECONDS, ORDER_WARMUP = 0.5, 0.2
local JIT_SECONDS = 1.5

-- All orders of a list.
local function permute(list, n, found)
  n, found = n or #list, found or {}
  if n == 1 then
    found[#found + 1] = { unpack(list) }
  end
  for i = 1, n > 1 and n or 0 do
    list[i], list[n] = list[n], list[i]
    permute(list, n - 1, found)
    list[i], list[n] = list[n], list[i]
  end
  return found
end

-- CPU time of each command where it comes last of all on a process, against where it comes first. One round
-- is all orders.
function measure.kinds.orders(row, context)
  local results, by_name, names = {}, {}, {}
  for i, load in ipairs(row.loads) do
    names[i] = load.name
    by_name[load.name] = { load = load }
    results[i] = measure.new_result(row, ("%s: %s"):format(row.title, load.name), "µs")
    results[i].quiet = true
    by_name[load.name].entries = results[i].entries
  end
  for _, order in ipairs(permute(names)) do
    local server, port = measure.start(context.servers[row.server], context.server_core)
    local pids = table.concat(server:family(), ",")
    process.run({ "redis-cli", "-p", tostring(port), "set", "key:__rand_int__", "xxx" }, context.load_core, 10)
    for place, name in ipairs(order) do
      local counted = measure.run_load(by_name[name].load, port, context.load_core,
        { warmup = ORDER_WARMUP, seconds = ORDER_SECONDS, pids = pids })
      local entry = place == 1 and by_name[name].entries[2] or place == #order and by_name[name].entries[1]
      if entry then
        entry.samples[#entry.samples + 1] = counted.cpu
      end
    end
    process.stop_all()
  end
  return results
end

-- Resident memory per key, once a million or so are there.
measure.kinds.keys = measure.make_kind("bytes", function(server, port, work, context)
  local before = server:memory()
  measure.run_load(work.load, port, context.load_core, { warmup = 0, seconds = 60 })
  process.sleep(measure.SETTLE_SECONDS)
  return (server:memory() - before) / work.keys
end)

-- CPU time per request under redis-benchmark -t ping,set,get -P 32, as evio's README has it.
measure.kinds.redis_benchmark = measure.make_kind("µs", function(server, port, work, context)
  local pids = server:family()
  local before = process.cpu(pids)
  local client = process.spawn({ "redis-benchmark", "-p", tostring(port), "-t", "ping,set,get", "-q", "-P", "32",
    "-n", tostring(work.requests) }, context.load_core)
  while client:line(60) do
  end
  client:stop()
  return (process.cpu(pids) - before) / (4 * work.requests)
end)

local function count_aborts(path)
  local _, count = (process.read_file(path) or ""):gsub("%-%-%- TRACE %-%-%- abort", "")
  return count
end

-- How often LuaJIT gives up compiling something once it is warm, in all loads together.
function measure.kinds.aborts(row, context)
  local result = measure.new_result(row, row.title, "aborts")
  return measure.in_turn({ result }, context.rounds, function(i, work, round)
    local path = "build/bench/jit.txt"
    os.remove(path)
    local spec = context.servers[work.server]
    local argv = { "luajit", "-jv=" .. path, unpack(spec.argv, 2) } -- in the place of ./evio-lua
    local _, port = measure.start({ argv = argv }, context.server_core)
    local warm
    for _ = 1, 2 do
      warm = count_aborts(path)
      for _, load in ipairs(work.loads) do
        measure.run_load(load, port, context.load_core, { warmup = 0, seconds = JIT_SECONDS })
      end
    end
    result.entries[i].samples[round] = count_aborts(path) - warm
  end)
end
