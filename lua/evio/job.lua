-- Background jobs, the loop's side: what evio.spawn and evio.pool take.
local buffer = require("string.buffer")
local core = require("evio.core")
local parcel = require("evio.parcel")

local M = {}

core.set_unpack(parcel.unpack)

local SELF = parcel.SELF

local modules = { table = true, ["function"] = true, userdata = true, cdata = true }

-- The name under which a value was loaded as a module: the first one, so that it is always the same.
local function module_name(value)
  local found
  if modules[type(value)] then
    for name, module in next, package.loaded do
      if rawequal(module, value) and type(name) == "string" and (not found or name < found) then
        found = name
      end
    end
  end
  return found
end

-- The modules among a function's upvalues, index -> name, and the function itself. Others are an
-- error.
local function upvalues(fn)
  local names = {}
  for index = 1, debug.getinfo(fn, "u").nups do
    local name, value = debug.getupvalue(fn, index)
    names[index] = rawequal(value, fn) and SELF or module_name(value)
    if not names[index] then
      error(("evio.spawn: the function uses %q from outside, a %s; expected modules only, %s"):format(
        name ~= "" and name or "upvalue " .. index, type(value), type(value) == "function"
        and "define it inside or in a module" or "give it as an argument"), 4)
    end
  end
  return names
end

-- What is to be run, as the job's thread finds it.
local function describe(fn)
  if type(fn) == "function" then
    if debug.getinfo(fn, "S").what == "C" then
      error('evio.spawn: the function is a C function, expected a Lua function or a name such as '
        .. '"math.floor"', 3)
    end
    local modules_used = upvalues(fn)
    return { code = string.dump(fn), modules = modules_used }
  elseif type(fn) ~= "string" then
    error(('evio.spawn: the function is a %s, expected a function or "module.function"'):format(
      type(fn)), 3)
  end
  local module, name = fn:match("^(.+)%.([^.]+)$")
  if not module then
    error(('evio.spawn: the name is %q, expected "module.function"'):format(fn), 3)
  end
  return { module = module, name = name }
end

-- Takes the sockets out of the arguments: a list of them, and one of their places.
local function take_sockets(values, count)
  local sockets, places, seen = {}, {}, {}
  for i = 1, count do
    local value = values[i]
    if type(value) == "userdata" and debug.getmetatable(value)
      and getmetatable(value) == "evio.socket" then
      if seen[value] or not core.is_socket(value) then
        error(("evio.spawn: argument %d is a socket that %s"):format(i, seen[value]
          and "is given twice" or "is closed, or was given to a job"), 3)
      end
      local translator = core.socket_translator(value)
      if translator then
        error(("evio.spawn: argument %d is a socket with a translator in Lua on it (%s), which "
          .. "cannot leave the loop"):format(i, translator), 3)
      end
      seen[value] = true
      sockets[#sockets + 1], places[#places + 1] = value, i
      values[i] = nil
    else
      local why = parcel.check(value, "argument " .. i)
      if why then
        error("evio.spawn: " .. why, 3)
      end
    end
  end
  return sockets, places
end

-- Runs fn on a background thread: a job, or nil, message and code when too many wait or there is no memory.
function M.spawn(fn, ...)
  local task = describe(fn)
  local values, count = { ... }, select("#", ...)
  local sockets, places = take_sockets(values, count)
  task.sockets = places
  task.path, task.cpath = package.path, package.cpath
  local buf = buffer.new()
  buf:encode(task)
  parcel.put(buf, count, values)
  return core.spawn(buf:tostring(), unpack(sockets))
end

local limits = {
  threads = { 1, 256, "a whole number from 1 to 256" },
  queue = { 1, 1000000, "a whole number from 1 to 1000000" },
  linger = { 0, 1000000, "seconds from 0 to 1000000" },
}

-- Sets the number of threads, how many jobs may wait for one, and how long running ones may take
-- at a shutdown.
function M.pool(options)
  if type(options) ~= "table" then
    error(("evio.pool: the options are a %s, expected a table"):format(type(options)), 2)
  end
  for name, value in next, options do
    local limit = limits[name]
    if not limit then
      error(("evio.pool: unknown option %q, expected threads, queue or linger"):format(
        tostring(name)), 2)
    end
    local whole = name == "linger" or value == value and type(value) == "number" and value % 1 == 0
    if type(value) ~= "number" or not whole or not (value >= limit[1] and value <= limit[2]) then
      local came = type(value) == "number" and tostring(value) or "a " .. type(value)
      error(("evio.pool: %s is %s, expected %s"):format(name, came, limit[3]), 2)
    end
  end
  core.pool(options.threads, options.queue, options.linger)
end

-- What exists in background jobs only.
function M.elsewhere(name)
  return function()
    error(("evio.%s waits, which the loop must not do: it is there in background jobs, see "
      .. "evio.spawn"):format(name), 2)
  end
end

return M
