-- The fields of HTTP messages, read and written. No I/O.
-- Most messages have the same lines as those before: what became of a line is kept, for some of them.
local M = {}

local byte, find, lower, sub = string.byte, string.find, string.lower, string.sub
local rawget, setmetatable, type = rawget, setmetatable, type

local MOST_LINES, MOST_LINE = 1000, 200 -- of at most so many bytes

-- Reading --------------------------------------------------------------------------------------------

-- Fields by name, which may be in any case; those that came more than once are joined with commas, cookies with
-- semicolons (RFC 9110, 5.3; RFC 6265, 5.4).
local Fields = {}

function Fields.__index(self, name)
  local small = type(name) == "string" and lower(name)
  return small and small ~= name and rawget(self, small) or nil
end

local function is_blank(text, at)
  local b = byte(text, at)
  return b == 32 or b == 9
end

-- The text from a place on, without the blanks around it. (A pattern for those at the end takes the square of the time
-- that they are long.)
local function trim(text, first)
  local last = #text
  while is_blank(text, first) do
    first = first + 1
  end
  while last >= first and is_blank(text, last) do
    last = last - 1
  end
  return sub(text, first, last)
end
M.trim = trim

-- A line's name in lower case, and its value; nil where it is no field.
local function split(line)
  local colon = find(line, ":", 2, true)
  if colon then
    return lower(sub(line, 1, colon - 1)), trim(line, colon + 1)
  end
end

local name_of, value_of, read = {}, {}, 0 -- by line

local function split_once(line)
  local name, value = name_of[line], value_of[line]
  if not name then
    name, value = split(line)
    if name and #line <= MOST_LINE then
      if read == MOST_LINES then
        name_of, value_of, read = {}, {}, 0
      end
      name_of[line], value_of[line], read = name, value, read + 1
    end
  end
  return name, value
end

-- Those of a head that was found to be well-formed, behind its first line.
function M.parse(head)
  local fields = setmetatable({}, Fields)
  local at = find(head, "\r\n", 1, true)
  while at do
    local from = at + 2
    at = find(head, "\r\n", from, true)
    if at == from then
      break
    end
    local name, value = split_once(sub(head, from, (at or 0) - 1))
    if name then
      local before = rawget(fields, name)
      fields[name] = before and before .. (name == "cookie" and "; " or ", ") .. value or value
    end
  end
  return fields
end

-- Writing --------------------------------------------------------------------------------------------

-- The fields of a side that it writes itself: of the connection and of how the body is framed.
local SERVER = { what = "response", who = "the server", ["content-length"] = true, ["transfer-encoding"] = true,
  connection = true, date = true }
local CLIENT = { what = "request", who = "the client", ["content-length"] = true, ["transfer-encoding"] = true,
  connection = true, upgrade = true }
M.SERVER, M.CLIENT = SERVER, CLIENT

-- A field's line, where it may be sent. Of a response the one in front of an Upgrade, too, which is for the next hop
-- (RFC 9110, 7.8).
local function make_line(name, value, side)
  if type(name) ~= "string" or not find(name, "^[%w!#$%%&'*+.^_`|~-]+$") then
    error(("a %s's field is %q, which is no name"):format(side.what, tostring(name)), 0)
  elseif side[lower(name)] then
    error(("a %s has the field %s, which %s writes"):format(side.what, name, side.who), 0)
  elseif type(value) ~= "string" and type(value) ~= "number" or find(tostring(value), "[%z\1-\8\10-\31\127]") then
    error(("a %s's field %s is %s, expected text in one line"):format(side.what, name,
      type(value) == "string" and ("%q"):format(value) or "a " .. type(value)), 0)
  end
  local hop = side == SERVER and lower(name) == "upgrade" and "Connection: Upgrade\r\n" or ""
  return ("%s%s: %s\r\n"):format(hop, name, value)
end

local lines, written = { [SERVER] = {}, [CLIENT] = {} }, 0 -- by name and value

local function keep(name, value, side, line)
  if written == MOST_LINES then
    lines, written = { [SERVER] = {}, [CLIENT] = {} }, 0
  end
  local by_name = lines[side]
  by_name[name] = by_name[name] or {}
  by_name[name][value], written = line, written + 1
end

local function line_of(name, value, side)
  local by_value = lines[side][name]
  local line = by_value and by_value[value]
  if not line then
    line = make_line(name, value, side)
    if type(value) == "string" and #line <= MOST_LINE then
      keep(name, value, side, line)
    end
  end
  return line
end

local function lines_of_list(name, list, side)
  local parts = {}
  for i, value in ipairs(list) do
    parts[i] = line_of(name, value, side)
  end
  return table.concat(parts)
end

-- The lines of a side's fields; a list as a value stands for several fields.
function M.pack(headers, side)
  local text = ""
  for name, value in next, headers do
    text = text .. (type(value) == "table" and lines_of_list or line_of)(name, value, side)
  end
  return text
end

-- The name, as it is written there, and the value of the field of a name in lower case; nil where there is none.
function M.find(headers, wanted)
  for name, value in next, headers do
    if type(name) == "string" and #name == #wanted and lower(name) == wanted then
      return name, value
    end
  end
  return nil
end

return M
