-- evio.proxy: checks the settings, and makes what evio.translate takes.
local core = require("evio.core")

local M = {}

local EXPECTED = 'a list of networks such as "10.0.0.0/8" or "::1", and "unix"'

-- The PROXY protocol's header in front of what proxies forward.
function M.proxy(settings)
  if type(settings) ~= "table" then
    error(("evio.proxy: the settings are a %s, expected a table"):format(type(settings)), 2)
  end
  for name in next, settings do
    if name ~= "trusted" then
      error(("evio.proxy: unknown setting %q, expected trusted"):format(tostring(name)), 2)
    end
  end
  local trusted = settings.trusted
  if type(trusted) ~= "table" or #trusted == 0 then
    error(("evio.proxy: trusted is %s, expected %s"):format(
      type(trusted) == "table" and "empty" or "a " .. type(trusted), EXPECTED), 2)
  end
  for i = 1, #trusted do
    if type(trusted[i]) ~= "string" then
      error(("evio.proxy: trusted[%d] is a %s, expected a network"):format(i, type(trusted[i])), 2)
    end
  end
  local maker, place = core.proxy(trusted)
  if not maker then
    error(("evio.proxy: trusted[%d] is %q, which is no network such as \"10.0.0.0/8\" or \"::1\""):format(
      place, trusted[place]), 2)
  end
  return maker
end

return M
