-- RESP, the protocol of Redis, versions 2 and 3 (RESP3.md of antirez/RESP3): values to bytes and back. No
-- I/O: everything here works on strings.
local ffi = require("ffi")

local M = {}

local MOST_LINE = 65536
local MOST_BULK = 512 * 1024 * 1024
local MOST_DEPTH = 128
local EXACT = 2 ^ 53

local int64 = ffi.typeof("int64_t")

-- Values that Lua has no type for ------------------------------------------------------------------

local Null = { __tostring = function() return "null" end, __metatable = "evio.resp.null" }

-- In a list nil is no value; so it is this one, and what decode gives for it.
M.null = setmetatable({}, Null)

-- A line: a status, or an error. `raw` are its bytes.
local Line = { __metatable = "evio.resp.line" }
Line.__index = Line
function Line:__tostring()
  return self.text
end
M.LINE = Line.__metatable

local function one_line(text)
  return (text:gsub("[\r\n]", " "))
end

-- "OK" and its like; made once, it can be sent often.
function M.status(text)
  text = one_line(text)
  return setmetatable({ text = text, raw = "+" .. text .. "\r\n" }, Line)
end

-- An error: its text begins with a code in capitals, as in "ERR no such key".
function M.error(text)
  text = one_line(text)
  return setmetatable({ text = text, raw = "-" .. text .. "\r\n", is_error = true }, Line)
end

function M.is_error(value)
  return getmetatable(value) == M.LINE and value.is_error == true
end

-- Lists with a type of their own in RESP3. A map is a list of names and values in turn, so that it has an
-- order; in RESP2 all three are arrays.
local function make_list(name, type_byte, step)
  local meta = { __metatable = "evio.resp." .. name, __index = { type_byte = type_byte, step = step } }
  return function(list)
    return setmetatable(list, meta)
  end
end
M.map = make_list("map", "%", 2)
M.set = make_list("set", "~", 1)
M.push = make_list("push", ">", 1)

-- Encoding -----------------------------------------------------------------------------------------

local encode_into

local function encode_number(value, version)
  if value % 1 == 0 and math.abs(value) <= EXACT then
    return (":%d\r\n"):format(value)
  end
  local text = value ~= value and "nan" or value == math.huge and "inf" or value == -math.huge and "-inf"
    or ("%.17g"):format(value)
  return version == 3 and "," .. text .. "\r\n" or ("$%d\r\n%s\r\n"):format(#text, text)
end

local function encode_list(parts, value, version, depth)
  local kind = getmetatable(value) and value.type_byte
  local count = value.n or #value
  if depth == MOST_DEPTH then
    error(("lists are in each other %d deep"):format(MOST_DEPTH), 0)
  elseif kind and count % value.step ~= 0 then
    error(("a map of %d items, expected names and values in turn"):format(count), 0)
  end
  parts[#parts + 1] = version == 3 and kind and ("%s%d\r\n"):format(kind, count / value.step)
    or ("*%d\r\n"):format(count)
  for i = 1, count do
    encode_into(parts, value[i], version, depth + 1)
  end
end

function encode_into(parts, value, version, depth)
  local kind = type(value)
  if kind == "string" then
    parts[#parts + 1] = ("$%d\r\n"):format(#value) .. value .. "\r\n"
  elseif value == nil or value == M.null then
    parts[#parts + 1] = version == 3 and "_\r\n" or "$-1\r\n"
  elseif kind == "number" then
    parts[#parts + 1] = encode_number(value, version)
  elseif kind == "boolean" then
    parts[#parts + 1] = version == 3 and (value and "#t\r\n" or "#f\r\n") or (value and ":1\r\n" or ":0\r\n")
  elseif kind == "cdata" and ffi.istype(int64, value) then
    parts[#parts + 1] = ":" .. tostring(value):sub(1, -3) .. "\r\n" -- without LL
  elseif getmetatable(value) == M.LINE then
    parts[#parts + 1] = value.raw
  elseif kind == "table" then
    encode_list(parts, value, version, depth)
  else
    error(("a %s is no value of RESP"):format(kind), 0)
  end
end

-- A value as bytes: strings as bulk strings, whole numbers and int64_t as integers, other numbers as
-- doubles, tables as arrays (of `n` or # values), nil and null, booleans, and what the functions above
-- make. `version` is 2 or 3; what RESP2 has no type for becomes what Redis makes of it.
function M.encode(value, version)
  local parts = {}
  local ok, message = pcall(encode_into, parts, value, version or 2, 0)
  if not ok then
    error("evio.resp.encode: " .. tostring(message), 2)
  end
  return table.concat(parts)
end

-- A request: a list of strings, or of numbers, which are sent as text.
function M.encode_request(list)
  local parts = { ("*%d\r\n"):format(#list) }
  for i = 1, #list do
    local part = list[i]
    if type(part) == "number" then
      part = part % 1 == 0 and math.abs(part) <= EXACT and ("%d"):format(part) or ("%.17g"):format(part)
    elseif type(part) ~= "string" then
      error(("evio.resp.encode_request: part %d is a %s, expected a string or a number"):format(i, type(part)), 2)
    end
    parts[i + 1] = ("$%d\r\n"):format(#part) .. part .. "\r\n"
  end
  return table.concat(parts)
end

-- Integers -----------------------------------------------------------------------------------------

local MOST_DIGITS = { [""] = "9223372036854775807", ["-"] = "9223372036854775808" }

-- The integer of 64 bits that a text is, as Redis reads them: without zeros or a plus in front. A number
-- where that is exact, else an int64_t; nil when it is none.
function M.to_integer(text)
  local sign, digits = text:match("^(-?)([1-9]%d*)$")
  if text == "0" then
    return 0
  elseif not digits or #digits > 19 or #digits == 19 and digits > MOST_DIGITS[sign] then
    return nil
  end
  local number = tonumber(text)
  if math.abs(number) < EXACT then -- the one above may be what another was rounded to
    return number
  end
  local exact = int64(0)
  for digit in digits:gmatch("%d") do
    exact = exact * 10 - tonumber(digit) -- below zero there is one more
  end
  return sign == "-" and exact or -exact
end

-- Decoding -----------------------------------------------------------------------------------------
-- Each function returns a value and the place behind it; nil where bytes are missing; nil and a message.

local decode_at

-- The length in a head; -1 for null.
local function to_length(text, most, what)
  local length = text:match("^%d+$") and tonumber(text) or text == "-1" and -1
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
    return M.null, at
  elseif #bytes < at + length + 1 then
    return nil
  elseif bytes:sub(at + length, at + length + 1) ~= "\r\n" then
    return nil, "a bulk string is longer than its length"
  end
  local value = bytes:sub(at, at + length - 1)
  if kind == "!" then
    value = M.error(value)
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
    return M.null, at
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
    return M.map(list), at
  elseif kind == "~" then
    return M.set(list), at
  elseif kind == ">" then
    return M.push(list), at
  elseif kind == "|" then -- attributes are about the value behind them, which is what counts
    return decode_at(bytes, at, depth)
  end
  return list, at
end

local doubles = { inf = math.huge, ["-inf"] = -math.huge, nan = 0 / 0 }

local decoders = {
  ["+"] = function(_, text, at) return text, at end,
  ["-"] = function(_, text, at) return M.error(text), at end,
  [":"] = function(_, text, at)
    local number = M.to_integer(text)
    return number, number and at or ("an integer is %q"):format(text:sub(1, 40))
  end,
  ["_"] = function(_, text, at)
    if text ~= "" then
      return nil, "a null has bytes in it"
    end
    return M.null, at
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
  local stop = bytes:find("\r\n", at + 1, true)
  if not stop then
    if #bytes - at > MOST_LINE then
      return nil, ("a line of more than %d bytes"):format(MOST_LINE)
    end
    return nil
  end
  return decoder(bytes, bytes:sub(at + 1, stop - 1), stop + 2, kind, depth)
end

-- The value at a place in bytes, 1 unless given: what M.encode says backwards, lines as strings or errors,
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
