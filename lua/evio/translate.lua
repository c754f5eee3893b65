-- Events whose connections pass through translators.
local core = require("evio.core")

local M = {}

local KEY = core.translate_key

-- A copy of the events with one more translator below those that they have.
function M.translate(events, should, make)
  if type(events) ~= "table" then
    error(("evio.translate: the events are a %s, expected a table"):format(type(events)), 2)
  elseif should ~= nil and type(should) ~= "function" then
    error(("evio.translate: should is a %s, expected a function(conn) or nil"):format(type(should)), 2)
  elseif type(make) ~= "function" and not core.is_maker(make) then
    error(("evio.translate: make is a %s, expected a function(conn), or what evio.tls and its like make"):format(
      type(make)), 2)
  end
  local wrapped, list = {}, { { should = should, make = make } }
  for key, value in next, events do
    wrapped[key] = value
  end
  for _, translator in ipairs(rawget(events, KEY) or {}) do
    list[#list + 1] = translator
  end
  wrapped[KEY] = list
  return wrapped
end

return M
