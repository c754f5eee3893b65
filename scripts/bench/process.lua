-- Child processes of the benchmarks: started, read line by line with a deadline, looked at through
-- /proc, ended. Linux only. Whatever can fail raises a failure (a table made by `fail`), so that one
-- thing that cannot be measured does not end the run.
local ffi = require("ffi")
local dirent = require("posix.dirent")
local fcntl = require("posix.fcntl")
local poll = require("posix.poll")
local resource = require("posix.sys.resource")
local signal = require("posix.signal")
local socket = require("posix.sys.socket")
local time = require("posix.time")
local unistd = require("posix.unistd")
local wait = require("posix.sys.wait")

ffi.cdef("int prctl(int option, unsigned long value, ...);")

local PR_SET_PDEATHSIG = 1
local END_SECONDS = 3
local TICKS = 100 -- a second, in /proc/PID/stat

local M = {}

local Process = {}
Process.__index = Process

local running = {} -- pid -> process

local Failure = {}

function Failure:__tostring()
  return self.message
end

function M.fail(format, ...)
  error(setmetatable({ message = string.format(format, ...) }, Failure), 0)
end

-- A pcall for failures only; any other error (a bug, an interrupt) goes on upwards.
function M.try(fn, ...)
  local ok, result = xpcall(fn, function(message)
    return getmetatable(message) == Failure and message or debug.traceback(tostring(message), 2)
  end, ...)
  if ok or getmetatable(result) == Failure then
    return ok, result
  end
  error(result, 0)
end

function M.now()
  local now = time.clock_gettime(time.CLOCK_MONOTONIC)
  return now.tv_sec + now.tv_nsec / 1e9
end

function M.sleep(seconds)
  local whole = math.floor(seconds)
  time.nanosleep({ tv_sec = whole, tv_nsec = math.floor((seconds - whole) * 1e9) })
end

function M.read_file(path)
  local file = io.open(path, "r")
  local text = file and file:read("*a")
  if file then
    file:close()
  end
  return text
end

-- Servers and clients inherit the limit; the idle row needs more than the usual 1,024.
function M.raise_descriptors()
  local limit = resource.getrlimit(resource.RLIMIT_NOFILE)
  resource.setrlimit(resource.RLIMIT_NOFILE, { rlim_cur = limit.rlim_max, rlim_max = limit.rlim_max })
end

-- The cores that this process may use, in order.
function M.cores()
  local list = (M.read_file("/proc/self/status") or ""):match("Cpus_allowed_list:%s*(%S+)") or "0"
  local cores = {}
  for first, last in list:gmatch("(%d+)%-?(%d*)") do
    for core = tonumber(first), tonumber(last) or tonumber(first) do
      cores[#cores + 1] = core
    end
  end
  return cores
end

local function pipe()
  local reader, writer = unistd.pipe()
  fcntl.fcntl(reader, fcntl.F_SETFD, fcntl.FD_CLOEXEC)
  fcntl.fcntl(writer, fcntl.F_SETFD, fcntl.FD_CLOEXEC)
  return reader, writer
end

local function execute(argv, stdin, stdout)
  -- No child outlives the driver, even if that is killed.
  ffi.C.prctl(PR_SET_PDEATHSIG, signal.SIGTERM)
  unistd.dup2(stdin, 0)
  unistd.dup2(stdout, 1)
  local _, message = unistd.execp(argv[1], { unpack(argv, 2) })
  io.stderr:write(message, "\n")
  unistd._exit(127)
end

-- Starts argv; on one core of the machine, where one is given.
function M.spawn(argv, core)
  if core then
    argv = { "taskset", "-c", tostring(core), unpack(argv) }
  end
  local stdin, input = pipe()
  local output, stdout = pipe()
  local started = M.now()
  local pid, message = unistd.fork()
  if pid == 0 then
    execute(argv, stdin, stdout)
  end
  unistd.close(stdin)
  unistd.close(stdout)
  if not pid then
    M.fail("fork: %s", message)
  end
  local process = { pid = pid, input = input, output = output, buffer = "", started = started }
  process.name = table.concat(argv, " ")
  running[pid] = process
  return setmetatable(process, Process)
end

-- The next line that the process printed, or nil when its output ended.
function Process:line(seconds)
  local deadline = M.now() + seconds
  while true do
    local line, rest = self.buffer:match("^([^\n]*)\n(.*)$")
    if line then
      self.buffer = rest
      return line
    end
    local left = deadline - M.now()
    if left <= 0 then
      M.fail("%s: no line within %g s", self.name, seconds)
    end
    if poll.rpoll(self.output, math.ceil(left * 1000)) == 1 then
      local chunk = unistd.read(self.output, 4096)
      if not chunk or chunk == "" then
        return nil
      end
      self.buffer = self.buffer .. chunk
    end
  end
end

function Process:write(text)
  if not unistd.write(self.input, text) then
    M.fail("%s: does not read its input", self.name)
  end
end

local function ended(process, seconds)
  local deadline = M.now() + seconds
  repeat
    local pid, _, status = wait.wait(process.pid, wait.WNOHANG)
    if pid ~= 0 then
      return true, status
    end
    M.sleep(0.002)
  until M.now() > deadline
  return false
end

-- Ends the process and returns its exit status, nil if it had to be killed.
local function finish(process, seconds)
  local over, status = ended(process, seconds)
  if not over then
    signal.kill(process.pid, signal.SIGKILL)
    wait.wait(process.pid)
  end
  running[process.pid] = nil
  unistd.close(process.input)
  unistd.close(process.output)
  return status
end

function Process:stop()
  if running[self.pid] then
    signal.kill(self.pid, signal.SIGTERM)
    finish(self, END_SECONDS)
  end
end

function M.stop_all()
  for _, process in pairs(running) do
    signal.kill(process.pid, signal.SIGTERM)
  end
  for _, process in pairs(running) do
    finish(process, END_SECONDS)
  end
end

-- Runs argv to its end and returns its last line.
function M.run(argv, core, seconds)
  local process = M.spawn(argv, core)
  local last, line
  repeat
    last, line = line or last, process:line(seconds)
  until not line
  local status = finish(process, END_SECONDS)
  if status ~= 0 then
    M.fail("%s: failed", process.name)
  end
  return last
end

-- The process and its children, as a list of pids.
function Process:family()
  local pids = { self.pid }
  for pid in (M.read_file("/proc/" .. self.pid .. "/task/" .. self.pid .. "/children") or ""):gmatch("%d+") do
    pids[#pids + 1] = pid
  end
  return pids
end

-- Resident memory in bytes.
function Process:memory()
  local total = 0
  for _, pid in ipairs(self:family()) do
    local kilobytes = (M.read_file("/proc/" .. pid .. "/status") or ""):match("VmRSS:%s*(%d+) kB")
    if not kilobytes then
      M.fail("%s: ended early", self.name)
    end
    total = total + tonumber(kilobytes) * 1024
  end
  return total
end

-- The number of open descriptors.
function Process:descriptors()
  local count = 0
  for _, pid in ipairs(self:family()) do
    for _ in dirent.files("/proc/" .. pid .. "/fd") do
      count = count + 1
    end
  end
  return count
end

-- True if something listens on the port of 127.0.0.1.
function M.listens(port)
  local fd = socket.socket(socket.AF_INET, socket.SOCK_STREAM, 0)
  local ok = socket.connect(fd, { family = socket.AF_INET, addr = "127.0.0.1", port = port })
  unistd.close(fd)
  return ok == 0
end

-- A port that nobody uses now; below those that the system gives to clients.
function M.free_port()
  for _ = 1, 100 do
    local port = math.random(10000, 30000)
    local fd = socket.socket(socket.AF_INET, socket.SOCK_STREAM, 0)
    local ok = socket.bind(fd, { family = socket.AF_INET, addr = "127.0.0.1", port = port })
    unistd.close(fd)
    if ok == 0 then
      return port
    end
  end
  M.fail("no free port was found")
end

-- CPU time of the processes so far, in microseconds.
function M.cpu(pids)
  local total = 0
  for _, pid in ipairs(pids) do
    local user, system = (M.read_file("/proc/" .. pid .. "/stat") or "")
      :match("^.*%) %S+ %S+ %S+ %S+ %S+ %S+ %S+ %S+ %S+ %S+ %S+ (%d+) (%d+)")
    if not user then
      M.fail("process %s ended early", pid)
    end
    total = total + tonumber(user) + tonumber(system)
  end
  return total * 1e6 / TICKS
end

return M
