-- Runs the benchmarks: luajit scripts/bench/run.lua [options]; see USAGE.
-- The server is pinned to one core and the load to another. What counts is the server's CPU time
-- per request, the servers measured in turn in one run: quoted are the median of each, and the median of the
-- ratios that each round gave.
local here = arg[0]:match("^(.*)/[^/]*$") or "."
package.path = here .. "/?.lua;" .. package.path

local unistd = require("posix.unistd")

local measure = require("measure")
require("https")
require("resp")
local page = require("page")
local process = require("process")
local report = require("report")
local rows = require("rows")

local USAGE = [[
usage: luajit scripts/bench/run.lua [options]
  --rounds N              how often each server is measured (5; at least 3 for figures to quote)
  --seconds S             measured time of each (3)
  --only NAME             only this row; may be given more than once
  --json FILE             write all samples there
  --page                  write docs/performance.md and its charts, where all rows were measured
  --command SERVER=LINE   another command line for a server, to compare two builds
  --help
Exit status: 1 if a bar is missed, 2 if something could not be measured, else 0.
Rows: ]]

local function usage(message)
  local names = {}
  for i, row in ipairs(rows.rows) do
    names[i] = row.name
  end
  local out = message and io.stderr or io.stdout
  out:write(message and message .. "\n" or "", USAGE, table.concat(names, ", "), "\n")
  os.exit(message and 2 or 0)
end

local function positive(name, value)
  local number = tonumber(value)
  if not number or number <= 0 then
    usage(name .. ": a number above 0 was expected, not '" .. tostring(value) .. "'")
  end
  return number
end

local function set_command(value)
  local name, line = value:match("^([^=]+)=(.+)$")
  if not rows.servers[name] then
    usage("--command: SERVER=LINE was expected, not '" .. value .. "'")
  end
  local argv = {}
  for word in line:gmatch("%S+") do
    argv[#argv + 1] = word
  end
  rows.servers[name] = { argv = argv }
end

local function parse_options(args)
  local options = { rounds = 5, seconds = 3, only = {} }
  local i = 1
  while args[i] do
    local name, value = args[i], args[i + 1]
    if name == "--help" then
      usage()
    elseif name == "--page" then
      options.page = true
      i = i - 1
    elseif not value then
      usage("unknown option or missing value: " .. name)
    elseif name == "--rounds" then
      options.rounds = math.ceil(positive(name, value))
    elseif name == "--seconds" then
      options.seconds = positive(name, value)
    elseif name == "--only" then
      options.only[value] = true
    elseif name == "--json" then
      options.json = value
    elseif name == "--command" then
      set_command(value)
    else
      usage("unknown option: " .. name)
    end
    i = i + 2
  end
  return options
end

local function choose(only)
  local chosen, known = {}, {}
  for _, row in ipairs(rows.rows) do
    known[row.name] = true
    if only[row.name] or next(only) == nil then
      chosen[#chosen + 1] = row
    end
  end
  for name in pairs(only) do
    if not known[name] then
      usage("no such row: " .. name)
    end
  end
  return chosen
end

local function describe_machine(options)
  local model = (process.read_file("/proc/cpuinfo") or ""):match("model name%s*:%s*([^\n]+)")
  local kernel = (process.read_file("/proc/sys/kernel/osrelease") or ""):match("%S+")
  return {
    date = os.date("!%Y-%m-%dT%H:%M:%SZ"),
    cpu = model or "unknown",
    kernel = kernel or "unknown",
    rounds = options.rounds,
    seconds = options.seconds,
  }
end

local function measure_all(chosen, options)
  local cores = process.cores()
  if #cores < 2 then
    process.fail("two cores are needed: one for the server, one for the load")
  end
  local context = {
    seconds = options.seconds,
    servers = rows.servers,
    server_core = cores[1],
    load_core = cores[2],
  }
  local results = {}
  for _, row in ipairs(chosen) do
    context.rounds = options.rounds * (row.often or 1)
    for _, result in ipairs(measure.kinds[row.kind](row, context)) do
      results[#results + 1] = result
    end
  end
  return results
end

-- What measure.lua kept for itself does not belong into the file.
local function strip(results)
  for _, result in ipairs(results) do
    result.quiet = nil
    for _, entry in ipairs(result.entries) do
      entry.row = nil
    end
  end
  return results
end

local function main()
  local options = parse_options(arg)
  local chosen = choose(options.only)
  local about = describe_machine(options)
  unistd.chdir(here .. "/../..")
  process.raise_descriptors()
  math.randomseed(os.time() % 100000 + unistd.getpid())
  local results = measure_all(chosen, options)
  local status = report.judge(results)
  local line = ("%s, Linux %s, %s, rounds: %d of %g s"):format(about.cpu, about.kernel, about.date, about.rounds,
    about.seconds)
  local table_text = report.make_table(results)
  print(line .. "\n\n" .. table_text)
  if options.page and next(options.only) == nil then
    page.write(results, line, table_text)
  end
  if options.json then
    report.write_json(options.json, about, strip(results))
  end
  return status
end

local ok, result = xpcall(main, function(message)
  return type(message) == "table" and message.message or debug.traceback(tostring(message), 2)
end)
process.stop_all()
if not ok then
  io.stderr:write(result, "\n")
end
os.exit(ok and result or 2)
