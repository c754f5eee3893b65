-- evio.proxy: checks the settings, and makes what evio.translate takes.
local core = require("evio.core")
local settings = require("evio.settings")

local M = {}

local EXPECTED = 'a list of networks such as "10.0.0.0/8" or "::1", and "unix"'

local function refuse(format, ...)
  error("evio.proxy: " .. format:format(...), 3)
end

-- The PROXY protocol's header in front of what proxies forward.
function M.proxy(given)
  settings.check("evio.proxy", given, { trusted = { "table", EXPECTED } })
  local trusted = given.trusted or {}
  if next(trusted) == nil then
    refuse("trusted is %s, expected %s", given.trusted and "empty" or "missing", EXPECTED)
  end
  local count = 0
  for place, network in next, trusted do
    count = count + 1
    if type(network) ~= "string" then
      refuse("trusted[%s] is a %s, expected a network", tostring(place), type(network))
    end
  end
  if count ~= #trusted then
    refuse("trusted is no list, expected %s", EXPECTED)
  end
  local maker, place = core.proxy(trusted)
  if not maker then
    refuse("trusted[%d] is %q, which is no network such as \"10.0.0.0/8\" or \"::1\"", place, trusted[place])
  end
  return maker
end

return M
