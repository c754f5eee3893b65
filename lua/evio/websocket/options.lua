-- The handlers and settings of WebSockets: checks, and what is set where nothing is.
local settings_of = require("evio.settings")

local M = {}

local SECONDS = { "number", "seconds above 0" }
local LIST = { "table", "a list of names" }

local shared = {
  protocols = LIST,
  message = { "number", "a whole number of bytes from 1 to 2^30", from = 1, to = 2 ^ 30 },
  seconds = SECONDS,
  ping = SECONDS,
  deflate = { "table", "true or a table", true },
}

local deflate_kinds = {
  level = { "number", "a whole number from 1 to 9", from = 1, to = 9 },
  window = { "number", "a whole number from 9 to 15", from = 9, to = 15 },
  memory = { "number", "a whole number from 1 to 9", from = 1, to = 9 },
  takeover = { "boolean", "true or false" },
  threshold = { "number", "a whole number of bytes from 1 to 2^30", from = 1, to = 2 ^ 30 },
}

-- Every message may refer to those before it, unless that is not wanted.
local function fill_deflate(given)
  local s = settings_of.copy(given == true and {} or given)
  s.level, s.window, s.memory, s.threshold = s.level or 6, s.window or 15, s.memory or 8, s.threshold or 1024
  s.takeover = s.takeover ~= false
  return s
end

local function with(more)
  local kinds = settings_of.copy(shared)
  for name, kind in next, more do
    kinds[name] = kind
  end
  return kinds
end

M.SERVER = {
  kinds = with({ origins = { "table", "a list of origins or a function(origin, request)" } }),
  handlers = { opened = true, message = true, closed = true, pong = true, drained = true },
}

M.CLIENT = {
  kinds = with({
    headers = { "table", "a table of fields" },
    tls = { "userdata", "what evio.tls makes" },
    options = { "table", "a table as events.options" },
  }),
  handlers = { opened = true, message = true, closed = true, pong = true, drained = true, failed = true },
}

-- Raises where `who`, the function that called this, was called.
function M.check_handlers(who, handlers, side)
  if type(handlers) ~= "table" then
    error(("%s: the handlers are a %s, expected a table"):format(who, type(handlers)), 3)
  end
  for name, handler in next, handlers do
    if not side.handlers[name] then
      local names = {}
      for known in next, side.handlers do
        names[#names + 1] = known
      end
      table.sort(names)
      error(("%s: unknown handler %q, expected one of %s"):format(who, tostring(name), table.concat(names, ", ")), 3)
    elseif type(handler) ~= "function" then
      error(("%s: %s is a %s, expected a function"):format(who, name, type(handler)), 3)
    end
  end
end

local function check_list(who, name, list, level)
  for i, item in ipairs(list) do
    if type(item) ~= "string" or item == "" or name == "protocols" and item:find("[^%w!#$%%&'*+.^_`|~-]") then
      error(("%s: %s[%d] is %s, expected a name"):format(who, name, i,
        type(item) == "string" and ("%q"):format(item) or "a " .. type(item)), level)
    end
  end
end

-- Of the handshake, which we write.
local OURS = { host = true, connection = true, upgrade = true, ["content-length"] = true,
  ["transfer-encoding"] = true }

local function check_headers(who, headers, level)
  for name, value in next, headers do
    if type(name) ~= "string" or not name:find("^[%w!#$%%&'*+.^_`|~-]+$") then
      error(("%s: headers has %q, which is no name"):format(who, tostring(name)), level)
    elseif OURS[name:lower()] or name:lower():find("^sec%-websocket%-") then
      error(("%s: headers.%s is evio's own"):format(who, name), level)
    elseif type(value) ~= "string" and type(value) ~= "number" or tostring(value):find("[%z\1-\8\10-\31\127]") then
      error(("%s: headers[%q] is %s, expected text in one line"):format(who, name,
        type(value) == "string" and ("%q"):format(value) or "a " .. type(value)), level)
    end
  end
end

-- The settings, whole. Raises where `who` was called, which called what called this.
function M.read(who, given, side)
  local s = settings_of.copy(type(given) == "table" and given or {})
  if type(s.origins) == "function" then
    s.origins = nil
  end
  settings_of.check(who, (given == nil or type(given) == "table") and s or given, side.kinds, 2)
  for _, name in ipairs({ "seconds", "ping" }) do
    if s[name] and not (s[name] > 0 and s[name] <= 1e9) then
      error(("%s: %s is %g, expected %s"):format(who, name, s[name], SECONDS[2]), 4)
    end
  end
  check_list(who, "protocols", s.protocols or {}, 5)
  check_list(who, "origins", s.origins or {}, 5)
  check_headers(who, s.headers or {}, 5)
  if s.deflate then
    settings_of.check(who .. ": deflate", s.deflate == true and {} or s.deflate, deflate_kinds, 2)
    s.deflate = fill_deflate(s.deflate)
  end
  s.origins = given and given.origins
  s.message, s.seconds = s.message or 2 ^ 24, s.seconds or 10
  return s
end

return M
