-- Runs one function in several child processes at once, each with its own number, and brings back
-- what they returned: for clients that wait on their own, and for load.

local buffer = require("string.buffer")
local posix_signal = require("posix.signal")
local posix_wait = require("posix.sys.wait")
local unistd = require("posix.unistd")
local poll = require("spec.support.poll")
local process = require("spec.support.process")
local spawn = require("spec.support.spawn")
local stream = require("spec.support.stream")
local system = require("spec.support.system")

local M = {}

local MOMENT = 0.002
local CHUNK = 65536

local running = {}

local function write_all(fd, bytes)
  for position = 1, #bytes, CHUNK do
    local rest = bytes:sub(position, position + CHUNK - 1)
    while rest ~= "" do
      local count = assert(unistd.write(fd, rest))
      rest = rest:sub(count + 1)
    end
  end
end

local function run(fn, number)
  local ok, result = xpcall(fn, function(message)
    return debug.traceback(tostring(message), 2)
  end, number)
  return buffer.encode({ ok = ok, result = result })
end

-- In the child; never returns.
local function child(fn, number, fd)
  spawn.die_with_parent()
  poll.reset()
  process.reset()
  math.randomseed(number)
  local ok, bytes = pcall(run, fn, number)
  if not ok then
    bytes = buffer.encode({ ok = false, result = "its result cannot be sent: " .. bytes })
  end
  pcall(write_all, fd, bytes)
  unistd._exit(0)
end

local function start(fn, number)
  local reader, writer = system.pipe()
  local pid, message = unistd.fork()
  assert(pid, message)
  if pid == 0 then
    child(fn, number, writer)
  end
  unistd.close(writer)
  running[pid] = stream.capture(system.nonblocking(reader))
  return { pid = pid, number = number, stream = running[pid] }
end

local function reap(worker)
  if not worker.ended then
    local pid, how, number = posix_wait.wait(worker.pid, posix_wait.WNOHANG)
    if pid == worker.pid then
      running[worker.pid] = nil
      worker.ended = how .. " " .. number
    end
  end
  return worker.ended and not worker.stream.open
end

local function await(workers, seconds)
  local deadline = system.deadline(seconds)
  for _, worker in ipairs(workers) do
    while not reap(worker) do
      if system.clock() >= deadline then
        M.cleanup()
        system.fail(("parallel: number %d did not end before the deadline"):format(worker.number))
      end
      poll.turn({}, system.clock() + MOMENT)
    end
  end
end

-- Runs fn(1) … fn(n) in n processes: a list of what each returned (nil, a boolean, a number, a
-- string, or a table of such). An error in one is an error here. The spec's own clients and
-- processes must not be used inside; connect there.
function M.parallel(n, fn, seconds)
  local workers, results = {}, {}
  for number = 1, n do
    workers[number] = start(fn, number)
  end
  await(workers, seconds)
  for number, worker in ipairs(workers) do
    local bytes = worker.stream:text()
    local answer = bytes ~= "" and buffer.decode(bytes)
    if not answer then
      system.fail(("parallel: number %d %s"):format(number, worker.ended))
    elseif not answer.ok then
      system.fail(("parallel: number %d: %s"):format(number, tostring(answer.result)))
    end
    results[number] = answer.result
  end
  return results
end

-- Ends what still runs.
function M.cleanup()
  for pid, output in pairs(running) do
    posix_signal.kill(pid, posix_signal.SIGKILL)
    posix_wait.wait(pid)
    output:close()
  end
  running = {}
end

return M
