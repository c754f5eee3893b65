-- The kinds of measurement that RESP needs beside cpu: orders of commands, a million keys and their memory,
-- redis-benchmark, and what LuaJIT gave up compiling. Same results as in measure.lua.
local measure = require("measure")
local process = require("process")

local ORDER_SECONDS, ORDER_WARMUP = 0.5, 0.2
local JIT_SECONDS = 1.5

-- All orders of a list, those that end alike one behind the other.
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

-- The same, mixed: noise lasts longer than one of them takes.
local function mixed_orders(list)
  local orders, mixed = permute(list), {}
  for i = 1, #orders do
    mixed[i] = orders[(i * 7) % #orders + 1] -- of 2, 6 or 24
  end
  return mixed
end

-- CPU time of each command in one process, in an order: a list of figures.
local function measure_order(server_name, loads, order, context)
  local server, port = measure.start(context.servers[server_name], context.server_core)
  local pids = table.concat(server:family(), ",")
  process.run({ "redis-cli", "-p", tostring(port), "set", "key:__rand_int__", "xxx" }, context.load_core, 10)
  local figures = {}
  for place, which in ipairs(order) do
    local counted = measure.run_load(loads[which], port, context.load_core,
      { warmup = ORDER_WARMUP, seconds = ORDER_SECONDS, pids = pids })
    figures[place] = counted.cpu
  end
  process.stop_all()
  return figures
end

local function add(entry, sample)
  entry.samples[#entry.samples + 1] = sample
end

-- CPU time of each command in all orders, a sample for each order, against a peer's; and of the first server, where
-- it comes last of all against where it comes first. One round is all orders.
function measure.kinds.orders(row, context)
  local all, ends, numbers = {}, {}, {}
  for i, load in ipairs(row.loads) do
    numbers[i] = i
    all[i] = measure.new_result(row, ("%s: %s"):format(row.title, load.name), "µs")
    ends[i] = measure.new_result({ name = row.name, entries = { { label = "last" }, { label = "first" } },
      against = { first = row.last_against_first } }, load.name .. ", last against first", "µs")
  end
  for _, order in ipairs(mixed_orders(numbers)) do
    for i, entry in ipairs(row.entries) do
      local figures = measure_order(entry, row.loads, order, context)
      for place, which in ipairs(order) do
        add(all[which].entries[i], figures[place])
      end
      if i == 1 then
        add(ends[order[#order]].entries[1], figures[#order])
        add(ends[order[1]].entries[2], figures[1])
      end
    end
  end
  local results = {}
  for i in ipairs(row.loads) do
    results[i], results[#row.loads + i] = all[i], ends[i]
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
