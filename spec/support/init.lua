-- What the specs use: servers and programs as child processes, clients, measurements, waiting.
--
--   local support = require("spec.support")
--
-- Required at the top of a spec file it cleans up after each spec by itself. Every wait ends at a
-- deadline (support.DEADLINE seconds, or what the call says), and that is an error.

local busted = require("busted")
local unistd = require("posix.unistd")
local address = require("spec.support.address")
local client = require("spec.support.client")
local parallel = require("spec.support.parallel")
local poll = require("spec.support.poll")
local process = require("spec.support.process")
local system = require("spec.support.system")

local M = {
  DEADLINE = system.DEADLINE,
  sanitized = system.sanitized,
  clock = system.clock,
  connect = client.connect,
  try_connect = client.try_connect,
  exchange = client.exchange,
  parallel = parallel.parallel,
  pass = poll.pass,
  has_ipv6 = address.has_ipv6,
  dead_address = address.dead,
  tmpdir = system.tmpdir,
  read_file = system.read_file,
  write_file = system.write_file,
  random_bytes = system.random_bytes,
  cpu_seconds = system.cpu_seconds,
  rss = system.rss,
  peak_rss = system.peak_rss,
  descriptors = system.descriptors,
}

local MOMENT = 0.005
-- Line by line, so that what a server printed is here when it is waited for.
local PREFIX = 'io.stdout:setvbuf("line"); '

-- The command that runs the program under test, as a new list.
local function host_command()
  local words = {}
  for word in (os.getenv("EVIO_LUA") or "./evio-lua"):gmatch("%S+") do
    words[#words + 1] = word
  end
  return words
end

local function absolute(path)
  if path:find("/", 1, true) and path:sub(1, 1) ~= "/" then
    return unistd.getcwd() .. "/" .. path
  end
  return path
end

local function append(list, items)
  for _, item in ipairs(items or {}) do
    list[#list + 1] = tostring(item)
  end
  return list
end

local function command(opts)
  local argv = append({}, opts.command or host_command())
  argv[1] = absolute(argv[1])
  return argv
end

-- Runs Lua source as a server (or as anything that goes on): a process object. opts:
--   args      list, arguments of the script
--   options   list, options of the host, in front of the script
--   command   list, instead of the host (EVIO_LUA)
--   files     name -> text, put beside the script
--   env, directory, limits, stdin   as in spawn.lua
-- The process has `script`, the path of the file, `<tmpdir>/server.lua`, and `tmpdir`.
function M.start(source, opts)
  opts = opts or {}
  local directory = system.tmpdir()
  local script = system.write_file(directory .. "/server.lua", PREFIX .. source)
  for name, text in pairs(opts.files or {}) do
    system.write_file(directory .. "/" .. name, text)
  end
  local argv = append(command(opts), opts.options)
  argv = append(append(argv, { script }), opts.args)
  local server = process.start(argv, opts)
  server.script, server.tmpdir = script, directory
  return server
end

-- Starts the host with arguments, without a script of ours: a process object. opts as above.
function M.spawn(args, opts)
  opts = opts or {}
  return process.start(append(command(opts), args), opts)
end

-- Runs the host with arguments to its end: { status or signal, stdout, stderr }. opts as above, and
-- seconds: the deadline.
function M.run(args, opts)
  opts = opts or {}
  local child = M.spawn(args, opts)
  local result = child:wait(opts.seconds)
  local stdout, stderr = child:output()
  return { status = result.status, signal = result.signal, stdout = stdout, stderr = stderr }
end

-- What a shell's command prints, stderr too; it is ended after 30 seconds, or what is given.
function M.shell(line, seconds)
  local pipe = io.popen(("timeout %d %s 2>&1"):format(seconds or 30, line))
  local text = pipe:read("*a")
  pipe:close()
  return text
end

-- What a shell's command prints that gets a line on its standard input, which stays open until it has printed what
-- is wanted, for 20 seconds at most.
function M.converse(line, input, wanted)
  local out = system.write_file(system.tmpdir() .. "/out", "")
  return M.shell(([[sh -c '(echo "%s"; for i in $(seq 400); do grep -q "%s" %s && break; sleep 0.05; done) |
    %s 2>&1 | tee %s']]):format(input, wanted, out, line, out))
end

-- Calls fn until it returns something true, and returns that. Fails at the deadline, with the
-- second result of fn in the message if it has one.
function M.eventually(fn, seconds)
  local deadline = system.deadline(seconds)
  while true do
    local value, why = fn()
    if value then
      return value
    end
    if system.clock() >= deadline then
      why = tostring(why or "it never held")
      system.fail(("not within %g s: %s"):format(seconds or M.DEADLINE, why))
    end
    poll.pass(MOMENT)
  end
end

local function first_difference(expected, actual)
  local low, high = 0, math.min(#expected, #actual)
  while low < high do
    local middle = math.floor((low + high + 1) / 2)
    if expected:sub(low + 1, middle) == actual:sub(low + 1, middle) then
      low = middle
    else
      high = middle - 1
    end
  end
  return low + 1
end

-- Fails unless the bytes are the same; the message names the first difference, not all the bytes.
function M.same_bytes(expected, actual)
  if type(actual) ~= "string" then
    system.fail(("expected %d bytes, got %s"):format(#expected, tostring(actual)))
  end
  if expected ~= actual then
    local at = first_difference(expected, actual)
    system.fail(("expected %d bytes, got %d; they differ from byte %d on: expected %q, got %q")
      :format(#expected, #actual, at, expected:sub(at, at + 15), actual:sub(at, at + 15)))
  end
end

-- Ends what a spec left: children, clients, directories. Fails if a child had crashed unnoticed.
function M.cleanup()
  client.cleanup()
  address.cleanup()
  parallel.cleanup()
  local message = process.cleanup()
  system.remove_directories()
  if message then
    error(message, 2)
  end
end

if busted.after_each then
  busted.after_each(M.cleanup)
end

return M
