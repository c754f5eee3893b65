-- What the specs need of the operating system: the clock, names of errors, bytes, temporary
-- directories and what /proc says about a process. Nothing here waits.

local ffi = require("ffi")
local dirent = require("posix.dirent")
local errno = require("posix.errno")
local fcntl = require("posix.fcntl")
local stdlib = require("posix.stdlib")
local time = require("posix.time")
local unistd = require("posix.unistd")

local M = {}

-- Every wait of the harness ends after this many seconds unless it is told otherwise.
M.DEADLINE = tonumber(os.getenv("EVIO_TEST_DEADLINE")) or 10

-- True when the program under test was built with sanitizers: its memory and its speed say little.
M.sanitized = os.getenv("EVIO_SANITIZED") == "1"

-- Two names for one number: the one that evio-lua reports.
local ALIASES = { EWOULDBLOCK = true, EOPNOTSUPP = true }

local error_names = {}
for name, number in pairs(errno) do
  if type(number) == "number" and not ALIASES[name] then
    error_names[number] = name
  end
end

local directories = {}

-- Raises an error that names the line of the spec, whatever the depth of the harness under it.
function M.fail(message)
  local level = 2
  local info = debug.getinfo(level, "S")
  while info and (info.what == "C" or info.source:find("spec/support/%a+%.lua$")) do
    level = level + 1
    info = debug.getinfo(level, "S")
  end
  error(message, info and level or 0)
end

-- "ECONNRESET" for 104.
function M.error_name(number)
  return error_names[number] or ("E" .. tostring(number))
end

-- Monotonic seconds.
function M.clock()
  local now = time.clock_gettime(time.CLOCK_MONOTONIC)
  return now.tv_sec + now.tv_nsec / 1e9
end

function M.deadline(seconds)
  return M.clock() + (seconds or M.DEADLINE)
end

function M.close_on_exec(fd)
  assert(fcntl.fcntl(fd, fcntl.F_SETFD, fcntl.FD_CLOEXEC))
  return fd
end

function M.nonblocking(fd)
  local flags = assert(fcntl.fcntl(fd, fcntl.F_GETFL))
  assert(fcntl.fcntl(fd, fcntl.F_SETFL, bit.bor(flags, fcntl.O_NONBLOCK)))
  return fd
end

-- A pipe that no child inherits: read end, write end.
function M.pipe()
  local reader, writer = unistd.pipe()
  assert(reader, writer)
  return M.close_on_exec(reader), M.close_on_exec(writer)
end

-- The descriptors open in this process.
function M.own_descriptors()
  local list = {}
  for name in dirent.files("/proc/self/fd") do
    list[#list + 1] = tonumber(name)
  end
  return list
end

-- A new empty directory; cleanup removes it.
function M.tmpdir()
  local base = os.getenv("TMPDIR") or "/tmp"
  local path = assert(stdlib.mkdtemp(base .. "/evio-XXXXXX"))
  directories[#directories + 1] = path
  return path
end

function M.remove_directories()
  for _, path in ipairs(directories) do
    os.execute("rm -rf '" .. path .. "'")
  end
  directories = {}
end

function M.write_file(path, text)
  local file = assert(io.open(path, "wb"))
  assert(file:write(text))
  assert(file:close())
  return path
end

function M.read_file(path)
  local file, message = io.open(path, "rb")
  if not file then
    return nil, message
  end
  local text = file:read("*a")
  file:close()
  return text
end

-- n bytes that look random; the same ones for the same seed (by default drawn from math.random).
function M.random_bytes(n, seed)
  local state = seed and (seed % 0x7fffffff + 1) or math.random(1, 0x7fffffff)
  local bytes = ffi.new("uint8_t[?]", n)
  for i = 0, n - 1 do
    state = bit.bxor(state, bit.lshift(state, 13))
    state = bit.bxor(state, bit.rshift(state, 17))
    state = bit.bxor(state, bit.lshift(state, 5))
    bytes[i] = bit.band(bit.rshift(state, 11), 255)
  end
  return ffi.string(bytes, n)
end

local function proc(pid, name)
  return assert(M.read_file("/proc/" .. pid .. "/" .. name))
end

local function kibibytes(pid, field)
  local number = proc(pid, "status"):match(field .. ":%s*(%d+) kB")
  return assert(tonumber(number), "no " .. field .. " for process " .. pid) * 1024
end

-- User and system time that the process has used, in seconds (of 10 ms steps).
function M.cpu_seconds(pid)
  local fields = proc(pid, "stat"):match(".*%) (.*)")
  local user, kernel = fields:match("^%S+ " .. ("%S+ "):rep(10) .. "(%d+) (%d+)")
  return (tonumber(user) + tonumber(kernel)) / unistd.sysconf(unistd._SC_CLK_TCK)
end

-- Resident memory in bytes, now.
function M.rss(pid)
  return kibibytes(pid, "VmRSS")
end

-- Resident memory in bytes, the most there ever was.
function M.peak_rss(pid)
  return kibibytes(pid, "VmHWM")
end

-- How many descriptors the process has open.
function M.descriptors(pid)
  local count = 0
  for name in dirent.files("/proc/" .. pid .. "/fd") do
    if tonumber(name) then
      count = count + 1
    end
  end
  return count
end

return M
