-- evio.deflate: checks the settings, and makes what evio.translate and conn:push take.
local core = require("evio.core")

local M = {}

local formats = { raw = true, zlib = true, gzip = true }
local known = { format = true, level = true, ratio = true }

local function refuse(format, ...)
  error("evio.deflate: " .. format:format(...), 4)
end

local function is_whole(value, least, most)
  return type(value) == "number" and value >= least and value <= most and value == math.floor(value)
end

local function check(settings)
  for name in next, settings do
    if not known[name] then
      refuse("unknown setting %q, expected format, level or ratio", tostring(name))
    end
  end
  local format, level, ratio = settings.format, settings.level, settings.ratio
  if format ~= nil and not formats[format] then
    refuse('format is %s, expected "raw", "zlib" or "gzip"',
      type(format) == "string" and ("%q"):format(format) or "a " .. type(format))
  elseif level ~= nil and not is_whole(level, 1, 9) then
    refuse("level is %s, expected a whole number from 1 to 9", tostring(level))
  elseif ratio ~= nil and ratio ~= false and not is_whole(ratio, 1, 2 ^ 30) then
    refuse("ratio is %s, expected a whole number from 1 on, or false", tostring(ratio))
  end
end

-- Compression for connections, the same for both sides.
function M.deflate(settings)
  if settings == nil then
    settings = {}
  elseif type(settings) ~= "table" then
    error(("evio.deflate: the settings are a %s, expected a table"):format(type(settings)), 2)
  end
  check(settings)
  local ratio = settings.ratio
  if ratio == nil then
    ratio = 200
  end
  return core.deflate(settings.format or "zlib", settings.level or 6, ratio or 0)
end

return M
