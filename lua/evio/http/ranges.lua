-- Ranges of bytes (RFC 9110, 14).
local M = {}

-- What the field asks of `size` bytes: an offset and a length; nil for all, as also where it is wrong, or asks for
-- several ranges, which need not be heeded (14.2); false where there are no such bytes.
function M.find(text, size)
  local from, to = text:match("^[bB][yY][tT][eE][sS]=(%d*)%-(%d*)$")
  if not from or from == "" and to == "" then
    return nil
  end
  from, to = tonumber(from), tonumber(to)
  if not from then
    local length = math.min(to, size)
    if to == 0 then
      return false
    end
    return length > 0 and size - length or nil, length
  elseif to and to < from then
    return nil
  elseif from >= size then
    return false
  end
  return from, math.min(to or size, size - 1) - from + 1
end

return M
