-- Events whose connections pass through translators.
local core = require("evio.core")
local copy = require("evio.settings").copy

local M = {}

local KEY = core.translate_key
local MOST = core.translators

-- Functions that make makers, and are none, by themselves.
local calls = {}
for _, name in ipairs({ "deflate", "proxy", "tls" }) do
  calls[require("evio." .. name)[name]] = "evio." .. name
end

-- A copy of the events with a translator at a place: 1 is on the wire.
local function insert(events, place, translator)
  local wrapped, list = copy(events), copy(rawget(events, KEY) or {})
  table.insert(list, place, translator)
  if #list > MOST then
    error(("evio.translate: a connection has at most %d translators"):format(MOST), 3)
  end
  wrapped[KEY] = list
  return wrapped
end

-- A copy of the events with one more translator below those that they have.
function M.translate(events, should, make)
  if type(events) ~= "table" then
    error(("evio.translate: the events are a %s, expected a table"):format(type(events)), 2)
  elseif should ~= nil and type(should) ~= "function" then
    error(("evio.translate: should is a %s, expected a function(conn) or nil"):format(type(should)), 2)
  elseif calls[make] then
    error(("evio.translate: make is %s itself, expected what %s(...) makes"):format(calls[make], calls[make]), 2)
  elseif type(make) ~= "function" and not core.maker_name(make) then
    error(("evio.translate: make is a %s, expected a function(conn), or what evio.tls and its like make"):format(
      type(make)), 2)
  end
  return (insert(events, 1, { should = should, make = make })) -- no tail call: errors name the caller
end

-- The same above those that evio.proxy makes, whose header is in front of everything.
function M.translate_behind_proxy(events, should, make)
  local place, list = 1, rawget(events, KEY) or {}
  while list[place] and core.maker_name(list[place].make) == "evio.proxy" do
    place = place + 1
  end
  return (insert(events, place, { should = should, make = make }))
end

return M
