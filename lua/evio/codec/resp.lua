-- RESP, the protocol of Redis, versions 2 and 3 (RESP3.md of antirez/RESP3): values, and their bytes. No I/O.
local buffer = require("string.buffer")
local ffi = require("ffi")
local abs, type = math.abs, type

local M = {}

local MOST_DEPTH = 128
local EXACT = 2 ^ 53

local int64 = ffi.typeof("int64_t")
local gathered = buffer.new()

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
M.LINE, M.MOST_DEPTH = Line.__metatable, MOST_DEPTH

-- Line ends behind the text are dropped, others are spaces, as in Redis's errors.
local function one_line(text)
  return ((text:match("^.*[^\r\n]") or ""):gsub("[\r\n]", " "))
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

local Verbatim = { __metatable = "evio.resp.verbatim" }

-- Text as it is to be shown; in RESP2 a bulk string.
function M.verbatim(text)
  return setmetatable({ text = text }, Verbatim)
end

-- Encoding -----------------------------------------------------------------------------------------

local encode_into

local function encode_number(value, version)
  if value % 1 == 0 and abs(value) <= EXACT then
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
  elseif getmetatable(value) == Verbatim.__metatable then
    local text = version == 3 and "txt:" .. value.text or value.text
    parts[#parts + 1] = (version == 3 and "=%d\r\n" or "$%d\r\n"):format(#text) .. text .. "\r\n"
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

-- The bytes of a request, a list of strings and of numbers, which are sent as text; or nil and what is wrong.
function M.pack_request(list)
  gathered:reset():put("*", #list, "\r\n")
  for i = 1, #list do
    local part = list[i]
    if type(part) == "number" then
      part = part % 1 == 0 and abs(part) <= EXACT and ("%d"):format(part) or ("%.17g"):format(part)
    elseif type(part) ~= "string" then
      return nil, ("part %d is a %s, expected a string or a number"):format(i, type(part))
    end
    gathered:put("$", #part, "\r\n", part, "\r\n")
  end
  return gathered:get()
end

function M.encode_request(list)
  local bytes, message = M.pack_request(list)
  if not bytes then
    error("evio.resp.encode_request: " .. message, 2)
  end
  return bytes
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
  if abs(number) < EXACT then -- the one above may be what another was rounded to
    return number
  end
  local exact = int64(0)
  for digit in digits:gmatch("%d") do
    exact = exact * 10 - tonumber(digit) -- below zero there is one more
  end
  return sign == "-" and exact or -exact
end

return M
