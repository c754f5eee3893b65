-- RESP, versions 2 and 3: the values that bytes are. No I/O.
local resp = require("evio.codec.resp")
local byte = string.byte

local M = {}

local MOST_LINE = 65536
local MOST_BULK = 512 * 1024 * 1024
local MOST_DEPTH = resp.MOST_DEPTH

-- Each function returns a value and the place behind it; nil where bytes are missing; nil and a message.

local decode_at

-- Without a pattern, which LuaJIT does not compile.
local function is_digits(text)
  for i = 1, #text do
    local code = byte(text, i)
    if code < 48 or code > 57 then
      return false
    end
  end
  return text ~= ""
end

-- The length in a head; -1 for null.
local function to_length(text, most, what)
  local length = is_digits(text) and tonumber(text) or text == "-1" and -1
  if not length or length > most then
    return nil, ("the length of %s is %q"):format(what, text:sub(1, 40))
  end
  return length
end

local function decode_bulk(bytes, text, at, kind)
  local length, message = to_length(text, MOST_BULK, "a bulk string")
  if not length then
    return nil, message
  elseif length == -1 then
    return resp.null, at
  elseif #bytes < at + length + 1 then
    return nil
  elseif bytes:sub(at + length, at + length + 1) ~= "\r\n" then
    return nil, "a bulk string is longer than its length"
  end
  local value = bytes:sub(at, at + length - 1)
  if kind == "!" then
    value = resp.error(value)
  elseif kind == "=" then
    value = value:sub(5) -- behind the format, as in "txt:"
  end
  return value, at + length + 2
end

local function decode_list(bytes, text, at, kind, depth)
  local count, message = to_length(text, 2 ^ 31, "a list")
  if not count then
    return nil, message
  elseif count == -1 then
    return resp.null, at
  elseif depth == MOST_DEPTH then
    return nil, ("lists are in each other %d deep"):format(MOST_DEPTH)
  end
  local list = {}
  for i = 1, (kind == "%" or kind == "|") and count * 2 or count do
    local value, behind = decode_at(bytes, at, depth + 1)
    if value == nil then
      return nil, behind
    end
    list[i], at = value, behind
  end
  if kind == "%" then
    return resp.map(list), at
  elseif kind == "~" then
    return resp.set(list), at
  elseif kind == ">" then
    return resp.push(list), at
  elseif kind == "|" then -- attributes are about the value behind them, which is what counts
    return decode_at(bytes, at, depth)
  end
  return list, at
end

local doubles = { inf = math.huge, ["-inf"] = -math.huge, nan = 0 / 0 }

local decoders = {
  ["+"] = function(_, text, at) return text, at end,
  ["-"] = function(_, text, at) return resp.error(text), at end,
  [":"] = function(_, text, at)
    local number = resp.to_integer(text)
    return number, number and at or ("an integer is %q"):format(text:sub(1, 40))
  end,
  ["_"] = function(_, text, at)
    if text ~= "" then
      return nil, "a null has bytes in it"
    end
    return resp.null, at
  end,
  ["#"] = function(_, text, at)
    if text ~= "t" and text ~= "f" then
      return nil, ("a boolean is %q"):format(text:sub(1, 40))
    end
    return text == "t", at
  end,
  [","] = function(_, text, at)
    local number = doubles[text] or text:find("^[-+%d.eE]+$") and tonumber(text)
    if not number then
      return nil, ("a double is %q"):format(text:sub(1, 40))
    end
    return number, at
  end,
  ["("] = function(_, text, at)
    if not text:find("^[-+]?%d+$") then
      return nil, ("a big number is %q"):format(text:sub(1, 40))
    end
    return text, at
  end,
  ["$"] = decode_bulk, ["!"] = decode_bulk, ["="] = decode_bulk,
  ["*"] = decode_list, ["%"] = decode_list, ["~"] = decode_list, [">"] = decode_list, ["|"] = decode_list,
}

function decode_at(bytes, at, depth)
  local kind = bytes:sub(at, at)
  local decoder = decoders[kind]
  if kind == "" then
    return nil
  elseif not decoder then
    return nil, ("a value begins with %q"):format(kind)
  end
  local stop = bytes:find("\r", at + 1, true)
  if (stop or #bytes + 1) - at > MOST_LINE then
    return nil, ("a line of more than %d bytes"):format(MOST_LINE)
  elseif not stop or stop == #bytes then
    return nil
  elseif bytes:byte(stop + 1) ~= 10 then
    return nil, ("a line has a CR inside, behind %q"):format(bytes:sub(at, stop - 1):sub(1, 40))
  end
  return decoder(bytes, bytes:sub(at + 1, stop - 1), stop + 2, kind, depth)
end

-- The value at a place in bytes, 1 unless given: what encode says backwards, lines as strings or errors,
-- big numbers as text. Returns it and the number of bytes it takes; nil when it is not complete; nil and
-- what is wrong.
function M.decode(bytes, at)
  at = at or 1
  local value, behind = decode_at(bytes, at, 0)
  if value == nil then
    return nil, behind
  end
  return value, behind - at
end

return M
