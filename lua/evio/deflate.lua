-- evio.deflate: checks the settings, and makes what evio.translate and conn:push take.
local core = require("evio.core")
local settings = require("evio.settings")

local M = {}

local kinds = {
  format = { "string", '"raw", "zlib" or "gzip"' },
  level = { "number", "a whole number from 1 to 9", from = 1, to = 9 },
  window = { "number", "a whole number from 9 to 15", from = 9, to = 15 },
  memory = { "number", "a whole number from 1 to 9", from = 1, to = 9 },
  ratio = { "number", "a whole number from 1 on, or false", false, from = 1, to = 2 ^ 30 },
}
local formats = { raw = true, zlib = true, gzip = true }

-- Compression for connections, the same for both sides.
function M.deflate(given)
  local s = given or {}
  settings.check("evio.deflate", s, kinds)
  if s.format and not formats[s.format] then
    error(("evio.deflate: format is %q, expected %s"):format(s.format, kinds.format[2]), 2)
  end
  local ratio = s.ratio == nil and 200 or s.ratio or 0
  return core.deflate(s.format or "zlib", s.level or 6, s.window or 15, s.memory or 8, ratio)
end

return M
