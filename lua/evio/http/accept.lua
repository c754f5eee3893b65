-- What of Accept-Encoding (RFC 9110, 12.5.3) matters here: whether gzip is wanted.
local M = {}

-- The weight of a part such as "gzip;q=0.5".
local function weight(parameters)
  local text = parameters:match(";%s*[qQ]=([%d.]+)")
  return text and (tonumber(text) or 0) or 1
end

-- Whether the field says so, and does not prefer bytes as they are.
function M.gzip(text)
  if not text then
    return false
  end
  local weights = {}
  for part in text:gmatch("[^,]+") do
    local name, parameters = part:match("^%s*([^%s;]+)(.*)$")
    if name then
      weights[name:lower()] = weight(parameters)
    end
  end
  local gzip = weights.gzip or weights["x-gzip"] or weights["*"] or 0
  return gzip > 0 and gzip >= (weights.identity or 0)
end

return M
