-- Random bytes, and changes of them. All of it follows from the seed.
local M = {}

local random = math.random

function M.pick(list)
  return list[random(#list)]
end

-- True once in n times.
function M.once_in(n)
  return random(n) == 1
end

-- Up to n bytes: of a few letters, or any.
function M.bytes(n, letters)
  local parts = {}
  for i = 1, random(0, n) do
    parts[i] = letters and M.pick(letters) or string.char(random(0, 255))
  end
  return table.concat(parts)
end

-- A list of up to n of what make() makes.
function M.list(n, make)
  local list = {}
  for i = 1, random(0, n) do
    list[i] = make()
  end
  return list
end

local function place(bytes)
  return random(#bytes + 1)
end

local changes = {
  function(bytes) -- a bit
    local at = place(bytes)
    local byte = bytes:byte(at)
    local bit = 2 ^ random(0, 7)
    return byte and bytes:sub(1, at - 1) .. string.char(byte % (2 * bit) >= bit and byte - bit or byte + bit)
      .. bytes:sub(at + 1) or bytes
  end,
  function(bytes) -- a piece goes
    local at = place(bytes)
    return bytes:sub(1, at - 1) .. bytes:sub(at + random(M.pick({ 1, 4, 40 })))
  end,
  function(bytes) -- a piece comes twice
    local at = place(bytes)
    local stop = at + random(0, 20)
    return bytes:sub(1, stop) .. bytes:sub(at)
  end,
  function(bytes, tokens) -- something comes in between, or in place of as much
    local at = place(bytes)
    local token = M.once_in(3) and M.bytes(4) or M.pick(tokens)
    return bytes:sub(1, at - 1) .. token .. bytes:sub(at + (M.once_in(2) and #token or 0))
  end,
  function(bytes) -- digits
    return (bytes:gsub("%d+", function(digits)
      return M.once_in(4) and M.pick({ "0", "-1", "00", "99999999999999999999", digits .. "0",
        tostring(tonumber(digits) + 1), tostring(tonumber(digits) - 1) }) or nil
    end))
  end,
  function(bytes) -- the end
    return bytes:sub(1, place(bytes) - 1)
  end,
}

-- The bytes with a few changes, in which tokens of the protocol come in. Once in a while without any.
function M.mutate(bytes, tokens)
  for _ = 1, random(0, M.pick({ 1, 2, 6 })) do
    bytes = M.pick(changes)(bytes, tokens)
  end
  return bytes
end

-- The bytes in pieces, of one byte each, or of random lengths.
function M.split(bytes)
  local pieces, at, most = {}, 1, M.pick({ 1, 3, 10, 100 })
  while at <= #bytes do
    local n = random(most)
    pieces[#pieces + 1] = bytes:sub(at, at + n - 1)
    at = at + n
  end
  return pieces
end

-- A value as text, the same for the same value.
function M.tell(value)
  if type(value) ~= "table" or not getmetatable(value) and next(value) == nil then
    return type(value) == "string" and ("%q"):format(value) or type(value) == "table" and "{}" or tostring(value)
  end
  local names, parts = {}, {}
  for name in next, value do
    names[#names + 1] = name
  end
  table.sort(names, function(a, b) return tostring(a) < tostring(b) end)
  for i, name in ipairs(names) do
    parts[i] = ("%s = %s"):format(tostring(name), M.tell(value[name]))
  end
  return (value.type_byte or "") .. "{" .. table.concat(parts, ", ") .. "}"
end

-- An address that nobody else has. (Where a table lies is not the seed's.)
function M.address(name)
  return ("unix://@evio-fuzz-%s-%s-%d"):format(name, tostring({}):match("%w+$"), os.time())
end

function M.same(what, expected, got, bytes)
  if expected ~= got then
    error(("%s\nexpected: %s\ngot:      %s\nbytes:    %q"):format(what, expected, got, bytes), 0)
  end
end

return M
