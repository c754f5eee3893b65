-- WebSockets as scripts see them: what is sent becomes frames. The same for both sides.
local codec = require("evio.codec.websocket")
local core = require("evio.core")
local deflate_of = require("evio.websocket.deflate")
local ffi = require("ffi")

local M = {
  FAILURE = "the other side has an error", -- what a peer is told of one
  current = nil, -- the one whose event of data is handled: what it sends goes out with all that the event sends
}

local leaves = codec.leaves
local live = ffi.cast("struct evio_live *", core.live)
local methods = core.conn_methods
local first_of, new_key, pack = codec.first_of, codec.new_key, codec.pack
local CLOSE, PING, COMPRESSED = codec.CLOSE, codec.PING, codec.COMPRESSED
local MOST_CONTROL = 125
local NO_CODE, FAILED = 1005, 1011 -- RFC 6455, 7.4.1

local Socket = {}
Socket.__index = Socket
Socket.__name = "evio.websocket"
M.methods = Socket

function M.is(value)
  return getmetatable(value) == Socket
end

function Socket.__tostring(self)
  return ("websocket of %s"):format(tostring(self.conn))
end

-- Puts a frame of n bytes, a string or a pointer, behind what its event sends.
local function put(self, first, data, n)
  leaves.put(live, first, data, n, self._masks and new_key() or nil)
  return live.out_length
end

-- Sends one. Returns what conn:write does.
local function send(self, first, data, n)
  if M.current == self and live.halt == 0 and live.finished == 0 then
    return put(self, first, data, n)
  end
  return methods.write(self.conn, pack(first, data, n, self._masks and new_key() or nil))
end

-- Sends a message. Returns how many bytes wait to be sent, or false where the WebSocket is closing or gone.
function Socket:send(data, kind)
  local first = first_of("ws:send", data, kind)
  local deflate = self._deflate
  if not self._open then
    return false
  elseif deflate and #data >= deflate.threshold then
    local packed, n = deflate:pack(data)
    if packed then
      return send(self, first + COMPRESSED, packed, n)
    end
  end
  return send(self, first, data, #data)
end

-- Sends bytes that evio.websocket.encode made.
function Socket:send_frame(frame)
  if type(frame) ~= "string" then
    error(("ws:send_frame: the frame is a %s, expected what evio.websocket.encode made"):format(type(frame)), 2)
  elseif self._masks then
    error("ws:send_frame: a client masks each of its frames anew, expected ws:send", 2)
  end
  return self._open and methods.write(self.conn, frame)
end

local function check_control(name, data, most)
  if type(data) ~= "string" then
    error(("%s: a %s, expected a string"):format(name, type(data)), 3)
  elseif #data > most then
    error(("%s: %d bytes, expected %d at most"):format(name, #data, most), 3)
  end
end

function Socket:ping(data)
  check_control("ws:ping", data or "", MOST_CONTROL)
  return self._open and send(self, PING, data or "", #(data or ""))
end

M.send = send

-- Says goodbye: nothing is sent or told of from here on. In its own event that comes out though a handler's error has
-- closed the connection.
local function say_close(self, code, reason)
  local bytes = code == NO_CODE and "" or string.char(math.floor(code / 256), code % 256) .. reason
  self._open = false
  return (M.current == self and put or send)(self, CLOSE, bytes, #bytes)
end

M.say_close = say_close

-- The connection ends when the peer has answered, or has not in time.
local function await_answer(self)
  self._timer = core.after(self._seconds, function()
    self._timer = nil
    methods.close(self.conn)
  end)
end

function Socket:close(code, reason)
  if code ~= nil and (type(code) ~= "number" or leaves.may_send(code) == 0) then
    error(("ws:close: the code is %s, expected 1000 to 1003, 1007 to 1014 or 3000 to 4999"):format(tostring(code)), 2)
  end
  check_control("ws:close", reason or "", MOST_CONTROL - 2)
  if leaves.find_no_text(reason or "", #(reason or "")) >= 0 then
    error("ws:close: the reason is not UTF-8", 2)
  end
  if not self._open then
    if self._dials then
      self._dials = false
      methods.close(self.conn)
    end
    return false
  end
  await_answer(self)
  return say_close(self, code or 1000, reason or "")
end

-- How many bytes wait to be sent; false for one that is gone.
function Socket:pending()
  return methods.pending(self.conn)
end

function Socket:_stop_timer()
  if self._timer then
    self._timer:cancel()
    self._timer = nil
  end
end

-- An error's message.
function M.text_of(err)
  return type(err) == "string" and err or ("(error object is a %s)"):format(type(err))
end

-- Ends the connection because a function of the script's failed, which the name tells, where nobody else reports it.
function M.break_off(self, err, traceback, name)
  if self._open then
    self._code = FAILED
    say_close(self, FAILED, M.FAILURE)
  end
  core.fail_session(self.conn, M.text_of(err), traceback, name)
end

-- Sends a message to each of a table whose keys or values are WebSockets: a list, or a set. The bytes are made once.
-- Returns how many of them were open.
function M.broadcast(sockets, data, kind)
  local first, frame, count = first_of("evio.websocket.broadcast", data, kind), nil, 0
  for key, value in next, sockets do
    local ws = M.is(value) and value or key
    if not M.is(ws) then
      error(("evio.websocket.broadcast: a %s among the WebSockets"):format(type(value)), 2)
    elseif ws._open then
      count = count + 1
      if ws._masks then
        send(ws, first, data, #data)
      else
        frame = frame or pack(first, data, #data, nil)
        methods.write(ws.conn, frame)
      end
    end
  end
  return count
end

-- A WebSocket that is not open yet. `settings` has message, seconds and ping.
function M.new(conn, handlers, settings, is_client)
  return setmetatable({
    conn = conn, protocol = nil, _open = false, _masks = is_client, _events = handlers, _seconds = settings.seconds,
    _ping = settings.ping, _frame = codec.new_state(not is_client, settings.message, false), _code = nil,
    _reason = nil, _parts = nil, _timer = nil, _pings = nil, _quiet = false, _told = nil, _deflate = nil,
    _inbox = nil, _dials = is_client,
  }, Socket)
end

-- Both sides compress from here on; see deflate.lua.
function Socket:_compress(agreed, settings)
  self._frame.compresses = 1
  self._deflate = deflate_of.new(agreed, settings)
end

return M
