-- A child process: its output as it comes, its end, its addresses if it is a server.

local posix_signal = require("posix.signal")
local posix_wait = require("posix.sys.wait")
local poll = require("spec.support.poll")
local spawn = require("spec.support.spawn")
local stream = require("spec.support.stream")
local system = require("spec.support.system")

local M = {}

local MOMENT = 0.002
-- How long the pipes may stay open (held by a grandchild) after the process ended.
local PIPE_GRACE = 0.5
-- What a sanitizer report ends the program with.
local SANITIZER_STATUS = 99
local GRACE = tonumber(os.getenv("EVIO_TEST_GRACE")) -- seconds that children get to end by themselves
local CRASHES = { "SIGABRT", "SIGBUS", "SIGFPE", "SIGILL", "SIGSEGV" }

local Process = {}
Process.__index = Process

local processes = {}

-- Starts argv; opts as in spawn.lua.
function M.start(argv, opts)
  local pid, stdin, stdout, stderr = spawn.spawn(argv, opts)
  local process = setmetatable({ pid = pid, addresses = {}, _name = argv[1] }, Process)
  process._out = stream.capture(stdout)
  process._err = stream.capture(stderr)
  process._close_stdin = stdin and stream.feed(stdin, opts.stdin)
  processes[#processes + 1] = process
  return process
end

local function reap(process)
  if not process._result then
    local pid, how, number = posix_wait.wait(process.pid, posix_wait.WNOHANG)
    if pid == process.pid then
      process._result = how == "exited" and { status = number } or { signal = number }
    end
  end
  return process._result
end

local function describe_state(process)
  local result = reap(process)
  if not result then
    return "is still running"
  elseif result.status then
    return "ended with status " .. result.status
  end
  return "was ended by signal " .. result.signal
end

local function report(process, what)
  local stdout, stderr = process:output()
  return ("%s\nprocess %d (%s) %s\n--- its stdout:\n%s\n--- its stderr:\n%s\n---"):format(what,
    process.pid, process._name, describe_state(process), stdout, stderr)
end

-- Waits for the end, reads what the pipes have then, which is all of its own, and waits (up to grace) for who has them,
-- too: the result, or nil if it did not end in time.
local function await_end(process, seconds, grace)
  local deadline = system.deadline(seconds)
  while not reap(process) do
    if system.clock() >= deadline then
      return nil
    end
    poll.turn({}, system.clock() + MOMENT)
  end
  for _ = 1, 2 do -- a pipe holds less than is read at once; behind it is the end
    poll.turn({}, 0)
  end
  local patience = system.clock() + (grace or PIPE_GRACE)
  while (process._out.open or process._err.open) and system.clock() < patience do
    poll.turn({}, patience)
  end
  return process._result
end

-- Calls look() after every change of a stream until it returns something: that, or nil if the
-- deadline came or the stream ended before.
local function await_output(output, look, deadline)
  while true do
    local was_open, in_time = output.open, system.clock() < deadline
    local found = look()
    if found then
      return found
    end
    if not was_open or not in_time then
      return nil
    end
    poll.turn({}, deadline)
  end
end

local function why_not(output)
  return output.open and "before the deadline" or "before it ended"
end

-- After the end of a stream the end of the process is near: its status belongs into the message.
local function fail(process, output, what)
  if not output.open then
    await_end(process, PIPE_GRACE)
  end
  system.fail(report(process, what .. " " .. why_not(output)))
end

-- What a pattern captured, or the text where it has no captures.
local function captures(text, pattern, whole)
  local function choose(first, last, ...)
    if select("#", ...) > 0 then
      return ...
    end
    return whole and text or text:sub(first, last)
  end
  return choose(text:find(pattern))
end

-- The next line of stdout. Fails at the deadline, or when there will be none.
function Process:line(seconds)
  local line = await_output(self._out, function()
    return self._out:line()
  end, system.deadline(seconds))
  return line or fail(self, self._out, "no further line on stdout")
end

-- Reads stdout until a line matches: its captures, or the line where the pattern has none.
function Process:expect(pattern, seconds)
  local found = await_output(self._out, function()
    for line in self._out.line, self._out do
      if line:find(pattern) then
        return line
      end
    end
  end, system.deadline(seconds))
  if not found then
    fail(self, self._out, ("no line on stdout that matches %q"):format(pattern))
  end
  return captures(found, pattern, true)
end

-- Waits until the text on stderr, all of it so far, matches: the captures, or what matched.
function Process:expect_error(pattern, seconds)
  local found = await_output(self._err, function()
    local text = self._err:text()
    return text:find(pattern) and text
  end, system.deadline(seconds))
  if not found then
    fail(self, self._err, ("nothing on stderr that matches %q"):format(pattern))
  end
  return captures(found, pattern, false)
end

-- The number-th address that the server printed (the first, where number is nil).
function Process:address(number)
  number = number or 1
  while #self.addresses < number do
    self.addresses[#self.addresses + 1] = self:expect("^(%w+://.-)%s*$")
  end
  return self.addresses[number]
end

-- Sends a signal, by number or by name ("TERM").
function Process:signal(what)
  local number = type(what) == "string" and posix_signal["SIG" .. what] or what
  assert(type(number) == "number", "no such signal: " .. tostring(what))
  if not reap(self) then
    assert(posix_signal.kill(self.pid, number))
  end
end

function Process:alive()
  return not reap(self)
end

-- All of stdout and all of stderr so far.
function Process:output()
  poll.turn({}, 0)
  return self._out:text(), self._err:text()
end

-- Waits for the end: { status = n } or { signal = n }.
function Process:wait(seconds)
  local result = await_end(self, seconds)
  if not result then
    system.fail(report(self, "the process did not end before the deadline"))
  end
  self._seen = true
  return result
end

-- SIGKILL, and no question asked.
function Process:kill()
  self:signal(posix_signal.SIGKILL)
  self._seen = true
  await_end(self, nil, 0)
end

-- Asks the process to end (SIGTERM); fails unless it does so in time, with status 0.
function Process:stop(seconds)
  self:signal(posix_signal.SIGTERM)
  local result = await_end(self, seconds)
  if not result then
    local message = report(self, "the process did not end after SIGTERM")
    self:kill()
    system.fail(message)
  end
  self._seen = true
  if result.status ~= 0 then
    system.fail(report(self, "the process was to end with status 0"))
  end
end

-- A crash is the spec's business if it waited for the end; what a sanitizer found never is.
local function crashed(process)
  local result = process._result
  for _, name in ipairs(CRASHES) do
    if result.signal == posix_signal[name] then
      return not process._seen
    end
  end
  return result.status == SANITIZER_STATUS
end

-- Ends every child that still runs. Returns a message if one had crashed and no spec looked.
function M.cleanup()
  local message
  for _, process in ipairs(processes) do
    if reap(process) and crashed(process) then
      await_end(process)
      message = report(process, "a process crashed unnoticed")
    end
    if GRACE and not reap(process) then -- what it counted is written at its end
      process:signal(posix_signal.SIGTERM)
      await_end(process, GRACE)
    end
    process:kill()
    process._out:close()
    process._err:close()
    if process._close_stdin then
      process._close_stdin()
    end
  end
  processes = {}
  return message
end

-- For a forked child: these are the parent's children.
function M.reset()
  processes = {}
end

return M
