-- Values by key, some of which expire.
local core = require("evio.core")

local SWEEP_SECONDS = 0.1
local SWEEP_KEYS = 1000 -- at most, of each

local M = {}
local Keyspace = {}
Keyspace.__index = Keyspace

-- Those with deadlines, which one timer looks through, with the keys that are still to be looked at.
local sweeping, timer = setmetatable({}, { __mode = "k" }), nil

function Keyspace:get(key)
  local deadline = self.expires and self.deadlines[key]
  if deadline and deadline <= core.time() then
    self:remove(key)
  end
  return self.values[key]
end

-- Without a deadline, in seconds since 1970, it stays.
function Keyspace:set(key, value, deadline)
  if self.values[key] == nil then
    self.count = self.count + 1
  end
  self.values[key] = value
  if deadline then
    self:expire(key, deadline)
  elseif self.expires then
    self.deadlines[key] = nil
  end
end

-- Returns whether it was there.
function Keyspace:remove(key)
  if self.values[key] == nil then
    return false
  end
  self.values[key], self.deadlines[key], self.count = nil, nil, self.count - 1
  return true
end

-- When a key expires; nil where it does not.
function Keyspace:deadline(key)
  return self.deadlines[key]
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
  for keyspace, left in pairs(sweeping) do
    for _ = 1, math.min(#left, SWEEP_KEYS) do
      keyspace:get(table.remove(left))
    end
    if #left == 0 then
      sweeping[keyspace] = keys_of(keyspace)
    end
  end
  if next(sweeping) == nil then
    timer:cancel()
    timer = nil
  end
end

-- Gives a key that is there a deadline.
function Keyspace:expire(key, deadline)
  self.deadlines[key], self.expires = deadline, true
  sweeping[self] = sweeping[self] or {}
  timer = timer or core.every(SWEEP_SECONDS, sweep)
end

-- All keys that match a pattern of Lua.
function Keyspace:find(pattern)
  local list = {}
  for key in pairs(self.values) do
    if key:find(pattern) and self:get(key) ~= nil then
      list[#list + 1] = key
    end
  end
  return list
end

function Keyspace:clear()
  self.values, self.deadlines, self.expires, self.count = {}, {}, false, 0
  return self
end

-- An empty one. `keyspace.count` is how many there are, with those that expired and were not looked for yet.
function M.new()
  return setmetatable({}, Keyspace):clear()
end

return M
