-- Strings by key, some of which expire. They lie in tables in C, outside of Lua's heap: a million of them cost no
-- collection, and keys that a peer chooses cannot be made to collide. Keys and values may be views.
-- A keyspace: `table` from keys to values, `deadlines` from keys to a double each, `count` and `expiring` how many
-- are in these, and `place`, where the sweep of the deadlines goes on.
local core = require("evio.core")
local ffi = require("ffi")
local view = require("evio.view")
local type = type -- constants for LuaJIT, here and below

local leaves = ffi.cast("const struct evio_leaves *", core.leaves)
local live = ffi.cast("struct evio_live *", core.live)

local is_view = view.is

local SWEEP_SECONDS = 0.02
local SWEEP_KEYS = 200 -- of each, and again while a quarter of them had expired
local SWEEP_MOST = 0.005 -- seconds for all of them, after which the others have their turn

local M = {}
local Keyspace = {}
Keyspace.__index = Keyspace

local found, listed, place, number = view.new(), view.new(), ffi.new("size_t[1]"), ffi.new("double[1]")
local number_bytes = ffi.cast("const char *", number)

-- Those with deadlines, which one timer looks through.
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

-- The deadline of a key; nil where it has none.
local function deadline_of(self, data, length)
  if leaves.table_find(self.deadlines, data, length, found) == 0 then
    return nil
  end
  ffi.copy(number, found.data, 8)
  return number[0]
end

-- Removes the key where it expired.
local function look(self, key, data, length)
  local deadline = deadline_of(self, data, length)
  if deadline and deadline <= core.time() then
    self:remove(key)
  end
end

local function forget_deadline(self, data, length)
  if self.expiring > 0 and leaves.table_remove(self.deadlines, data, length) then
    self.expiring = self.expiring - 1
  end
end

-- The value, or nil: a string for a string; a view for a view, which is valid until a keyspace is used again.
function Keyspace:get(key)
  local data, length = bytes_of(key, "key")
  if self.expiring > 0 then
    look(self, key, data, length)
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
    self:expire(key, deadline)
  else
    forget_deadline(self, data, length)
  end
end

-- Returns whether it was there.
function Keyspace:remove(key)
  local data, length = bytes_of(key, "key")
  if not leaves.table_remove(self.table, data, length) then
    return false
  end
  self.count = self.count - 1
  forget_deadline(self, data, length)
  return true
end

-- When a key expires; nil where it does not.
function Keyspace:deadline(key)
  return deadline_of(self, bytes_of(key, "key"))
end

-- Looks at the next keys with deadlines: how many, at most so many.
local function sweep_some(self, most)
  for looked = 0, most - 1 do
    if leaves.table_next(self.deadlines, self.place, listed) == 0 then
      self.place[0] = 0
      return looked
    end
    ffi.copy(number, listed.data + listed.length, 8) -- the value is behind the key
    if number[0] <= core.time() then
      self:remove(tostring(listed))
    end
  end
  return most
end

local function sweep()
  local stop = core.now() + SWEEP_MOST
  for keyspace in pairs(sweeping) do
    local before, looked
    repeat
      before, looked = keyspace.expiring, sweep_some(keyspace, SWEEP_KEYS)
    until looked < SWEEP_KEYS or (before - keyspace.expiring) * 4 < looked or core.now() > stop
    sweeping[keyspace] = keyspace.expiring > 0 or nil
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
  elseif deadline == nil then
    forget_deadline(self, data, length)
    return true
  end
  number[0] = deadline
  local new = leaves.table_set(self.deadlines, data, length, number_bytes, 8)
  if new < 0 then
    error("out of memory", 2)
  end
  self.expiring = self.expiring + new
  sweeping[self] = true
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
  if self.expiring > 0 then
    local there = {}
    for _, name in ipairs(list) do
      look(self, name, name, #name)
      there[#there + 1] = leaves.table_find(self.table, name, #name, found) == 1 and name or nil
    end
    return there
  end
  return list
end

-- An empty table in the place of one that there may be.
local function renew(old)
  local new = leaves.table_new(live)
  if new == nil then
    error("out of memory", 3)
  elseif old then
    leaves.table_free(ffi.gc(old, nil))
  end
  return ffi.gc(new, leaves.table_free)
end

function Keyspace:clear()
  self.table, self.deadlines = renew(self.table), renew(self.deadlines)
  self.count, self.expiring, self.place = 0, 0, ffi.new("size_t[1]")
  return self
end

-- An empty one. `keyspace.count` is how many there are, with those that expired and were not looked for yet.
function M.new()
  return setmetatable({}, Keyspace):clear()
end

return M
