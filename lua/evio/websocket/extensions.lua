-- The lists in a handshake (RFC 6455, 4.3 and 9.1): extensions with their parameters, and protocols. No I/O.
local M = {}

local BYTES = "[%w!#$%%&'*+.^_`|~-]" -- of a token
local NAME = "^[ \t]*(" .. BYTES .. "+)[ \t]*()"
local QUOTED = '^[ \t]*"([^"]+)"[ \t]*()'
local WHOLE = "^" .. BYTES .. "+$"

-- A parameter behind its ";": its name, its value, true for none, and what is behind it. nil for none.
local function read_parameter(field, at)
  local name, after = field:match(NAME, at)
  local value
  if not name or field:sub(after, after) ~= "=" then
    return name, true, after
  end
  value, at = field:match(NAME, after + 1)
  if value then
    return name, value, at
  end
  value, at = field:match(QUOTED, after + 1)
  value = value and value:gsub("\\(.)", "%1")
  if value and value:find(WHOLE) then -- what is quoted is a token, too
    return name, value, at
  end
end

local function read_parameters(field, at)
  local parameters = {}
  while field:sub(at, at) == ";" do
    local name, value, after = read_parameter(field, at + 1)
    if not name then
      return nil
    end
    parameters[#parameters + 1], at = { name = name, value = value }, after
  end
  return parameters, at
end

-- A field's extensions, { name, parameters = { { name, value }, ... } } each, where a value may be true for none; nil
-- where it does not have the form of one. Empty elements are none (RFC 9110, 5.6.1).
function M.parse(field)
  local list, at = {}, 1
  repeat
    local name, after = field:match(NAME, at)
    local parameters
    if name then
      parameters, after = read_parameters(field, after)
      list[#list + 1] = { name = name, parameters = parameters }
    else
      after = field:match("^[ \t]*()", at)
    end
    if not after or after <= #field and field:sub(after, after) ~= "," then
      return nil
    end
    at = after + 1
  until at > #field + 1
  return list[1] and list
end

-- The names in a field; nil where it does not have the form of a list of names, or has one twice (RFC 6455, 4.1).
function M.parse_protocols(field)
  local list, seen = M.parse(field), {}
  for i, protocol in ipairs(list or {}) do
    if protocol.parameters[1] or seen[protocol.name] then
      return nil
    end
    seen[protocol.name], list[i] = true, protocol.name
  end
  return list
end

return M
