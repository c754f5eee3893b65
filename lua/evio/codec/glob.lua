-- Redis's patterns of keys (glob-style: * ? [abc] [^a] [a-z] \x) as patterns of Lua.
local M = {}

local function literal(c)
  return c == "\0" and "%z" or c:find("%w") and c or "%" .. c
end

-- From one byte to another, in a set, where Lua has ranges of plain bytes only.
local function range(from, to)
  if from > to then
    from, to = to, from
  end
  if from:find("%w") and to:find("%w") then
    return from .. "-" .. to
  end
  local list = {}
  for byte = from:byte(), to:byte() do
    list[#list + 1] = literal(string.char(byte))
  end
  return table.concat(list)
end

-- A set at a place in the glob, behind its bracket: the Lua set and the place behind it. One that does not
-- end goes up to the end.
local function take_set(glob, at)
  local parts = {}
  if glob:sub(at, at) == "^" then
    parts[1], at = "^", at + 1
  end
  local first = #parts + 1
  while at <= #glob and glob:sub(at, at) ~= "]" do
    local from, to = glob:match("^([^\\])%-(.)", at)
    if from and to then
      parts[#parts + 1] = range(from, to)
      at = at + 3
    else
      local escaped = glob:match("^\\(.)", at)
      parts[#parts + 1] = literal(escaped or glob:sub(at, at))
      at = at + (escaped and 2 or 1)
    end
  end
  local set = table.concat(parts)
  if #parts < first then -- nothing is in it: it matches nothing, or with ^ everything
    set = first == 1 and "^%z\1-\255" or "%z\1-\255"
  end
  return "[" .. set .. "]", at + 1
end

-- The pattern, anchored at both ends.
function M.to_pattern(glob)
  if glob:find("^%*%*+$") then
    return "^.+$" -- Redis looks at no pattern but "*" where the key is empty
  end
  local parts, at = {}, 1
  while at <= #glob do
    local c, behind = glob:sub(at, at), at + 1
    if c == "*" then
      c = parts[#parts] == ".*" and "" or ".*"
    elseif c == "?" then
      c = "."
    elseif c == "[" then
      c, behind = take_set(glob, behind)
    elseif c == "\\" and at < #glob then
      c, behind = literal(glob:sub(behind, behind)), behind + 1
    else
      c = literal(c)
    end
    parts[#parts + 1] = c
    at = behind
  end
  return "^" .. table.concat(parts) .. "$"
end

return M
