-- Runs of a script in which a call of the system fails on purpose (src/os/fault.h), and what has to hold in all of
-- them: whoever the fault hits hears of it once, a connection that opened is closed once, no descriptor stays open,
-- nothing spins, the next client is served, and the process ends in order.

local busted = require("busted")
local ffi = require("ffi")
local posix_errno = require("posix.errno")
local support = require("spec.support")
local scenarios = require("spec.support.fault_scripts")
local scripts = require("spec.support.scripts")

local M = {}

local MOST_STEPS = 400
local QUIET = 0.02
local IDLE_LOOPS = 10
local EVENTS = { opened = true, closed = true, failed = true, detached = true }

ffi.cdef("struct spec_fault_count { char name[16]; uint64_t made, faulty; };")
local COUNT = ffi.sizeof("struct spec_fault_count")

-- The counts that a process keeps: name -> { made =, faulty = }.
function M.counts(path)
  local bytes = support.read_file(path)
  local counts = {}
  assert(bytes, "no counts were kept: EVIO_LUA is no build with VARIANT=faults")
  local list = ffi.cast("const struct spec_fault_count *", bytes)
  for i = 0, #bytes / COUNT - 1 do
    counts[ffi.string(list[i].name)] = { made = tonumber(list[i].made), faulty = tonumber(list[i].faulty) }
  end
  return counts
end

-- Starts source, prepares it, and acts; both get the server and what prepare returned. Then the same again with each
-- call that act made failing in turn. act checks; it gets, as its third argument, whether a call fails. Returns how
-- many there were.
function M.each(call, code, source, prepare, act)
  local report = support.tmpdir() .. "/report"
  local function count()
    return M.counts(report)[call].made
  end
  local function once(faults)
    local server = scripts.serve(source, { env = { EVIO_FAULTS = faults .. "report=" .. report } })
    local state = prepare(server)
    local before = count()
    act(server, state, faults ~= "")
    return before, count()
  end
  local first, last = once("")
  for n = first + 1, last do
    os.remove(report)
    once(("%s=%s@%d,"):format(call, code, n))
  end
  return last - first
end

local function loops(counts)
  return counts.epoll_wait.made + counts.poll.made
end

local function start(name, faults)
  local scenario, directory = scenarios[name], support.tmpdir()
  local source = scenario.source
  source = type(source) == "function" and source() or source
  support.write_file(directory .. "/small", ("s"):rep(20000))
  support.write_file(directory .. "/large", ("l"):rep(300000))
  local report = directory .. "/report"
  local server = support.start(scenarios.PRELUDE .. source, {
    args = { directory .. "/socket", directory, scenario.prepare and scenario.prepare() },
    env = { EVIO_FAULTS = faults .. "report=" .. report },
  })
  return server, report
end

-- The address of the echo; nil when the script ended before it served.
local function await_address(server)
  return support.eventually(function()
    local address = server:output():match("serving\t(%S+)")
    return address and { address } or not server:alive() and {}
  end)[1]
end

-- Whether the counts of iterations stand still, so to speak.
local function spins(report)
  local before = loops(M.counts(report))
  support.pass(QUIET)
  return loops(M.counts(report)) - before > IDLE_LOOPS
end

-- What was printed, and what became of each connection: id -> { opened =, closed =, failed =, detached = }.
local function read_output(result, server)
  local stdout, stderr = server:output()
  result.output, result.errors, result.conns = stdout, stderr, {}
  for line in stdout:gmatch("([^\n]*)\n") do
    local event, name, id, code = line:match("^(%a+)\t([^\t]+)\t(%d+)\t?(.*)$")
    if EVENTS[event] then
      local conn = result.conns[id] or { opened = 0, closed = 0, failed = 0, detached = 0 }
      conn[event] = conn[event] + 1
      result.conns[id] = conn
      line = table.concat({ event, name, code }, "\t")
    end
    if not line:find("^serving") then
      result.lines[#result.lines + 1] = line
    end
  end
  table.sort(result.lines)
end

local function serve(name, server, address, result, descriptors)
  local function note(...)
    result.lines[#result.lines + 1] = table.concat({ "client", ... }, "\t")
  end
  if scenarios[name].drive then
    scenarios[name].drive(address, note)
  else
    support.eventually(function()
      return server:output():find("done\n", 1, true), "it did not get done:\n" .. server:output()
    end)
  end
  for _ = 1, 2 do -- the first one may be who the fault hits
    local last = support.connect(address)
    note("the next one", (support.exchange(last, "ping")))
    last:close()
  end
  local least = math.huge
  pcall(support.eventually, function()
    least = math.min(least, support.descriptors(server.pid))
    return least <= descriptors
  end, descriptors > 0 and 2 or 0.5)
  result.descriptors = least
end

-- Runs a scenario: its lines, those of the script and of the clients, sorted, and what the checks below look at.
-- descriptors: how many it may have when nobody is connected; 0 to find out.
local function run(name, faults, descriptors)
  local server, report = start(name, faults)
  local result = { lines = {} }
  local address = await_address(server)
  if address then
    serve(name, server, address, result, descriptors)
    result.spins = spins(report)
    local clients = { support.connect(address), support.connect(address) }
    clients[2]:send("x")
    clients[2]:receive(1)
    server:signal("TERM")
    for _, client in ipairs(clients) do
      client:receive_all()
      client:close()
    end
  end
  local ended = server:wait()
  result.served, result.status = address ~= nil, ended.status or "of signal " .. ended.signal
  read_output(result, server)
  result.counts = M.counts(report)
  support.cleanup()
  return result
end

local function occurrences(lines, code)
  local count = 0
  for _, line in ipairs(lines) do
    if line:find("^[cfr]%a+ed\t.*\t" .. code .. "$") then
      count = count + 1
    end
  end
  return count
end

-- Whether stderr, or what a call refused, has the error in words.
local function said(result, code)
  local text = (result.errors .. result.output):lower()
  local message = posix_errno.errno(posix_errno[code]):lower()
  return text:find(message, 1, true) or code == "ENOMEM" and text:find("out of memory", 1, true)
end

local function check_conns(result)
  for id, conn in pairs(result.conns) do
    local before, behind = conn.failed, conn.closed + conn.detached
    if before + behind ~= 1 or behind ~= conn.opened then
      return ("connection %s: %d opened, %d closed, %d failed, %d detached"):format(id, conn.opened, conn.closed,
        conn.failed, conn.detached)
    end
  end
end

-- What is wrong with a run in which a call failed with code; nil for nothing.
local function judge(result, code, usual)
  local count = occurrences(result.lines, code)
  local wrong = check_conns(result)
  if wrong then
    return wrong
  elseif count > 1 then
    return ("%d connections and calls were told of %s"):format(count, code)
  elseif not result.served then
    return (result.status ~= 1 or not said(result, code)) and "it ended with status " .. result.status
      .. " before it served"
  elseif result.status ~= 0 then
    return "it ended with status " .. result.status
  elseif result.descriptors > usual.descriptors then
    return ("%d descriptors are open, usually %d"):format(result.descriptors, usual.descriptors)
  elseif result.spins or loops(result.counts) > 3 * loops(usual.counts) + 100 then
    return ("%d iterations, usually %d"):format(loops(result.counts), loops(usual.counts))
  elseif not table.concat(result.lines, "\n"):find("client\tthe next one\tping", 1, true) then
    return "the next client was not served"
  elseif count == 0 and not said(result, code)
    and table.concat(result.lines, "\n") ~= table.concat(usual.lines, "\n") then
    return ("nobody was told of %s, and yet something went otherwise than usual"):format(code)
  end
end

-- Has the n-th call fail with code in a scenario, for n = 1, 2, 3 and so on until it is not called so often. Fails
-- after all of them, with every n that something was wrong with. Returns how many failed.
local function sweep(name, call, code)
  local usual, wrong = run(name, "", 0), {}
  assert(usual.served and usual.status == 0, usual.errors)
  for n = 1, MOST_STEPS do
    local faults = ("%s=%s@%d,"):format(call, code, n)
    local ok, result = pcall(run, name, faults, usual.descriptors)
    local what
    if not ok then
      what = tostring(result)
      support.cleanup()
    elseif result.counts[call].faulty == 0 then
      assert(#wrong == 0, table.concat(wrong, "\n\n"))
      return n - 1
    else
      what = judge(result, code, usual)
      what = what and ("%s\n%s\n%s"):format(what, table.concat(result.lines, "\n"), result.errors)
    end
    if what then
      wrong[#wrong + 1] = ("EVIO_FAULTS=%s %s: %s"):format(faults, name, what)
    end
  end
  error("there is no end of calls of " .. call)
end

-- Specs of a scenario: code -> the calls that fail with it.
function M.describe(name, sweeps)
  busted.describe("in the scenario of " .. name, function()
    for code, calls in pairs(sweeps) do
      for call in calls:gmatch("%S+") do
        if not call:find("^epoll") or os.getenv("EVIO_BACKEND") ~= "poll" then
          busted.it(("each %s in turn fails with %s"):format(call, code), function()
            assert(sweep(name, call, code) > 0, call .. " was not called at all")
          end)
        end
      end
    end
  end)
end

return M
