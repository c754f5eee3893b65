-- Strings by key, some of which expire. They lie in a table in C, outside of Lua's heap: a million of them cost no
-- collection, and keys that a peer chooses cannot be made to collide. Keys and values may be views.
local core = require("evio.core")
local ffi = require("ffi")
local view = require("evio.view")
local type = type -- constants for LuaJIT, here and below

local leaves = ffi.cast("const struct evio_leaves *", core.leaves)
local live = ffi.cast("struct evio_live *", core.live)

local is_view = view.is

local SWEEP_SECONDS = 0.1
local SWEEP_KEYS = 1000 -- of each, and again while a quarter of them had expired
local SWEEP_MOST = 0.005 -- seconds for all of them, after which the others have their turn

local M = {}
local Keyspace = {}
Keyspace.__index = Keyspace

local found, place = view.new(), ffi.new("size_t[1]")

-- Those with deadlines, which one timer looks through, with the keys that are still to be looked at.
local sweeping, timer = setmetatable({}, { __mode = "k" }), nil

-- What C takes of a string or a view.
local function bytes_of(value, what)
  if type(value) == "string" then
    return value, #value
  elseif is_view(value) then
    return value.data, value.length
  end
  error(("a %s is a %s, expected a string"):format(what, type(value)), 3)
end

-- Level 3: where a method was called.
local function check_deadline(deadline)
  if type(deadline) ~= "number" or deadline ~= deadline then
    error(("a deadline is %s, expected seconds since 1970"):format(
      type(deadline) == "number" and "nan" or "a " .. type(deadline)), 3)
  end
end

local function look(self, key)
  local deadline = self.deadlines[key]
  if deadline and deadline <= core.time() then
    self:remove(key)
  end
end

-- The value, or nil: a string for a string; a view for a view, which is valid until the keyspace is used again.
function Keyspace:get(key)
  local data, length = bytes_of(key, "key")
  if self.expires then
    look(self, tostring(key))
  end
  if leaves.table_find(self.table, data, length, found) == 0 then
    return nil
  end
  return type(key) == "string" and tostring(found) or found
end

-- Without a deadline, in seconds since 1970, it stays.
function Keyspace:set(key, value, deadline)
  local data, length = bytes_of(key, "key")
  if deadline ~= nil then
    check_deadline(deadline)
  end
  local new = leaves.table_set(self.table, data, length, bytes_of(value, "value"))
  if new < 0 then
    error("out of memory", 2)
  end
  self.count = self.count + new
  if deadline then
    self:expire(tostring(key), deadline)
  elseif self.expires then
    self.deadlines[tostring(key)] = nil
  end
end

-- Returns whether it was there.
function Keyspace:remove(key)
  local data, length = bytes_of(key, "key")
  if not leaves.table_remove(self.table, data, length) then
    return false
  end
  self.deadlines[tostring(key)], self.count = nil, self.count - 1
  return true
end

-- When a key expires; nil where it does not.
function Keyspace:deadline(key)
  bytes_of(key, "key")
  return self.deadlines[tostring(key)]
end

local function keys_of(keyspace)
  local list = {}
  for key in pairs(keyspace.deadlines) do
    list[#list + 1] = key
  end
  keyspace.expires = list[1] ~= nil
  return list[1] ~= nil and list or nil
end

local function sweep()
  local stop = core.now() + SWEEP_MOST
  for keyspace, left in pairs(sweeping) do
    repeat
      local before, looked = keyspace.count, math.min(#left, SWEEP_KEYS)
      for _ = 1, looked do
        look(keyspace, table.remove(left))
      end
    until looked == 0 or (before - keyspace.count) * 4 < looked or core.now() > stop
    if #left == 0 then
      sweeping[keyspace] = keys_of(keyspace)
    end
  end
  if next(sweeping) == nil then
    timer:cancel()
    timer = nil
  end
end

-- Gives a key a deadline, or takes it away with nil. Returns whether the key was there.
function Keyspace:expire(key, deadline)
  local data, length = bytes_of(key, "key")
  if deadline ~= nil then
    check_deadline(deadline)
  end
  if leaves.table_find(self.table, data, length, found) == 0 then
    return false
  end
  self.deadlines[tostring(key)], self.expires = deadline, true
  sweeping[self] = sweeping[self] or {}
  timer = timer or core.every_behind(SWEEP_SECONDS, sweep)
  return true
end

-- All keys that match a pattern of Lua, or that a function says true to.
function Keyspace:find(pattern)
  local list, key = {}, view.new()
  local matches = type(pattern) == "function" and pattern or string.find
  place[0] = 0
  while leaves.table_next(self.table, place, key) == 1 do
    local name = tostring(key)
    list[#list + 1] = matches(name, pattern) and name or nil
  end
  if self.expires then
    local there = {}
    for _, name in ipairs(list) do
      there[#there + 1] = self:get(name) and name or nil
    end
    return there
  end
  return list
end

function Keyspace:clear()
  if self.table then
    leaves.table_free(ffi.gc(self.table, nil))
  end
  self.table = ffi.gc(leaves.table_new(live), leaves.table_free)
  self.deadlines, self.expires, self.count = {}, false, 0
  return self
end

-- An empty one. `keyspace.count` is how many there are, with those that expired and were not looked for yet.
function M.new()
  return setmetatable({}, Keyspace):clear()
end

return M
