-- A long run of everything at once: luajit scripts/soak/run.lua [--minutes N] [--page]
-- A server of every protocol, honest clients that check each byte, and others that do what clients should not, in
-- rounds. Between them, when nobody is there, the server tells what it holds after full collections. Status 1 if that
-- grows, if a descriptor is left over, or if anything went wrong that was not provoked. --page writes the table into
-- docs/reliability.md.
package.path = "./?.lua;./scripts/bench/?.lua;" .. package.path

local client = require("spec.support.client")
local process = require("process")
local figures = require("scripts.figures")

local ROUND = 40 -- seconds
local PEERS_IDLE = 3 -- after so many seconds peers of datagrams are forgotten
local SETTLE = 0.2 -- of the run, before which growth does not count
local MOST = 2 -- percent of growth in 15 minutes
-- What malloc keeps aside for each thread would count as in use.
local TUNABLES = "glibc.malloc.tcache_count=0:glibc.malloc.arena_max=1"
local CERTIFICATE = "build/soak/cert.pem"

local minutes, page = 20, false
for i, word in ipairs(arg) do
  if word == "--minutes" then
    minutes = assert(tonumber(arg[i + 1]), "--minutes: a number was expected")
  elseif word == "--page" then
    page = true
  end
end

local function mib(n)
  return ("%.2f MiB"):format(n / 2 ^ 20)
end

local function make_certificate()
  local line = ("mkdir -p build/soak && openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes "
    .. "-subj /CN=localhost -days 30 -keyout build/soak/key -out build/soak/cert 2>/dev/null && "
    .. "cat build/soak/key build/soak/cert > %s"):format(CERTIFICATE)
  assert(os.execute(line) == 0, "openssl failed")
end

-- Starts the server: the process, and its addresses: for honest clients, for the others, and where to ask.
local function start_server()
  local server = process.spawn({ "env", "GLIBC_TUNABLES=" .. TUNABLES, "./evio-lua", "scripts/soak/server.lua",
    CERTIFICATE })
  local addresses = { honest = {}, others = {} }
  for line in function() return server:line(10) end do
    local name, first, second = line:match("^(%w+)\t(%S+)\t?(%S*)$")
    if name == "control" then
      addresses.control = first
    elseif name then
      table.insert(addresses.honest, name .. "=" .. first)
      table.insert(addresses.others, name .. "=" .. second)
    else
      break -- ready
    end
  end
  return server, addresses
end

-- Asks for what the server holds, "report" or "rest" as in server.lua: a table of numbers.
local function report(server, control, what)
  local asker = client.connect(control)
  asker:send(what .. "\n")
  local line = assert(asker:receive_line(30))
  asker:close()
  local sample = { time = process.now(), text = line, rss = server:memory() }
  for name, value in line:gmatch("(%w+)=(%d+)") do
    sample[name] = tonumber(value)
  end
  sample.held = sample.heap + sample.malloc
  return sample
end

local function errors(control)
  local asker = client.connect(control)
  asker:send("errors\n")
  asker:finish()
  local text = asker:receive_all(30)
  asker:close()
  return text
end

-- Percent of the median in 15 minutes: the median of the slopes between all pairs (Theil and Sen), which a sample that
-- is out of line does not move.
local function growth(samples, field)
  local slopes, values = {}, {}
  local first = math.floor(#samples * SETTLE) + 1
  for i = first, #samples do
    values[#values + 1] = samples[i][field]
    for k = first, i - 1 do
      slopes[#slopes + 1] = (samples[i][field] - samples[k][field]) / (samples[i].time - samples[k].time)
    end
  end
  table.sort(slopes)
  table.sort(values)
  return slopes[math.ceil(#slopes / 2)] * 900 / values[math.ceil(#values / 2)] * 100
end

local function spawn_clients(script, seconds, count, list)
  local clients = {}
  for seed = 1, count do
    clients[seed] = process.spawn({ "./evio-lua", "scripts/soak/" .. script, tostring(seconds), tostring(seed),
      unpack(list) })
  end
  return clients
end

-- Waits for clients to end: how many conversations there were, and which client ended badly.
local function finish(clients, bad)
  local total = 0
  for _, one in ipairs(clients) do
    local ok, line = process.try(one.line, one, 90)
    local count = ok and line and line:match("^done\t(%d+)")
    total = total + (count or 0)
    if not count then
      bad[#bad + 1] = one.name:match("%S+%.lua %S+ %S+") .. " did not end well: see what it printed"
    end
  end
  return total
end

-- Waits until nobody is there any more, within the server's time-outs: the descriptors that are left.
local function settle(server, start)
  local deadline = process.now() + 40
  while server:descriptors() > start and process.now() < deadline do
    process.sleep(0.2)
  end
  return server:descriptors()
end

local function table_of(result)
  local first, last = result.samples[math.floor(#result.samples * SETTLE) + 1], result.samples[#result.samples]
  local rows = {
    { "time", ("%g minutes, %s"):format(minutes, os.date("!%Y-%m-%d")) },
    { "conversations that were checked", result.honest },
    { "connections that misbehaved", result.abuse },
    { "errors that were provoked", last.provoked },
    { "errors that were not", #result.bad .. " (must be 0)" },
    { "certificates reloaded", last.reloads },
    { "requests of HTTP", last.requests },
    { "Lua heap and allocations without clients, after the first fifth and at the end", mib(first.held) .. ", "
      .. mib(last.held) },
    { "the most of them in the middle of a round", mib(result.peak) },
    { "their slope in 15 minutes", ("%.2f %% (below %g %%)"):format(result.slope, MOST) },
    { "resident memory, after the first fifth and at the end", mib(first.rss) .. ", " .. mib(last.rss) },
    { "descriptors before and after", result.before .. ", " .. result.after .. " (must be the same)" },
  }
  local out = { "| what | figure |", "| --- | --- |" }
  for _, row in ipairs(rows) do
    out[#out + 1] = ("| %s | %s |"):format(row[1], tostring(row[2]))
  end
  return table.concat(out, "\n")
end

-- Some of everybody for some seconds; then what is held, and what it was in the middle.
local function round(server, addresses, seconds, result)
  local good = spawn_clients("honest.lua", seconds, 2, addresses.honest)
  local evil = spawn_clients("abuse.lua", seconds, 1, addresses.others)
  process.sleep(seconds / 2)
  result.peak = math.max(result.peak, report(server, addresses.control, "report").held)
  result.honest = result.honest + finish(good, result.bad)
  result.abuse = result.abuse + finish(evil, result.bad)
  result.after = settle(server, result.before)
  process.sleep(PEERS_IDLE)
  local sample = report(server, addresses.control, "rest")
  result.samples[#result.samples + 1] = sample
  print(("%6.0f s  heap %s  malloc %s  rss %s  descriptors %d  %s"):format(sample.time - result.started,
    mib(sample.heap), mib(sample.malloc), mib(sample.rss), result.after, sample.text:match("provoked=.*")))
end

local function run()
  make_certificate()
  local server, addresses = start_server()
  local result = { samples = {}, bad = {}, peak = 0, honest = 0, abuse = 0, started = process.now() }
  report(server, addresses.control, "report") -- the loop runs, and has what it needs
  process.sleep(PEERS_IDLE)
  result.before = server:descriptors()
  local finish_time = result.started + minutes * 60
  while process.now() < finish_time do
    round(server, addresses, math.min(ROUND, minutes * 6), result)
  end
  result.slope = growth(result.samples, "held")
  for line in errors(addresses.control):gmatch("[^\n]+") do
    result.bad[#result.bad + 1] = line
  end
  server:stop()
  return result
end

local ok, result = pcall(run)
process.stop_all()
if not ok then
  error(type(result) == "table" and result.message or result, 0)
end
local text = table_of(result)
print(text)
for _, line in ipairs(result.bad) do
  print("not provoked: " .. line)
end
if page then
  figures.write("soak", text)
end
os.exit(#result.bad == 0 and result.slope < MOST and result.after <= result.before and 0 or 1)
