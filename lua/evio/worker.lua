-- A background thread's side of jobs: the evio that they see, and how one is run. Loaded in the
-- thread's own Lua state, where evio.core is another one than the loop's.
local buffer = require("string.buffer")
local core = require("evio.core")
local parcel = require("evio.parcel")

local evio = {
  version = core.version,
  now = core.now,
  sleep = core.sleep,
  wake = core.wake,
}

local function encode(count, values)
  local buf = buffer.new()
  parcel.put(buf, count, values)
  return buf:tostring()
end

-- Has job:message(fn) called with the value; waits while too many are not delivered. False when the
-- loop is gone.
function evio.post(value, ...)
  if select("#", ...) > 0 then
    error("evio.post: more than one value, expected one", 2)
  end
  local why = parcel.check(value, "evio.post: the value")
  if why then
    error(why, 2)
  end
  return core.post(encode(1, { value }))
end

package.loaded.evio = setmetatable(evio, {
  __index = function(_, name)
    error(("there is no evio.%s in a background job: it has now, post, sleep, version and wake; "
      .. "the rest belongs to the loop"):format(tostring(name)), 2)
  end,
})

rawset(os, "exit", function()
  error("os.exit in a background job, expected on the loop: return, or post that it is to end", 2)
end)

-- What a job writes to globals is gone with it.
local function fresh_globals()
  local globals = setmetatable({}, { __index = _G })
  globals._G = globals
  return globals
end

local function find_function(task)
  if task.name then
    local module = require(task.module)
    local fn = type(module) == "table" and module[task.name]
    if type(fn) ~= "function" then
      error(("%s.%s is a %s, expected a function"):format(task.module, task.name, type(fn)), 0)
    end
    return fn
  end
  local globals = fresh_globals()
  local fn = setfenv(assert(loadstring(task.code)), globals)
  for index, name in ipairs(task.modules) do
    local value = name == parcel.SELF and fn or name == "_G" and globals or require(name)
    debug.setupvalue(fn, index, value)
  end
  return fn
end

local function results(...)
  local values, count = { ... }, select("#", ...)
  for i = 1, count do
    local why = parcel.check(values[i], "result " .. i)
    if why then
      error(why, 0)
    end
  end
  return encode(count, values)
end

return function(bytes, ...)
  local buf = buffer.new():set(bytes)
  local task = buf:decode()
  local values, count = parcel.take(buf)
  for i, place in ipairs(task.sockets) do
    values[place] = select(i, ...)
  end
  package.path, package.cpath = task.path, task.cpath
  return results(find_function(task)(unpack(values, 1, count)))
end
