-- evio.framing: codecs for the usual ways to tell where a message ends.
local codec = require("evio.codec")
local ffi = require("ffi")
local settings = require("evio.settings")

local M = {}

local string_of = ffi.string
local byte, find, sub = string.byte, string.find, string.sub

local CR = 13
local EXACT = 2 ^ 53 -- from here on numbers are not exact
local MOST = 2 ^ 30
local MAX = { "number", "a whole number from 1 to 2^30", from = 1, to = MOST }

local function refuse(format, ...)
  error(("evio.framing." .. format):format(...), 3)
end

-- Lines

local lines = { _name = "lines", _separator = "\n" }

function lines:_frame(p, n, found)
  local max = self._max
  local length = found
  if not found then
    if n <= max or (n == max + 1 and p[max] == CR) then
      return nil
    end
    length = n
  elseif found > 0 and p[found - 1] == CR then
    length = found - 1
  end
  if length > max then
    return nil, self._too_long
  end
  return string_of(p, length), found + 1
end

function lines:_pack(line)
  if #line > self._max then
    return nil, ("a line of %d bytes, at most %d are allowed"):format(#line, self._max)
  elseif find(line, "\n", 1, true) then
    return nil, ("a line with LF at byte %d, which ends it"):format(find(line, "\n", 1, true))
  elseif self._ending == "\n" and byte(line, -1) == CR then
    return nil, "a line with CR as its last byte, which the ending \"\\n\" would make a part of CRLF"
  end
  return line .. self._ending
end

local new_lines = codec.kind(lines)
local lines_kinds = { max = MAX, ending = { "string", '"\\r\\n" or "\\n"' } }
local endings = { ["\r\n"] = true, ["\n"] = true }

-- Lines that end with LF or CRLF.
function M.lines(given)
  local s = given or {}
  settings.check("evio.framing.lines", s, lines_kinds)
  local max, ending = s.max or 65536, s.ending or "\r\n"
  if not endings[ending] then
    refuse("lines: ending is %q, expected %s", ending, lines_kinds.ending[2])
  end
  return new_lines({
    _max = max, _ending = ending, _most = max + 2, _too_long = ("a line of more than %d bytes"):format(max),
  })
end

-- Messages with a delimiter behind them

local delimiter = { _name = "delimiter" }

-- Whether what is here of it, more than the maximum, may go on as a delimiter that begins in time.
local function may_end(self, p, n)
  local needle = self._separator
  for from = math.max(0, n - #needle + 1), self._max do
    if string_of(p + from, n - from) == sub(needle, 1, n - from) then
      return true
    end
  end
  return false
end

function delimiter:_frame(p, n, found)
  if found and found <= self._max then
    return string_of(p, found), found + #self._separator
  elseif found or (n > self._max and not may_end(self, p, n)) then
    return nil, self._too_long
  end
  return nil
end

-- A delimiter may also begin in the message and end with the one that is added.
function delimiter:_pack(message)
  local bytes = message .. self._separator
  local at = find(bytes, self._separator, 1, true)
  if #message > self._max then
    return nil, ("a message of %d bytes, at most %d are allowed"):format(#message, self._max)
  elseif at <= #message then
    return nil, ("a message in which the delimiter would be found at byte %d"):format(at)
  end
  return bytes
end

local new_delimiter = codec.kind(delimiter)
local delimiter_kinds = { max = MAX, delimiter = { "string", "a string of at least one byte" } }

-- Messages with a delimiter behind each.
function M.delimiter(given)
  settings.check("evio.framing.delimiter", given, delimiter_kinds)
  local max, separator = given.max or 65536, given.delimiter
  if not separator or separator == "" then
    refuse("delimiter: delimiter is %s, expected %s", separator and "empty" or "missing",
      delimiter_kinds.delimiter[2])
  end
  return new_delimiter({
    _separator = separator, _max = max, _most = max + #separator,
    _too_long = ("a message of more than %d bytes"):format(max),
  })
end

-- Messages with their length in front

local prefix = { _name = "prefix" }

function prefix:_frame(p, n)
  local size = self._size
  if n < size then
    return nil
  end
  local number = self._load(p)
  local length = number - self._adjust
  if number >= EXACT then
    return nil, ("a message of 2^53 bytes or more, at most %d are allowed"):format(self._max)
  elseif length > self._max then
    return nil, ("a message of %d bytes, at most %d are allowed"):format(length, self._max)
  elseif length < 0 then
    return nil, ("a length of %d, expected %d at least"):format(number, self._adjust)
  elseif length > n - size then
    return nil
  end
  return string_of(p + size, length), size + length
end

function prefix:_pack(message)
  local number = #message + self._adjust
  if #message > self._max then
    return nil, ("a message of %d bytes, at most %d are allowed"):format(#message, self._max)
  elseif number < 0 then
    return nil, ("a message of %d bytes, expected %d at least"):format(#message, -self._adjust)
  end
  return self._store(number) .. message
end

-- Loads a number of so many bytes at a pointer, and makes their string of one. They are generated,
-- because a loop over so few bytes is what a compiled trace would be cut at.
local function integer(size, order)
  local loads, stores = {}, {}
  for i = 0, size - 1 do
    local unit = 256 ^ (order == "big" and size - 1 - i or i)
    loads[i + 1] = ("p[%d] * %.0f"):format(i, unit)
    stores[i + 1] = ("floor(n / %.0f) %% 256"):format(unit)
  end
  return assert(loadstring(([[
    local char, floor = string.char, math.floor
    return function(p) return %s end, function(n) return char(%s) end
  ]]):format(table.concat(loads, " + "), table.concat(stores, ", "))))()
end

local new_prefix = codec.kind(prefix)
local prefix_kinds = {
  max = MAX,
  size = { "number", "a whole number from 1 to 8", from = 1, to = 8 },
  order = { "string", '"big" or "little"' },
  adjust = { "number", "a whole number from -2^30 to 2^30", from = -MOST, to = MOST },
}

-- Messages with their length in front of each.
function M.prefix(given)
  local s = given or {}
  settings.check("evio.framing.prefix", s, prefix_kinds)
  local size, order, adjust = s.size or 4, s.order or "big", s.adjust or 0
  local max = math.min(s.max or 2 ^ 24, 256 ^ size - 1 - adjust)
  if order ~= "big" and order ~= "little" then
    refuse("prefix: order is %q, expected %s", order, prefix_kinds.order[2])
  elseif max < math.max(0, -adjust) then
    refuse("prefix: adjust is %d, which leaves no message that a prefix of size %d and max allow", adjust, size)
  end
  local load, store = integer(size, order)
  return new_prefix({
    _size = size, _adjust = adjust, _max = max, _most = size + max, _load = load, _store = store,
  })
end

-- Messages that are all of one size

local fixed = { _name = "fixed" }

function fixed:_frame(p, n)
  local size = self._most
  if n < size then
    return nil
  end
  return string_of(p, size), size
end

function fixed:_pack(message)
  if #message ~= self._most then
    return nil, ("a message of %d bytes, expected %d"):format(#message, self._most)
  end
  return message
end

local new_fixed = codec.kind(fixed)

-- Messages of a fixed size.
function M.fixed(given)
  settings.check("evio.framing.fixed", given, { size = MAX })
  if not given.size then
    refuse("fixed: size is missing, expected %s", MAX[2])
  end
  return new_fixed({ _most = given.size })
end

return M
