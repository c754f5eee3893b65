-- Values on their way between two Lua states: checked, and as the bytes of a string.buffer.
local buffer = require("string.buffer")
require("ffi") -- without it a buffer does not take 64-bit integers

local M = {}

M.SELF = "" -- in the place of a module's name: the function itself

local SHOWN = 5 -- keys of a path that are printed
local DEPTH = 100 -- tables in each other, as many as string.buffer takes

local crosses = { ["nil"] = true, boolean = true, number = true, string = true }
local keys = { boolean = true, number = true, string = true }

-- ".list[3]" of the keys that lead to a value.
local function place(path)
  local text = {}
  for i, key in ipairs(path) do
    if i > SHOWN then
      text[i] = "..."
      break
    end
    if type(key) == "string" and key:find("^[%a_][%w_]*$") then
      text[i] = "." .. key
    else
      text[i] = ("[%s]"):format(type(key) == "string" and ("%q"):format(key) or tostring(key))
    end
  end
  return table.concat(text)
end

local function refuse(what, path, why)
  local where = place(path)
  return ("%s%s %s"):format(what, where ~= "" and ": " .. where or "", why)
end

local check

local function check_table(value, what, path)
  if debug.getmetatable(value) then
    return refuse(what, path, "has a metatable")
  elseif path[value] then
    return refuse(what, path, "is a table that contains itself")
  elseif #path >= DEPTH then
    return refuse(what, path, ("lies in more than %d tables"):format(DEPTH))
  end
  path[value] = true
  for key, inner in next, value do
    if not keys[type(key)] then
      return refuse(what, path, ("has a %s as a key"):format(type(key)))
    end
    if not crosses[type(inner)] then
      path[#path + 1] = key
      local why = check(inner, what, path)
      if why then
        return why
      end
      path[#path] = nil
    end
  end
  path[value] = nil
end

-- Why a value cannot cross; nil when it can. `path` has the keys that lead to it as a list, and the
-- tables that they lead through as keys.
function check(value, what, path)
  local kind = type(value)
  if kind == "table" then
    return check_table(value, what, path)
  elseif not crosses[kind] and not pcall(buffer.encode, value) then
    return refuse(what, path, ("is a %s, which cannot cross to another thread"):format(kind))
  end
end

-- The same for one that is called `what`, as in "argument 2".
function M.check(value, what)
  return check(value, what, {})
end

-- Appends a list of values to a buffer.
function M.put(buf, count, values)
  buf:encode(count)
  for i = 1, count do
    buf:encode(values[i])
  end
end

-- Takes such a list out of it: the values, and their count.
function M.take(buf)
  local values, count = {}, buf:decode()
  for i = 1, count do
    values[i] = buf:decode()
  end
  return values, count
end

-- Values of a string that has such a list.
function M.unpack(bytes)
  local values, count = M.take(buffer.new():set(bytes))
  return unpack(values, 1, count)
end

return M
