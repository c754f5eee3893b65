-- Responses as a client takes them: their heads, and how their bodies are framed (RFC 9112, 6.3).
local band = require("bit").band
local bodies = require("evio.http.body")
local ffi = require("ffi")
local fields = require("evio.http.fields")
local memory = require("evio.http.memory")
local stream = require("evio.stream")

local M = {}

local leaves, live = stream.leaves, stream.live
local head = memory.head
local string_of = ffi.string
local COMPLETE, MORE, RESPONSE = 1, 0, 1
local CHUNKED, CLOSE = 1, 2 -- flags of a head
local SWITCHING = 101

local function make_response(conn)
  local text = string_of(head.data, head.used)
  local response = {
    conn = conn,
    status = head.status,
    reason = string_of(head.data + head.reason.at, head.reason.length),
    version = head.minor == 0 and "1.0" or "1.1",
    head = text,
    headers = fields.parse(text),
  }
  if response.headers["set-cookie"] then -- the one field whose values do not become a list: RFC 9110, 5.3
    response.set_cookie = {}
    for name, value in text:gmatch("\r\n([^:\r\n]+):[ \t]*([^\r\n]*)") do
      if name:lower() == "set-cookie" then
        table.insert(response.set_cookie, value)
      end
    end
  end
  return response
end

-- The connection's state is that of a body, with `exchange`, whose answer is to come, `pool`, which has `settings` with
-- the limits, and `endless` ones for a body that comes in parts, and switch(conn, state, response) for a 101.
-- state.closing is whether the connection ends behind the response.
function M.take_head(conn, state)
  local exchange = state.exchange
  exchange.answered = exchange.answered or live.used < live.length
  state.limits = exchange.chunk and state.pool.endless or state.pool.settings
  head.most_line, head.most_head = state.limits.line, state.limits.head
  local status = leaves.http_next(live, head, RESPONSE)
  if status == MORE then
    return false
  elseif status ~= COMPLETE then
    return state.refuse(state, head.status, string_of(head.message))
  elseif head.status < 200 and head.status ~= SWITCHING then
    return true -- RFC 9110, 15.2: there is another one to come
  end
  local flags, length = head.flags, tonumber(head.length)
  local response = make_response(conn)
  state.closing = band(flags, CLOSE) ~= 0
  if response.status == SWITCHING then
    return state.switch(conn, state, response)
  elseif exchange.method == "HEAD" or response.status == 204 or response.status == 304 or length == 0 then
    response.body = not exchange.chunk and "" or nil
    return state.finish(conn, state, response)
  elseif length < 0 and band(flags, CHUNKED) == 0 then
    state.closing = true
  end
  local chunk = exchange.chunk
  state.sink = chunk and function(bytes) chunk(bytes, response) end or nil
  return bodies.begin(state, response, length, flags, not chunk)
end

return M
