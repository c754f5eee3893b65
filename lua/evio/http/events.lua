-- Server-sent events: the media type text/event-stream (WHATWG HTML, 9.2).
local answer = require("evio.http.answer")
local core = require("evio.core")
local fields = require("evio.http.fields")
local message = require("evio.http.message")

local M = {}

local function check_line(who, name, value)
  if type(value) ~= "string" and type(value) ~= "number" or tostring(value):find("[%z\r\n]") then
    error(("%s: the %s is %s, expected text in one line"):format(who, name,
      type(value) == "string" and ("%q"):format(value) or "a " .. type(value)), 0)
  end
  return value
end

local function put_field(lines, who, name, value)
  if value ~= nil then
    lines[#lines + 1] = ("%s: %s\n"):format(name, check_line(who, name, value))
  end
end

local function encode(who, event)
  local parts, lines = type(event) == "table" and event or { data = event }, {}
  local data, retry = parts.data, parts.retry
  if type(data) ~= "string" and (data ~= nil or parts ~= event) then
    error(("%s: the data is a %s, expected a string"):format(who, type(data)), 3)
  elseif retry ~= nil and (type(retry) ~= "number" or retry < 0 or retry % 1 ~= 0) then
    error(("%s: retry is %s, expected a whole number of milliseconds"):format(who, tostring(retry)), 3)
  end
  for _, name in ipairs({ "event", "id", "retry" }) do
    put_field(lines, who, name, parts[name])
  end
  if data then
    for line in (data:gsub("\r\n?", "\n") .. "\n"):gmatch("(.-)\n") do
      lines[#lines + 1] = "data: " .. line .. "\n"
    end
  end
  return table.concat(lines) .. "\n"
end

-- The bytes of an event: text, or { data, event, id, retry: milliseconds }. One for many streams, with stream:write.
function M.encode(event)
  return encode("evio.http.encode_event", event)
end

-- Answers a request with a stream of events, which has stream:send(event) and stream:comment(text) besides.
function message.methods.events(request, response)
  local headers = { ["Content-Type"] = "text/event-stream", ["Cache-Control"] = "no-store" }
  local own = response and response.headers or {}
  if fields.find(own, "content-type") then
    error("request:events: the Content-Type is text/event-stream", 2)
  end
  for name, value in next, own do
    headers[name] = value
  end
  local out = request:stream({ status = response and response.status, headers = headers })
  out.ends_with_peer = true
  local state = rawget(request.conn, answer.STATE)
  if state and state.paused then
    state.paused = nil
    core.read_on(request.conn)
  end
  function out:send(event)
    return self:write(encode("stream:send", event))
  end
  function out:comment(text)
    return self:write(": " .. check_line("stream:comment", "text", text) .. "\n")
  end
  return out
end

return M
