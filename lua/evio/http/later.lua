-- Answers that come later than the handler returned, whole or as streams; and bodies of requests as they come.
local answer = require("evio.http.answer")
local core = require("evio.core")
local message = require("evio.http.message")
local tasks = require("evio.task")

local M = {}

local methods, request_methods = core.conn_methods, message.methods
local STATE = answer.STATE

-- The state of a request's connection, where its answer has not begun. Level 3: where a method of it was called.
local function state_of(request, name)
  local state = rawget(request.conn, STATE)
  if not state or state.due ~= request or state.out then
    error(("request:%s: the request was answered already"):format(name), 3)
  end
  return state
end

-- Answers a request. Returns what conn:write does.
function request_methods.respond(request, response)
  local state, conn = state_of(request, "respond"), request.conn
  local ok, bytes, body, upgrade, file = pcall(answer.pack, state, request, response)
  if not ok then
    error("request:respond: " .. bytes, 2)
  end
  local pending, why, code = methods.write(conn, bytes .. body)
  if file then
    answer.send_file(conn, file)
  end
  if not upgrade then
    answer.complete(conn, state)
    return pending, why, code
  end
  state.due = nil
  rawset(conn, STATE, nil)
  if answer.upgrade(conn, upgrade) == "close" or state.closing then -- the peer has finished, perhaps
    methods.close(conn)
  end
  core.read_on(conn)
  return pending, why, code
end

-- Streams ------------------------------------------------------------------------------------------

-- A stream: { request, framing, left: bytes that are missing of a length, finished, and the script's `drained` and
-- `closed` }.
local Stream = {}
Stream.__index = Stream
Stream.__name = "evio.http.stream"

-- Answers a request with a stream: the head leaves now.
function request_methods.stream(request, response)
  local state = state_of(request, "stream")
  if response ~= nil and type(response) ~= "table" then
    error(("request:stream: the response is a %s, expected a table"):format(type(response)), 2)
  end
  local ok, bytes, framing = pcall(answer.pack_stream, state, request, response or {})
  if not ok then
    error("request:stream: " .. bytes, 2)
  end
  local out = setmetatable({ request = request, framing = framing, left = response and response.length or 0,
    finished = false }, Stream)
  state.out = out
  methods.write(request.conn, bytes)
  return out
end

-- In a session it waits while the queue is full.
local function wait_for_room(conn, state, pending)
  local task = state.task
  if pending and task and core.is_congested(conn) and tasks.running() == task and coroutine.isyieldable() then
    state.writer = true
    tasks.wait()
    return methods.pending(conn)
  end
  return pending
end

-- Sends a part of the body. Returns what conn:write does.
function Stream:write(bytes)
  if type(bytes) ~= "string" then
    error(("stream:write: a %s, expected a string"):format(type(bytes)), 2)
  elseif self.finished then
    error("stream:write: the stream is finished", 2)
  end
  local conn, framing, frame = self.request.conn, self.framing, bytes
  if framing == "length" then
    if #bytes > self.left then
      error(("stream:write: %d bytes, where %.0f are left of the response's length"):format(#bytes, self.left), 2)
    end
    self.left = self.left - #bytes
  elseif framing == "bare" then
    frame = ""
  elseif framing == "chunked" and bytes ~= "" then
    frame = ("%x\r\n%s\r\n"):format(#bytes, bytes)
  end
  local pending, why, code = methods.write(conn, frame)
  local state = rawget(conn, STATE)
  return pending and wait_for_room(conn, state, pending), why, code
end

-- Ends the body, with trailers where it is in chunks. Returns what conn:write does.
function Stream:finish(trailers)
  local conn = self.request.conn
  local state = rawget(conn, STATE)
  if self.finished then
    error("stream:finish: the stream is finished", 2)
  elseif trailers ~= nil and type(trailers) ~= "table" then
    error(("stream:finish: the trailers are a %s, expected a table"):format(type(trailers)), 2)
  end
  local ok, last = pcall(message.pack_last_chunk, trailers)
  if not ok then
    error("stream:finish: " .. last, 2)
  end
  self.finished = true
  if self.framing == "length" and self.left > 0 then
    methods.close(conn)
    error(("stream:finish: %.0f bytes are missing of the response's length"):format(self.left), 2)
  end
  local pending, why, code = methods.write(conn, self.framing == "chunked" and last or "")
  if state and state.out == self then
    answer.complete(conn, state)
  end
  return pending, why, code
end

-- Bytes of the connection's output that the system has not taken.
function Stream:pending()
  return methods.pending(self.request.conn)
end

-- Bodies -------------------------------------------------------------------------------------------

-- Calls fn with each part of the body as it comes; at the end with nil, and where the body was cut with nil, what
-- happened, and a code.
function request_methods.receive(request, fn)
  local state = rawget(request.conn, STATE)
  if type(fn) ~= "function" then
    error(("request:receive: a %s, expected a function(bytes, err, code)"):format(type(fn)), 2)
  elseif request.body and request.body ~= "" then
    error("request:receive: the body is whole, in request.body; the setting `stream` is for parts of it", 2)
  elseif not state or state.request ~= request then
    return fn(nil)
  end
  state.sink = fn
  if state.held then
    state.held = false
    core.read_on(request.conn)
  end
end

-- Events -------------------------------------------------------------------------------------------

function M.on_drained(state)
  if state.writer then
    state.writer = nil
    tasks.resume(state.task)
  elseif state.out and state.out.drained then
    state.out:drained()
  end
end

-- No more of the body comes.
function M.cut(state, message_text, code)
  local sink = state.sink
  state.sink, state.request = nil, nil
  if sink then
    sink(nil, message_text, code)
  end
end

function M.on_closed(state, err, code)
  local out = state.out
  state.out, state.due = nil, nil
  if state.request and not state.parts then
    M.cut(state, err or "the connection is closed", code or "EPIPE")
  end
  if state.writer then
    state.writer = nil
    tasks.resume(state.task)
  end
  if out and out.closed then
    out:closed(err, code)
  end
end

return M
