-- Addresses that are more than an address: "tls://host:port?cert=...&key=..." is tcp with a
-- translator.
local core = require("evio.core")
local tls = require("evio.tls")
local translate = require("evio.translate")

local M = {}

-- Settings of evio.tls that an address may have. Other options are the socket's.
local settings = {
  cert = true, key = true, password = true, ca = true, min = true, name = true, verify_client = true,
  verify = { ["true"] = true, ["false"] = false }, tickets = { ["true"] = true, ["false"] = false },
}

local function unescape(text)
  return (text:gsub("%%(%x%x)", function(hex)
    return string.char(tonumber(hex, 16))
  end))
end

-- The settings in a query, and what is left of it.
local function split(query, address)
  local found, rest = {}, {}
  for option in query:gmatch("[^&]+") do
    local name, value = option:match("^([^=]*)=(.*)$")
    local kind = settings[name]
    if not kind then
      rest[#rest + 1] = option
    elseif kind == true then
      found[name] = unescape(value)
    elseif kind[value] == nil then
      error(("bad address %q: %s is %q, expected true or false"):format(address, name, value), 5)
    else
      found[name] = kind[value]
    end
  end
  return found, #rest > 0 and "?" .. table.concat(rest, "&") or ""
end

-- The address without its settings, and what makes the translator.
local function read(address, accepts)
  local front, query = address:match("^(tls[46]?://[^?]*)%??(.*)$")
  local found, rest = split(query, address)
  local ok, maker = pcall(tls.tls, found)
  if not ok then
    error(("bad address %q: %s"):format(address, (tostring(maker):gsub("^.-evio%.tls: ", ""))), 4)
  elseif accepts and not found.cert then
    error(("bad address %q: cert and key are missing, which a server needs"):format(address), 4)
  end
  return front .. rest, maker
end

local function is_tls(address)
  return type(address) == "string" and address:find("^tls[46]?://")
end

-- Events and addresses for a call of evio.core.
local function prepare(accepts, events, ...)
  local addresses = { ... }
  if type(events) ~= "table" then
    return events, ... -- which is an error there
  end
  for i = 1, select("#", ...) do
    if is_tls(addresses[i]) then
      local maker
      addresses[i], maker = read(addresses[i], accepts)
      events = translate.translate_behind_proxy(events, function(conn)
        return not conn.index or conn.index == i
      end, maker)
    end
  end
  return events, unpack(addresses, 1, select("#", ...))
end

local function wrap(fn, accepts)
  return function(...)
    for i = 2, select("#", ...) do
      if is_tls((select(i, ...))) then
        return fn(prepare(accepts, ...))
      end
    end
    return fn(...)
  end
end

M.serve = wrap(core.serve, true)
M.listen = wrap(core.listen, true)
M.dial = wrap(core.dial, false)

-- The same for a function `name` of ours: what is wrong with the script's arguments is said of its call of that.
-- `deeper` is how many calls are in between, 0 unless given.
function M.dial_as(name, events, where, deeper)
  local ok, conn, message, code = pcall(M.dial, events, where)
  if not ok then
    error(("%s: %s"):format(name, conn), 3 + (deeper or 0))
  end
  return conn, message, code
end

return M
