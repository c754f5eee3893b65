-- Starts a program: pipes, environment, limits, fork, exec. What becomes of it is process.lua's.

local ffi = require("ffi")
local fcntl = require("posix.fcntl")
local resource = require("posix.sys.resource")
local signal = require("posix.signal")
local stdlib = require("posix.stdlib")
local unistd = require("posix.unistd")
local system = require("spec.support.system")

local M = {}

local PR_SET_PDEATHSIG = 1
-- What a child must not inherit as ignored: from here, or from a shell that started us with "&".
local DEFAULT_SIGNALS = { "SIGPIPE", "SIGINT", "SIGQUIT", "SIGHUP", "SIGTERM" }

ffi.cdef("int prctl(int, unsigned long, unsigned long, unsigned long, unsigned long);")

-- A peer that has gone must be an error of the write, not the end of the test run.
signal.signal(signal.SIGPIPE, signal.SIG_IGN)

-- In a fresh child: no child outlives the test run, even when that is killed.
function M.die_with_parent()
  if ffi.os == "Linux" then
    ffi.C.prctl(PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
  end
end

local function set_limits(limits)
  for name, value in pairs(limits or {}) do
    local number = resource["RLIMIT_" .. name:upper()]
    assert(number, "no such limit: " .. name)
    assert(resource.setrlimit(number, { rlim_cur = value, rlim_max = value }))
  end
end

local function close_others(highest)
  for _, fd in ipairs(system.own_descriptors()) do
    if fd > highest then
      unistd.close(fd)
    end
  end
end

-- Makes descriptors 3, 4 and so on, and says so, as a service manager does (sd_listen_fds(3)).
local function pass(descriptors, names)
  local copies = {}
  for i, fd in ipairs(descriptors) do
    copies[i] = assert(fcntl.fcntl(fd, fcntl.F_DUPFD, 100))
  end
  for i, fd in ipairs(copies) do
    assert(unistd.dup2(fd, 2 + i))
  end
  assert(stdlib.setenv("LISTEN_PID", tostring(unistd.getpid())))
  assert(stdlib.setenv("LISTEN_FDS", tostring(#copies)))
  assert(stdlib.setenv("LISTEN_FDNAMES", names))
end

-- In the child, up to exec. `streams` are the descriptors to become 0, 1 and 2.
local function become(argv, streams, opts)
  M.die_with_parent()
  for number = 0, 2 do
    assert(unistd.dup2(streams[number], number))
  end
  if opts.pass then
    pass(opts.pass, opts.pass.names)
  end
  close_others(2 + #(opts.pass or {}))
  for _, name in ipairs(DEFAULT_SIGNALS) do
    signal.signal(signal[name], signal.SIG_DFL)
  end
  for name, value in pairs(opts.env or {}) do
    assert(stdlib.setenv(name, value or nil))
  end
  if opts.directory then
    assert(unistd.chdir(opts.directory))
  end
  set_limits(opts.limits)
  local arguments = { [0] = argv[1], unpack(argv, 2) }
  local _, message = unistd.execp(argv[1], arguments)
  error(message, 0)
end

local function stdin_pipe(text)
  if text then
    return system.pipe()
  end
  return system.close_on_exec(assert(fcntl.open("/dev/null", fcntl.O_RDONLY))), nil
end

-- Starts argv. Returns pid and the near ends of its stdin (nil unless opts.stdin), stdout, stderr,
-- all non-blocking. A program that cannot be run ends with status 127 and the reason on stderr.
-- opts: env (name -> text, false unsets), directory, limits (nofile = 64), stdin (text), pass (a list of
-- descriptors of listening sockets, with `names`: text).
function M.spawn(argv, opts)
  local stdin_far, stdin_near = stdin_pipe(opts.stdin)
  local stdout_near, stdout_far = system.pipe()
  local stderr_near, stderr_far = system.pipe()
  local pid, message = unistd.fork()
  assert(pid, message)
  if pid == 0 then
    local streams = { [0] = stdin_far, stdout_far, stderr_far }
    local _, failure = pcall(become, argv, streams, opts)
    unistd.write(2, tostring(failure) .. "\n")
    unistd._exit(127)
  end
  unistd.close(stdin_far)
  unistd.close(stdout_far)
  unistd.close(stderr_far)
  if stdin_near then
    system.nonblocking(stdin_near)
  end
  return pid, stdin_near, system.nonblocking(stdout_near), system.nonblocking(stderr_near)
end

return M
