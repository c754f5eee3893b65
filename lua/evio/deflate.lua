-- evio.deflate: checks the settings, and makes what evio.translate and conn:push take.
local core = require("evio.core")
local settings = require("evio.settings")

local M = {}

local kinds = {
  format = { "string", '"raw", "zlib" or "gzip"' },
  level = { "number", "a whole number from 1 to 9" },
  window = { "number", "a whole number from 9 to 15" },
  memory = { "number", "a whole number from 1 to 9" },
  ratio = { "number", "a whole number from 1 on, or false", false },
}
local formats = { raw = true, zlib = true, gzip = true }
local ranges = { level = { 1, 9 }, window = { 9, 15 }, memory = { 1, 9 }, ratio = { 1, 2 ^ 30 } }

local function refuse(name, value)
  error(("evio.deflate: %s is %s, expected %s"):format(name, value, kinds[name][2]), 4)
end

local function check(s)
  if s.format and not formats[s.format] then
    refuse("format", ("%q"):format(s.format))
  end
  for name, range in next, ranges do
    local value = s[name]
    if value and (value ~= math.floor(value) or value < range[1] or value > range[2]) then
      refuse(name, value)
    end
  end
end

-- Compression for connections, the same for both sides.
function M.deflate(given)
  local s = given or {}
  settings.check("evio.deflate", s, kinds)
  check(s)
  local ratio = s.ratio == nil and 200 or s.ratio or 0
  return core.deflate(s.format or "zlib", s.level or 6, s.window or 15, s.memory or 8, ratio)
end

return M
