-- Bodies of requests, and of responses: of a length, in chunks with trailers, or up to the end of the connection.
-- state.take is the function that takes what comes next; each returns whether that was here, and an action. state.parts
-- is a list of the body's parts, and state.finish is called with state.request, the message that has it, when it is
-- whole; where there is no list, state.sink is called with each part, and nothing is taken while there is no sink.
-- state.refuse(state, status, text) is called for a body that is none; what it returns is returned.
local band = require("bit").band
local core = require("evio.core")
local ffi = require("ffi")
local fields = require("evio.http.fields")
local memory = require("evio.http.memory")
local stream = require("evio.stream")

local M = {}

local leaves, live = stream.leaves, stream.live
local methods, try = core.conn_methods, core.try
local head, chunk = memory.head, memory.chunk
local string_of = ffi.string
local COMPLETE, MORE = 1, 0
local CHUNKED, CONTINUE = 1, 8 -- flags of a head
local GO_ON = "HTTP/1.1 100 Continue\r\n\r\n"

local take_chunk

-- Nobody takes the body now.
local function hold(conn, state)
  state.held = true
  methods.pause(conn)
  return false
end

local function finish_body(conn, state)
  local request, sink = state.request, state.sink
  if state.parts then
    request.body = table.concat(state.parts)
  elseif not sink then
    state.take = finish_body
    return hold(conn, state)
  end
  state.request, state.parts, state.sink = nil, nil, nil
  return state.finish(conn, state, request, sink)
end
M.finish = finish_body

-- The bytes that are here of those that are left. Returns whether none is left.
local function take_bytes(conn, state)
  local n = math.min(live.length - live.used, state.left)
  if n > 0 and not state.parts and not state.sink then
    return hold(conn, state)
  elseif n > 0 then
    local bytes = string_of(live.data + live.used, n)
    live.used, state.left = live.used + n, state.left - n
    if state.parts then
      state.parts[#state.parts + 1] = bytes
    elseif not try(state.sink, bytes) then
      state.take = nil
      return false
    end
  end
  return state.left == 0
end

local function take_body(conn, state)
  if not take_bytes(conn, state) then
    return false
  end
  return finish_body(conn, state)
end

local function refuse_long(state)
  return state.refuse(state, 413, ("a body has at most %d bytes"):format(state.limits.body))
end

-- What comes is the body, whose end is the connection's.
local function take_rest(conn, state)
  state.size = state.size + live.length - live.used
  if state.size > state.limits.body then
    return refuse_long(state)
  end
  return take_bytes(conn, state)
end

local function take_trailers(conn, state)
  head.most_head = state.limits.head
  local status = leaves.http_trailers(live, head)
  if status == MORE then
    return false
  elseif status ~= COMPLETE then
    return state.refuse(state, head.status, string_of(head.message))
  end
  state.request.trailers = fields.parse("\r\n" .. string_of(head.data, head.used))
  return finish_body(conn, state)
end

local function take_chunk_end(_, state)
  if live.length - live.used < 2 then
    return false
  elseif string_of(live.data + live.used, 2) ~= "\r\n" then
    return state.refuse(state, 400, "a chunk is longer than its size")
  end
  live.used, state.take = live.used + 2, take_chunk
  return true
end

local function take_chunk_data(conn, state)
  if take_bytes(conn, state) then
    state.take = take_chunk_end
    return true
  end
  return false
end

function take_chunk(_, state)
  local status = leaves.http_chunk(live, chunk)
  if status == MORE then
    return false
  elseif status ~= COMPLETE then
    return state.refuse(state, 400, string_of(chunk.message))
  end
  state.left = tonumber(chunk.size)
  state.size = state.size + state.left
  if state.size > state.limits.body then
    return refuse_long(state)
  end
  state.take = state.left == 0 and take_trailers or take_chunk_data
  return true
end

-- A message with a body, of a length or, with -1, of none, which is collected or given out in parts: what is here of it
-- is part of the same read, most likely.
function M.begin(state, request, length, flags, collects)
  if length > state.limits.body then
    return refuse_long(state)
  elseif band(flags, CONTINUE) ~= 0 and request.version == "1.1" and live.used == live.length then
    leaves.put(live, GO_ON, #GO_ON)
  end
  state.request, state.parts, state.size, state.left = request, collects and {} or nil, 0, length
  if band(flags, CHUNKED) ~= 0 then
    state.take = take_chunk
  elseif length < 0 then
    state.take, state.left = take_rest, math.huge
  else
    state.take = take_body
  end
  return true
end

-- Whether the end of the connection ends the body.
function M.ends_with_connection(state)
  return state.take == take_rest
end

return M
