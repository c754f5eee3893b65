-- evio.mux: one port for several protocols, told apart by the first bytes that a client sends.
local core = require("evio.core")
local settings = require("evio.settings")
local stream = require("evio.stream")

local M = {}

local EVENTS = { "table", "an events table" }
local kinds = {
  tls = { "userdata", "what evio.tls makes" }, http = EVENTS, resp = EVENTS, default = EVENTS,
  timeout = { "number", "seconds above 0" },
}
local MOST_METHOD = 20 -- bytes of a request's method
local TIMEOUT = 5

-- Each says of the first bytes whether they are its protocol's: true, false, or nil while more have to come.
local recognizers = {}

-- A handshake's record (RFC 8446, 5.1).
function recognizers.tls(bytes)
  if bytes:byte(1) ~= 22 then
    return false
  end
  return bytes:byte(2) and bytes:byte(2) == 3
end

-- An array; an inline command looks like a line of anything.
function recognizers.resp(bytes)
  return bytes:byte(1) == 42
end

-- A method, and the beginning of a target (RFC 9112, 3).
function recognizers.http(bytes)
  local method, rest = bytes:match("^(%u+)(.*)$")
  if not method or #method > MOST_METHOD or rest:byte(1) and rest:byte(1) ~= 32 then
    return false
  end
  return #rest > 1 and rest:find("^ [/*%l]") ~= nil or #rest < 2 and nil
end

local ORDER = { "tls", "resp", "http" }

-- The name of the protocol that bytes begin; nil while it may still be one of several.
local function recognize(bytes, choices, inside)
  local undecided = false
  for _, name in ipairs(ORDER) do
    if choices[name] and not (inside and name == "tls") then
      local is = recognizers[name](bytes)
      if is then
        return name
      end
      undecided = undecided or is == nil
    end
  end
  return not undecided and "default" or nil
end

-- Raises where evio.mux was called, for events that a connection could not have, too.
local function check(choices)
  if choices.tls and core.maker_name(choices.tls) ~= "evio.tls" then
    error("evio.mux: tls is a userdata, expected what evio.tls makes", 3)
  elseif choices.timeout and not (choices.timeout > 0 and choices.timeout <= 1e9) then
    error(("evio.mux: timeout is %g, expected seconds above 0"):format(choices.timeout), 3)
  end
  for _, name in ipairs({ "resp", "http", "default" }) do
    local ok, message = pcall(core.check_events, choices[name] or {})
    if not ok then
      error(("evio.mux: %s: %s"):format(name, message), 3)
    end
  end
end

local function open(conn, chosen)
  local out, action = chosen.opened(conn)
  if out ~= nil and type(out) ~= "string" and not stream.is_buffer(out) then
    error(("opened returned a %s as out, expected a string, a string.buffer or nil"):format(type(out)), 0)
  end
  return out, action
end

-- An events table for connections that speak one of the protocols: `tls`, a maker, in which the others are
-- looked for again; `resp` and `http`, events tables; and `default` for everything else, without which it ends
-- the connection. Who says nothing for `timeout` seconds, 5 unless set, is disconnected.
function M.new(choices)
  settings.check("evio.mux", choices, kinds)
  check(choices)
  local timers = setmetatable({}, { __mode = "k" }) -- of connections that are undecided
  local undecided = setmetatable({}, { __mode = "k" }) -- those that sent something
  local inside = setmetatable({}, { __mode = "k" }) -- those whose TLS is open
  local seconds = choices.timeout or TIMEOUT
  local events = {}

  local function decide(conn)
    timers[conn]:cancel()
    timers[conn] = nil
  end

  function events.opened(conn)
    timers[conn] = core.after(seconds, function()
      conn:fail(("no protocol was recognized for %g s"):format(seconds))
    end)
  end

  events.data = stream.new(function(conn, input)
    local name = recognize(input:peek(math.min(#input, MOST_METHOD + 2)), choices, inside[conn])
    if not name then
      undecided[conn] = true
      return
    elseif name == "tls" then
      inside[conn], undecided[conn] = true, nil
      core.push_behind(conn, choices.tls, input:take())
      return
    end
    decide(conn)
    local chosen = choices[name]
    if not chosen then
      conn:fail("no protocol was recognized")
      return
    end
    conn:handler(chosen)
    if chosen.opened then
      return open(conn, chosen)
    end
  end)

  function events.eof(conn)
    if undecided[conn] then
      conn:fail("the peer finished before a protocol was recognized")
    end
  end

  function events.closed(conn)
    if timers[conn] then
      decide(conn)
    end
  end

  return events
end

return M
