-- What sessions do with connections: reads and writes that wait, and the events that end the waiting. A line
-- that is here already costs no switch of coroutines.
local core = require("evio.core")
local ffi = require("ffi")
local stream = require("evio.stream")
local tasks = require("evio.task")

local M = {}

local live = ffi.cast("struct evio_live *", core.live)
local methods = core.conn_methods
local read_stream = stream.methods
local put, begin = stream.put, stream.begin
local queue_write, swap_handler = methods.write, methods.handler
local resume, wait = tasks.resume, tasks.wait

local MOST_DATAGRAMS = 64 -- that wait for a session to read them
local CLOSED, CLOSED_CODE = "the connection is closed", "EPIPE"

-- The key of a connection's state in its table, where a task reads it: { task, stream while its data is delivered,
-- reader and writer while the task waits, unread bytes, ... }. It refers to the connection, and in a weak table
-- outside it would keep it for ever.
local STATE = {}

local function state_of(conn)
  return type(conn) == "table" and rawget(conn, STATE) or nil
end
M.state_of = state_of

-- Tries to read, in the order in which one finds out: each returns a value or nil where bytes are missing.

local function take_all(self)
  if self.pos == self.stop then
    return nil
  end
  return read_stream.take(self)
end

local function take_until(self, delimiter)
  local length = read_stream.find(self, delimiter)
  if not length then
    return nil
  end
  local bytes = read_stream.take(self, length)
  self.pos = self.pos + #delimiter
  return bytes
end

local function take_message(self, codec)
  return codec:take(self)
end

local function attempt(state)
  local self = state.stream
  self.mark, self.short_read = self.pos, 0
  local value = state.take(self, state.argument)
  if value == nil then
    self.pos = self.mark
  end
  return value
end

-- What a read gives when there will be nothing more.
local function tell_end(state)
  state.told = true
  if state.message then
    return nil, state.message, state.code
  elseif state.unread > 0 then
    return nil, ("the peer finished behind %d bytes of what was to be read"):format(state.unread), "ECUT"
  end
  return nil
end

local function read(name, conn, take, argument)
  local task = tasks.running() or tasks.check("conn:" .. name)
  local state = state_of(conn)
  if not state or state.task ~= task then
    error(("conn:%s: the connection is not this session's"):format(name), 2)
  elseif state.told then
    error(("conn:%s: a read before said that nothing more comes"):format(name), 2)
  end
  if state.datagrams and take ~= take_all then
    error(("conn:%s: datagrams come whole, expected conn:read()"):format(name), 2)
  end
  state.take, state.argument = take, argument
  if state.datagrams and state.datagrams[1] then
    return table.remove(state.datagrams, 1)
  elseif state.stream then
    local value = attempt(state)
    if value ~= nil then
      return value
    end
    state.unread = state.stream.stop - state.stream.pos
  elseif state.unread > 0 or state.paused then
    state.paused = false
    core.read_on(conn)
  end
  if state.message or state.eof and (state.stream or state.unread == 0) then
    return tell_end(state)
  end
  tasks.check("conn:" .. name)
  state.reader = true
  return wait()
end

function methods.read(conn, what)
  if what == nil then
    return read("read", conn, take_all)
  elseif type(what) == "table" and type(what.take) == "function" then
    return read("read", conn, take_message, what)
  elseif type(what) ~= "number" or what < 1 or what % 1 ~= 0 then
    error(("conn:read: expected a number of bytes from 1 on, a codec or nothing, not %s"):format(tostring(what)), 2)
  end
  return read("read", conn, read_stream.take, what)
end

function methods.readline(conn)
  return read("readline", conn, read_stream.line)
end

function methods.readuntil(conn, delimiter)
  if type(delimiter) ~= "string" or delimiter == "" then
    error("conn:readuntil: the delimiter is no string of at least one byte", 2)
  end
  return read("readuntil", conn, take_until, delimiter)
end

-- An iterator of lines, up to the end.
function methods.lines(conn)
  return methods.readline, conn
end

local function check_bytes(bytes, more)
  if type(bytes) ~= "string" and not stream.is_buffer(bytes) then
    error(("conn:write: a %s, expected a string or a string.buffer"):format(type(bytes)), 3)
  elseif more ~= nil then
    error(("conn:write: a second value, a %s, expected one string or string.buffer"):format(type(more)), 3)
  end
end

-- In the connection's own session it waits while the queue is full.
function methods.write(conn, ...)
  local current, bytes, more = tasks.current, ...
  local state = current and state_of(conn)
  if not state or state.task ~= current then
    return queue_write(conn, ...)
  elseif state.stream and live.halt == 0 and live.finished == 0 and type(bytes) == "string" and more == nil then
    put(bytes, #bytes)
    if live.halt == 0 then
      return live.out_length
    end
  else
    check_bytes(bytes, more)
    local pending, message, code = queue_write(conn, bytes)
    if not pending then
      return pending, message, code
    end
  end
  if core.is_congested(conn) and tasks.running() == current and coroutine.isyieldable() then
    state.writer = true
    wait()
  end
  return methods.pending(conn)
end

-- Events -------------------------------------------------------------------------------------------

function M.new_state(conn, task)
  local state = { task = task, unread = 0, datagrams = core.is_datagram(conn) and {} or nil }
  rawset(conn, STATE, state)
  return state
end

local function take_datagram(state, bytes)
  if state.reader then
    state.reader = false
    resume(state.task, bytes)
  elseif #state.datagrams < MOST_DATAGRAMS then
    table.insert(state.datagrams, bytes)
  end
end

-- The reader gets what it waits for, if that is there.
local function feed(state)
  local value, self = attempt(state), state.stream
  if value ~= nil then
    state.reader = false
    resume(state.task, value)
  elseif state.eof then -- it was delivered once more, and there is nothing behind it
    state.unread, state.reader = self.stop - self.pos, false
    resume(state.task, tell_end(state))
  end
end

-- The data handler: the bytes are those that nobody has read, old and new ones. A connection that came by
-- conn:handler has no state yet.
function M.drive(conn, start)
  local state, self = state_of(conn), begin(conn)
  live.more, live.used = 0, 0
  if state and state.datagrams then
    take_datagram(state, ffi.string(self.data, self.stop))
    return nil
  elseif not state then
    local task = start(conn)
    state = state_of(conn)
    state.stream = self
    resume(task, conn)
  else
    state.stream = self
    if state.reader then
      feed(state)
    end
  end
  state.unread, state.stream = self.stop - self.pos, nil
  live.used = self.pos
  if not state.reader and not state.eof and state_of(conn) == state
    and not tasks.is_over(state.task) then
    state.paused = true -- it does something else: the peer has to wait
    methods.pause(conn)
  end
  return ""
end

function M.on_eof(conn)
  local state = state_of(conn)
  if not state then
    return nil, "close"
  end
  state.eof = true
  if state.reader then
    state.reader = false
    resume(state.task, tell_end(state))
  end
  return nil, "none"
end

function M.on_drained(conn)
  local state = state_of(conn)
  if state and state.writer then
    state.writer = false
    resume(state.task)
  end
end

-- The connection ended for its task, which may wait for it.
local function wake(state, message, code)
  state.message, state.code = message, code
  if state.reader or state.writer then
    local reads = state.reader
    state.reader, state.writer = false, false
    if reads then
      resume(state.task, tell_end(state))
    else
      resume(state.task)
    end
  end
end

function M.end_state(conn, message, code)
  local state = state_of(conn)
  if state then
    wake(state, message or CLOSED, message and code or CLOSED_CODE)
  end
end

-- The handler gets the bytes, and the session has no more to do with the connection.
function methods.handler(conn, ...)
  local state = state_of(conn)
  if not state then
    return swap_handler(conn, ...)
  end
  local ok, result, message, code = pcall(swap_handler, conn, ...)
  if not ok then
    error(result, 2)
  elseif result then
    rawset(conn, STATE, nil)
    state.task.opened[conn] = nil
    state.task.handed = state.task.handed or conn == state.task.conn
    wake(state, "the connection was given to a handler", CLOSED_CODE)
  end
  return result, message, code
end

return M
