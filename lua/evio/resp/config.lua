-- The command CONFIG, for a table of settings: name = text. What redis-server 7.0.15 takes for a setting of that name
-- is taken and refused as it does; what a setting is good for is the server's business.
local codec = require("evio.codec.resp")
local common = require("evio.resp.common")
local ffi = require("ffi")
local glob = require("evio.codec.glob")
local printed = require("evio.codec.request").printed

local M = {}

local OK = codec.status("OK")
local NO_FILE = codec.error("ERR The server is running without a config file")

local HELP = common.help("CONFIG", [[
GET <pattern>
    Return parameters matching the glob-like <pattern> and their values.
SET <directive> <value>
    Set the configuration <directive> to <value>.
RESETSTAT
    Reset statistics reported by the INFO command.
REWRITE
    Rewrite the configuration file.]])

-- Kinds of settings: functions that give what is kept for a text, or nil and what is wrong with it -------------

local IMMUTABLE = {}

local function whole(least, most)
  return function(text)
    local number = codec.to_integer(text)
    if not number then
      return nil, "argument couldn't be parsed into an integer"
    elseif number < least or number > most then
      return nil, ("argument must be between %d and %d inclusive"):format(least, most)
    end
    return text
  end
end

local UNITS = { [""] = 1ULL, b = 1ULL, k = 1000ULL, kb = 1024ULL, m = 1000000ULL, mb = 1048576ULL, g = 1000000000ULL,
  gb = 1073741824ULL }
local MOST = 18446744073709551615ULL

-- Bytes as redis-server reads them: no digits are zero, too many the most that there is, and a product may overflow.
local function memory(least)
  return function(text)
    local digits, unit = text:match("^(%d*)(%a*)$")
    local factor = digits and #digits < 128 and UNITS[unit:lower()]
    if not factor then
      return nil, "argument must be a memory value"
    end
    local number = 0ULL
    for digit in digits:gmatch("%d") do
      local more = number * 10 + tonumber(digit)
      number = number <= MOST / 10 and more >= number and more or MOST
    end
    number = number * factor
    if number < least or least > 0 and ffi.cast("int64_t", number) < 0 then
      return nil, ("argument must be between %s and 9223372036854775807 inclusive"):format(tostring(least):match("%d+"))
    end
    return (tostring(number):match("%d+"))
  end
end

local function one_of(names)
  return function(text)
    for name in names:gmatch("[^, ]+") do
      if name == text:lower() then
        return name
      end
    end
    return nil, "argument(s) must be one of the following: " .. names
  end
end

local function yes_or_no(text)
  if text:lower() ~= "yes" and text:lower() ~= "no" then
    return nil, "argument must be 'yes' or 'no'"
  end
  return text:lower()
end

-- Pairs of seconds and changes.
local function save_points(text)
  if text == "" then
    return text
  end
  local list, count = {}, 0
  for word in (text .. " "):gmatch("(.-) ") do
    local number = tonumber(word:match("^%s*[+-]?%d+$") or word == "" and 0)
    if not number or number < 1 - count % 2 then
      return nil, "Invalid save parameters"
    end
    count = count + 1
    list[count] = ("%d"):format(number)
  end
  if count % 2 == 1 then
    return nil, "Invalid save parameters"
  end
  return table.concat(list, " ")
end

-- Those of the settings that a server of evio.resp may have; of others any text is kept.
local KINDS = {
  appendonly = yes_or_no,
  databases = IMMUTABLE,
  maxmemory = memory(0ULL),
  ["maxmemory-policy"] = one_of("volatile-lru, volatile-lfu, volatile-random, volatile-ttl, allkeys-lru, allkeys-lfu, "
    .. "allkeys-random, noeviction"),
  port = whole(0, 65535),
  ["proto-max-bulk-len"] = memory(1048576ULL),
  save = save_points,
  timeout = whole(0, 2147483647),
  unixsocket = IMMUTABLE,
}

-- CONFIG's own -------------------------------------------------------------------------------------

-- The fields of a table whose names match one of the globs, once each, as CONFIG GET answers.
function M.find_fields(fields, first, rest)
  local list, seen = codec.map({}), {}
  for _, pattern in ipairs({ first, unpack(rest or {}) }) do
    local text = printed(pattern)
    local matches = text:find("[*?[]") and glob.matcher(text:lower())
    for name, value in pairs(fields) do
      if not seen[name] and (matches and matches(name) or name == pattern:lower()) then
        seen[name] = true
        list[#list + 1], list[#list + 2] = matches and name or pattern, value
      end
    end
  end
  return list
end

local function refuse(name, message)
  return codec.error(("ERR CONFIG SET failed (possibly related to argument '%s') - %s"):format(printed(name), message))
end

-- What is wrong with the names, which redis-server looks at first; nil for nothing.
local function check_names(settings, words)
  local seen = {}
  for i = 1, #words, 2 do
    local name = words[i]:lower()
    if settings[name] == nil then
      return codec.error(("ERR Unknown option or number of arguments for CONFIG SET - '%s'"):format(printed(words[i])))
    elseif KINDS[name] == IMMUTABLE then
      return refuse(words[i], "can't set immutable config")
    elseif seen[name] then
      return refuse(words[i], "duplicate parameter")
    end
    seen[name] = true
  end
end

-- All of them are set, or none.
local function set(settings, words, refuses)
  local wrong = #words % 2 == 1 and codec.error("ERR syntax error") or check_names(settings, words)
  if wrong then
    return wrong
  end
  local new = {}
  for i = 1, #words, 2 do
    local name, value, message = words[i]:lower(), words[i + 1], nil
    if KINDS[name] then
      value, message = KINDS[name](printed(value))
    end
    if value and value ~= settings[name] and refuses then
      message = refuses(name, value)
    end
    if message then
      return refuse(name, message)
    end
    new[name] = value
  end
  for name, value in next, new do
    settings[name] = value
  end
  return OK
end

-- CONFIG, for a table of settings, which SET changes. refuses(name, value) may return why the server cannot have
-- this value, which is another one than before.
function M.new(settings, refuses)
  return {
    GET = { -3, function(_, first, rest) return M.find_fields(settings, first, rest) end },
    SET = { -4, function(_, name, value, rest) return set(settings, { name, value, unpack(rest or {}) }, refuses) end },
    HELP = { 2, function() return HELP end },
    RESETSTAT = { 2, function() return OK end },
    REWRITE = { 2, function() return NO_FILE end },
  }
end

return M
