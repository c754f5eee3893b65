-- Redis's patterns of keys (glob-style: * ? [abc] [^a] [a-z] \x), by patterns of Lua.
local M = {}

local function literal(c)
  return c == "\0" and "%z" or c:find("%w") and c or "%" .. c
end

-- The number of a byte: Redis's are those of a signed char.
local function signed(byte)
  return (byte:byte() + 128) % 256 - 128
end

-- From one byte to another, in a set, where Lua has ranges of plain bytes only.
local function range(from, to)
  if signed(from) > signed(to) then
    from, to = to, from
  end
  if from:find("%w") and to:find("%w") then
    return from .. "-" .. to
  end
  local list = {}
  for number = signed(from), signed(to) do
    list[#list + 1] = literal(string.char(number % 256))
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

-- The pieces of a glob between its stars: patterns of Lua, and how many bytes each of them matches.
local function take_pieces(glob)
  local pieces, parts, at = {}, {}, 1
  local function finish_piece()
    pieces[#pieces + 1], parts = { pattern = table.concat(parts), length = #parts }, {}
  end
  while at <= #glob do
    local c, behind = glob:sub(at, at), at + 1
    if c == "*" then
      if parts[1] or not pieces[1] then
        finish_piece()
      end
    else
      if c == "?" then
        c = "."
      elseif c == "[" then
        c, behind = take_set(glob, behind)
      elseif c == "\\" and at < #glob then
        c, behind = literal(glob:sub(behind, behind)), behind + 1
      else
        c = literal(c)
      end
      parts[#parts + 1] = c
    end
    at = behind
  end
  finish_piece()
  return pieces
end

-- A function that says whether a key matches. Each piece is looked for where the one before ends, and never
-- again: as one pattern of Lua, a few dozen stars would take hours.
function M.matcher(glob)
  if glob:find("^%*%*+$") then
    return function(key) return key ~= "" end -- Redis looks at no pattern but "*" where the key is empty
  end
  local pieces = take_pieces(glob)
  local count, last = #pieces, pieces[#pieces]
  local head, tail = "^" .. pieces[1].pattern, "^" .. last.pattern .. "$"
  return function(key)
    local at = count == 1 and 1 or key:find(head) and pieces[1].length + 1
    for i = 2, at and count - 1 or 0 do
      local _, stop = key:find(pieces[i].pattern, at)
      if not stop then
        return false
      end
      at = stop + 1
    end
    local tail_at = count == 1 and 1 or #key - last.length + 1
    return at and tail_at >= at and key:find(tail, tail_at) ~= nil
  end
end

return M
