-- How HTTP servers answer. A connection's state is { take: the function for what comes next, due: the request that is
-- not answered yet, out: the stream that answers it, request: the one whose body is coming, closing: whether the
-- connection ends behind the answer, paused: whether it waits for it, method: that of the last head, ... }.
local core = require("evio.core")
local message = require("evio.http.message")
local stream = require("evio.stream")

local M = {}

local leaves, live = stream.leaves, stream.live
local methods = core.conn_methods
local floor = math.floor
local pack = message.pack_response

M.STATE = {} -- the key of a connection's state in its table

-- Queues output of the event that is handled.
local function put(bytes)
  leaves.put(live, bytes, #bytes)
end

local date_second, date_line = 0, ""

-- The line of the date, made once a second.
local function date()
  local second = floor(leaves.time())
  if second ~= date_second then
    date_second, date_line = second, os.date("!Date: %a, %d %b %Y %H:%M:%S GMT\r\n", second)
  end
  return date_line
end

-- The line that tells what becomes of the connection behind a response. A body that nobody read is not waited for.
local function connection_line(state, request)
  state.closing = state.closing or state.request ~= nil
  if state.closing then
    return "Connection: close\r\n"
  elseif request.version == "1.0" then
    return "Connection: keep-alive\r\n"
  end
  return ""
end

-- The bytes of a request's answer: its head and its body; the events of what the connection is upgraded to, or nil;
-- and the response if its file is to be sent behind them, or nil.
function M.pack(state, request, response)
  if type(response) == "table" and response.upgrade ~= nil then
    return message.pack_upgrade(response, date()), "", response.upgrade
  end
  local bare = request.method == "HEAD"
  local bytes, body = pack(response, date(), connection_line(state, request), bare)
  local file = type(response) == "table" and response.file
  if not file then
    return bytes, body
  elseif bare then
    file:close()
    return bytes, body
  end
  return bytes, body, nil, response
end

-- Sends the file of a response that `pack` returned, behind its bytes.
function M.send_file(conn, response)
  core.send_file(conn, response.file, response.from, response.length)
end

-- The head of an answer whose body is a stream, and how that is framed. It may begin in front of the request's body's
-- end.
function M.pack_stream(state, request, response)
  local coming = state.request
  state.request, state.closing = nil, state.closing or request.version == "1.0" and response.length == nil
  local ok, bytes, framing = pcall(message.pack_stream, response, date(), connection_line(state, request), request)
  state.request = coming
  if not ok then
    error(bytes, 0)
  end
  return bytes, framing
end

-- The bytes of an answer behind which the connection ends, which says why; of HEAD without the text.
function M.pack_refusal(status, text, method)
  local bytes, body = pack({ status = status, body = text .. "\n" }, date(), "Connection: close\r\n", method == "HEAD")
  return bytes .. body
end

-- The answer that was due is out: goes on with the next request.
function M.complete(conn, state)
  state.due, state.out = nil, nil
  if state.closing or state.request then
    methods.close(conn)
  elseif state.paused then
    state.paused = nil
    core.read_on(conn)
  end
end

-- Answers so and takes nothing more: what a function that takes a part returns.
function M.refuse(state, status, text)
  state.take = nil
  put(M.pack_refusal(status, text, state.method))
  live.used = live.length
  return true, "close"
end

-- Behind a 101 the connection has other events, which get what is unread.
function M.upgrade(conn, events)
  methods.handler(conn, events)
  if events.opened then
    local out, action = events.opened(conn)
    if out then
      methods.write(conn, out)
    end
    return action
  end
end

M.put = put

return M
