-- HTTP/1.1 servers (RFC 9110, RFC 9112): requests, one after the other, whose bodies are whole when the script's
-- handler gets them, or come in parts behind it. A leaf in C finds heads and refuses what could be understood in two
-- ways.
local answer_of = require("evio.http.answer")
local band = require("bit").band
local bodies = require("evio.http.body")
local core = require("evio.core")
local ffi = require("ffi")
local handlers = require("evio.http.handler")
local later = require("evio.http.later")
local memory = require("evio.http.memory")
local message = require("evio.http.message")
local settings_of = require("evio.settings")
local stream = require("evio.stream")

local M = {}

local leaves, live = stream.leaves, stream.live
local methods = core.conn_methods
local string_of = ffi.string
local head = memory.head
local put, refuse = answer_of.put, answer_of.refuse
local error, setmetatable, tonumber, try = error, setmetatable, tonumber, core.try
local metatable, path_of = message.request_metatable, message.path_of
local COMPLETE, MORE, REQUEST = 1, 0, 0
local CHUNKED, CLOSE = 1, 2 -- flags of a head
local LARGE = 16384 -- bytes of a body that is not copied: it goes to the socket, or the translator, as it is

local STATE = answer_of.STATE

local SIZE = "a whole number of bytes from 1 to 2^30"
local kinds = {
  line = { "number", SIZE, from = 1, to = 2 ^ 30 },
  head = { "number", SIZE, from = 1, to = 2 ^ 30 },
  body = { "number", "a whole number of bytes from 0 to 2^53", from = 0, to = 2 ^ 53 },
  seconds = { "number", "seconds above 0" },
  stream = { "boolean", "true or false" },
}

local function stop_timer(state)
  if state.timer then
    state.timer:cancel()
    state.timer = nil
  end
end

-- Requests -------------------------------------------------------------------------------------------
-- Each function takes what state.take waits for, and returns whether that was here, an action, and output that ends the
-- event.

local take_head

local function run(handler, state, request)
  local response = handler(request)
  if response ~= nil then
    return answer_of.pack(state, request, response)
  end
end

-- The answer is not complete. The next request waits for it; the body of this one does not. While a connection is not
-- read, its end is not seen either.
local function wait_for_answer(conn, state)
  if state.request then
    return true
  elseif state.out and state.out.ends_with_peer then
    return false
  end
  state.paused = true
  methods.pause(conn)
  return false
end

-- The handler's answer; nil is one that comes later, with request:respond, or request:stream that has begun it.
-- The call goes through C, where LuaJIT's traces end: a handler that it cannot compile, as one that makes functions,
-- costs only itself.
local function answer(conn, state, request)
  state.due = request
  local ok, bytes, body, upgrade, file = try(run, state.handler, state, request)
  if ok and bytes == nil and state.due then
    return wait_for_answer(conn, state)
  end
  local begun = state.due == nil or state.out ~= nil
  state.due = nil
  if ok and bytes and begun then
    error("the handler returned a response to a request that it had answered", 0)
  elseif begun then
    return true, (not ok or state.closing) and "close" or nil
  elseif not ok then
    return refuse(state, 500, "the server has an error")
  end
  put(bytes)
  if upgrade then
    rawset(conn, STATE, nil)
    return true, answer_of.upgrade(conn, upgrade)
  end
  local action = state.closing and "close" or nil
  if #body >= LARGE then
    return true, action, body
  end
  put(body)
  if file then
    answer_of.send_file(conn, file)
  end
  return true, action
end

local function answer_whole(conn, state, request)
  state.take = take_head
  return answer(conn, state, request)
end

-- A body that came in parts is there, for the sink of which this is the end.
local function end_body(conn, state, _, sink)
  state.take = take_head
  if not try(sink, nil) then
    return false
  elseif state.due then
    return wait_for_answer(conn, state)
  end
  return true
end

-- A request whose body is to come in parts: the handler is called in front of it.
local function begin_parts(conn, state, request, length, flags)
  request.body = nil
  local went_on, action = bodies.begin(state, request, length, flags)
  if not state.take then
    return went_on, action -- it is refused
  end
  return answer(conn, state, request)
end

-- Only keys with values that are constants are in the table from the beginning, once it is bytecode; each that is added
-- may make the table anew.
local function make_request(conn)
  local request = { conn = false, method = "", target = "", path = "", version = "1.1", head = "", body = "" }
  local data = head.data
  request.conn = conn
  request.method = string_of(data + head.method.at, head.method.length)
  request.target = string_of(data + head.target.at, head.target.length)
  request.path = path_of(request.target)
  request.head = string_of(data + head.method.at, head.used - head.method.at) -- without empty lines in front of it
  if head.minor == 0 then
    request.version = "1.0"
  end
  return setmetatable(request, metatable)
end

-- A function of its own: LuaJIT compiles none that makes functions.
local function start_timer(conn, state)
  state.timer = core.after(state.limits.seconds, function()
    state.timer = nil
    methods.write(conn, answer_of.pack_refusal(408, "the request took too long"))
    methods.close(conn)
  end)
end

function take_head(conn, state)
  head.most_line, head.most_head = state.limits.line, state.limits.head
  local status = leaves.http_next(live, head, REQUEST)
  if status == MORE then
    if not state.timer and live.used < live.length then
      start_timer(conn, state)
    end
    return false
  end
  stop_timer(state)
  if status ~= COMPLETE then
    state.method = string_of(head.data + head.method.at, head.method.length)
    return refuse(state, head.status, string_of(head.message))
  end
  local request, length, flags = make_request(conn), tonumber(head.length), head.flags
  state.closing, state.method = band(flags, CLOSE) ~= 0, request.method
  if request.method == "CONNECT" then -- RFC 9110, 9.3.6: what a 2xx begins is no answer with a body
    return refuse(state, 501, "CONNECT makes a tunnel, which is for proxies")
  elseif length <= 0 and band(flags, CHUNKED) == 0 then
    return answer(conn, state, request)
  elseif state.limits.stream then
    return begin_parts(conn, state, request, length, flags)
  end
  return bodies.begin(state, request, length, flags, true)
end

-- Events ---------------------------------------------------------------------------------------------

local function finish(more, action, out)
  live.more = more
  return out or "", action
end

local function step(conn, state)
  local went_on, action, out = state.take(conn, state)
  if not went_on or action ~= nil or out or live.halt ~= 0 then
    return finish(went_on and 1 or 0, action, out)
  end
  return step(conn, state)
end

local function check(settings)
  settings_of.check("evio.http.server", settings, kinds, 1)
  local seconds = settings.seconds or 10
  if not (seconds > 0 and seconds <= 1e9) then
    error(("evio.http.server: seconds is %g, expected %s"):format(seconds, kinds.seconds[2]), 3)
  end
  return { line = settings.line or 8192, head = settings.head or 65536,
    body = settings.body or settings.stream and 2 ^ 53 or 2 ^ 20, seconds = seconds, stream = settings.stream }
end

-- A peer that has finished sending still gets the answer that is due, unless its request was cut; but nobody reads
-- events without listening for more.
local function on_eof(conn)
  local state = rawget(conn, STATE)
  if state and state.request and not state.parts then
    later.cut(state, "the peer finished in the middle of the body", "ECUT")
  elseif state and state.due and not (state.out and state.out.ends_with_peer) then
    state.closing = true
    return nil, "none"
  end
end

-- An events table of a server whose handler(request) returns a response, or nil and answers later. `settings` are
-- limits: bytes of the first `line`, of the `head` and of the `body`, and in how many `seconds` a head has to come;
-- and with `stream` bodies come in parts.
function M.new(handler, settings)
  handler = handlers.check("evio.http.server", handler)
  local limits = check(settings or {})
  local finish_body = limits.stream and end_body or answer_whole

  local function drive(conn)
    stream.begin(conn)
    local state = rawget(conn, STATE)
    if not state then
      state = { take = take_head, finish = finish_body, refuse = refuse, handler = handler, limits = limits }
      rawset(conn, STATE, state)
    end
    if state.due and not state.request or not state.take then
      return finish(0) -- an answer is due, or the connection ends
    end
    return step(conn, state)
  end

  return {
    data = stream.driven(handler, drive),
    eof = on_eof,
    drained = function(conn)
      local state = rawget(conn, STATE)
      if state then
        later.on_drained(state)
      end
    end,
    closed = function(conn, err, code)
      local state = rawget(conn, STATE)
      if state then
        stop_timer(state)
        later.on_closed(state, err, code)
      end
    end,
  }
end

return M
