-- WebSockets on connections: what comes becomes events. The same for both sides.
local buffer = require("string.buffer")
local codec = require("evio.codec.websocket")
local core = require("evio.core")
local ffi = require("ffi")
local sockets = require("evio.websocket.socket")
local stream = require("evio.stream")

local M = {}

local leaves = codec.leaves
local live = ffi.cast("struct evio_live *", core.live)
local methods, try = core.conn_methods, core.try
local string_of, rawget = ffi.string, rawget
local send, say_close = sockets.send, sockets.say_close
local MORE, WHOLE, PART, CONTROL = codec.MORE, codec.WHOLE, codec.PART, codec.CONTROL
local PONG = codec.PONG
local GOING_AWAY, CUT, FAILED = 1001, 1006, 1011 -- RFC 6455, 7.4.1
local GRACE = 0.1 -- seconds

local SOCKET = {} -- the key of a connection's WebSocket in its table

-- Ends the connection because of what the peer did, or what a handler failed to do.
local function fail(self, code, reason)
  if self._open then
    self._code, self._reason = code, reason
    say_close(self, code, reason)
  end
  live.used = live.length
  return "close"
end

-- Calls a handler of the script's. The call goes through C, where LuaJIT's traces end: one that cannot be compiled
-- costs only itself.
local function call(self, handler, data, kind)
  if not try(handler, self, data, kind) then
    local action = fail(self, FAILED, sockets.FAILURE)
    self._reason = nil -- what the connection ended with says more
    return action
  end
end

-- Returns an action, as those below.
local function tell(self, data, kind)
  local handler = self._events.message
  if handler and self._open then
    return call(self, handler, data, kind)
  end
end

local function take_close(self, frame)
  self._code = frame.code
  self._reason = frame.length > 2 and string_of(frame.data + 2, frame.length - 2) or ""
  if self._open then
    say_close(self, frame.code, "")
  end
  live.used = live.length
  return "close"
end

local function take_control(self, frame)
  local opcode = frame.opcode
  if opcode == 8 then
    return take_close(self, frame)
  elseif not self._open then
    return nil
  elseif opcode == 9 then
    send(self, PONG, frame.data, frame.length)
  elseif self._events.pong then
    return call(self, self._events.pong, string_of(frame.data, frame.length))
  end
end

-- A message that will not become whole. Its memory is not waited for.
local function drop_parts(self)
  if self._parts then
    self._parts:free()
    self._parts = nil
  end
end

-- The next part of a message that has not come at once, or has to be inflated.
local function take_part(self, frame, status)
  local parts = self._parts
  if not parts then
    parts = buffer.new()
    self._parts = parts
  end
  if frame.compressed ~= 0 then
    local code, why = self._deflate:take(frame, parts, status ~= PART)
    if code then
      drop_parts(self)
      return fail(self, code, why)
    end
  else
    parts:putcdata(frame.data, frame.length)
  end
  if status ~= PART then
    self._parts = nil
    local data = parts:get()
    parts:free()
    return tell(self, data, frame.opcode == 1 and "text" or "binary")
  end
end

local function finish(more, action)
  sockets.current = nil
  live.more = more
  return "", action
end

local function step(conn, self, frame)
  local status = leaves.next(live, frame)
  local action
  if status == WHOLE and frame.compressed == 0 then
    action = tell(self, string_of(frame.data, frame.length), frame.opcode == 1 and "text" or "binary")
  elseif status == MORE then
    return finish(0)
  elseif status == CONTROL then
    action = take_control(self, frame)
  elseif status > 0 then
    action = take_part(self, frame, status)
  else
    action = fail(self, frame.code, string_of(frame.message))
  end
  if action ~= nil or live.halt ~= 0 then
    return finish(1, action)
  end
  return step(conn, self, frame)
end

local function drive(conn)
  stream.begin(conn)
  local self = rawget(conn, SOCKET)
  sockets.current = self
  self._quiet = false
  return step(conn, self, self._frame)
end

-- Whether nothing can come, because nothing is read.
local function is_held(self)
  return core.is_congested(self.conn) or self._inbox and self._inbox.paused
end

-- Sends a ping where nothing came for so long; where nothing came of that either, the peer is gone.
local function start_pings(self, seconds)
  self._quiet = false
  self._pings = core.every(seconds, function()
    if is_held(self) then
      self._quiet = false
    elseif self._quiet == "asked" then
      self._quiet = "late"
      core.after(GRACE, function() -- if the loop itself was late, the answer is here, and read before that
        if self._quiet == "late" then
          self._reason = ("the peer did not answer a ping within %g s"):format(seconds)
          methods.abort(self.conn)
        end
      end)
    elseif self._quiet == true then
      self._quiet = "asked"
      self:ping()
    elseif not self._quiet then
      self._quiet = true
    end
  end)
end

local function on_closed(conn, message)
  local self = rawget(conn, SOCKET)
  local handler = self._events.closed
  self._open = false
  self:_stop_timer()
  drop_parts(self)
  if self._pings then
    self._pings:cancel()
  end
  if self._deflate then
    self._deflate:free()
  end
  if handler then
    return handler(self, self._code or CUT, self._reason or message or "")
  end
end

-- The events of connections whose handshake is over.
function M.events(handlers)
  return {
    data = stream.driven(handlers.message or drive, drive),
    closed = on_closed,
    drained = handlers.drained and function(conn)
      handlers.drained(rawget(conn, SOCKET))
    end,
    stopping = function(conn)
      local self = rawget(conn, SOCKET)
      if self._open then
        self._code = GOING_AWAY
        say_close(self, GOING_AWAY, "")
      end
    end,
    opened = function(conn)
      M.open(rawget(conn, SOCKET))
    end,
  }
end

-- A WebSocket that is not open yet.
function M.new(conn, handlers, settings, is_client)
  local self = sockets.new(conn, handlers, settings, is_client)
  rawset(conn, SOCKET, self)
  return self
end

-- The handshake is over; `self._told` goes to the script's opened, which may be called in anybody's event.
function M.open(self)
  local told, handler = self._told, self._events.opened
  self._told, self._open, self._dials = nil, true, false
  if self._ping then
    start_pings(self, self._ping)
  end
  local traceback
  local function trace(err)
    traceback = debug.traceback(sockets.text_of(err), 2)
    return err
  end
  if handler then
    local ok, err = xpcall(handler, trace, self, told)
    if not ok then
      sockets.break_off(self, err, traceback, "opened")
    end
  end
end

return M
