-- Sessions: events tables whose connections are coroutines, and what else these may wait for.
local address = require("evio.address")
local core = require("evio.core")
local copy = require("evio.settings").copy
local stream = require("evio.stream")
local tasks = require("evio.task")
local waiting = require("evio.waiting")

local M = {}

local KEY = core.session_key
local methods = core.conn_methods

-- The script's closed comes behind the session's end.
local function make_closed(closed)
  return function(conn, message, code)
    waiting.end_state(conn, message, code)
    local state = waiting.state_of(conn)
    if state and state.owned and not tasks.is_over(state.task) then
      state.task.closed = closed and function() return closed(conn, message, code) end
      return nil
    end
    return closed and closed(conn, message, code)
  end
end

-- A session has no more to do with a connection whose socket is the script's.
local function make_detached(detached)
  return detached and function(conn, socket)
    waiting.end_state(conn, "the connection was detached")
    return detached(conn, socket)
  end
end

local function finish(task, ok, message)
  if not ok then
    local text = type(message) == "string" and message or ("(error object is a %s)"):format(type(message))
    core.fail_session(task.conn, text, debug.traceback(task.thread, text))
  elseif not task.handed then
    methods.close(task.conn)
  end
  for opened in pairs(task.opened) do -- connections, and WebSockets
    opened:close()
  end
  if task.closed then
    core.after_or_end(0, task.closed)
  end
end

local function start(fn, conn)
  local task = tasks.new(fn, { conn = conn, opened = setmetatable({}, { __mode = "k" }), finish = finish })
  waiting.new_state(conn, task).owned = true
  return task
end

-- `starts` makes the task of a connection that has none.
local function driven(fn, starts)
  return stream.driven(fn, function(conn) return waiting.drive(conn, starts) end)
end

-- The events that C reads for a session's.
core.set_session(function(events)
  local made, fn = copy(events), events[KEY]
  made[KEY] = nil
  for _, name in ipairs({ "data", "woken", "eof" }) do
    if made[name] ~= nil then
      error(("events.%s beside a session, which reads by itself"):format(name), 0)
    end
  end
  local opened, drained = made.opened, made.drained
  function made.opened(conn)
    local out, action
    if opened then
      out, action = opened(conn)
    end
    if out then
      methods.write(conn, out)
    end
    if action == nil or action == "none" then
      tasks.resume(start(fn, conn), conn)
    end
    return nil, action
  end
  function made.drained(conn)
    waiting.on_drained(conn)
    if drained then
      return drained(conn)
    end
  end
  made.data = driven(fn, function(conn) return start(fn, conn) end)
  made.eof, made.closed, made.detached = waiting.on_eof, make_closed(made.closed), make_detached(made.detached)
  return made
end)

-- An events table whose connections are coroutines that run fn(conn). Other events may be added to it.
function M.session(fn)
  if type(fn) ~= "function" then
    error(("evio.session: a %s, expected a function(conn)"):format(type(fn)), 2)
  end
  return { [KEY] = fn }
end

-- Waiting for other things -------------------------------------------------------------------------

-- A shutdown does not wait for who sleeps.
local function leave(task)
  task.left = true
  if task.closed then
    task.closed()
  end
end

function M.sleep(seconds)
  local task = tasks.check("evio.sleep")
  if type(seconds) ~= "number" or not (seconds >= 0 and seconds <= 1e9) then
    error(("evio.sleep: %s, expected seconds from 0 to 10^9"):format(
      type(seconds) == "number" and seconds or "a " .. type(seconds)), 2)
  end
  local due = core.now() + seconds
  core.after_or_end(seconds, function()
    if core.now() >= due then
      tasks.resume(task)
    else
      leave(task)
    end
  end)
  tasks.wait()
end

local TAKEN = { "opened", "data", "woken", "eof", "failed", KEY } -- events that evio.connect needs for itself

local function check_dialed(events)
  if events ~= nil and type(events) ~= "table" then
    error(("evio.connect: the events are a %s, expected a table"):format(type(events)), 3)
  end
  for _, name in ipairs(TAKEN) do
    if events and events[name] ~= nil then
      error(("evio.connect: %s beside the session that reads the connection"):format(
        name == KEY and "a session" or "events." .. name), 3)
    end
  end
end

-- Dials out: a connection that this session reads and writes, or nil, message and code. `events` may have
-- options, translators and the like.
function M.connect(where, events)
  local task = tasks.check("evio.connect")
  check_dialed(events)
  local made, pending = copy(events or {}), true
  function made.opened(conn)
    waiting.new_state(conn, task)
    task.opened[conn] = true
    pending = false
    tasks.resume(task, conn)
  end
  function made.failed(_, message, code)
    if pending then
      pending = false
      tasks.resume(task, nil, message, code)
    end
  end
  made.data, made.eof, made.drained = driven(M.connect), waiting.on_eof, waiting.on_drained
  made.closed, made.detached = make_closed(made.closed), make_detached(made.detached)
  local conn, message, code = address.dial_as("evio.connect", made, where)
  if not conn then
    return nil, message, code
  end
  return tasks.wait()
end

-- Waits for a job's end: what job:done gives.
function core.job_methods.await(job)
  local task = tasks.check("job:await")
  local ok, message = pcall(core.job_methods.done, job, function(...) tasks.resume(task, ...) end)
  if not ok then
    error(message, 2)
  end
  return tasks.wait()
end

return M
