-- Servers that speak RESP, the protocol of Redis. A leaf in C finds one request and the command's
-- number; what it means, and what is said of it, is here. Texts of errors are those of redis-server 7.0.
local codec = require("evio.codec.resp")
local common = require("evio.resp.common")
local command_table = require("evio.codec.commands")
local compiler = require("evio.compiler")
local core = require("evio.core")
local ffi = require("ffi")
local mute = require("evio.resp.mute")
local new_table = require("table.new")
local request_parts = require("evio.codec.request")
local stream_of = require("evio.stream")
local view = require("evio.view")
local getmetatable, type = getmetatable, type -- constants for LuaJIT, here and below

local M = {}

local leaves = ffi.cast("const struct evio_leaves *", core.leaves)
local live = ffi.cast("struct evio_live *", core.live)
local is_view, printed, string_of = view.is, request_parts.printed, ffi.string
local request = ffi.cast("struct evio_request *", request_parts.request)
local looped = compiler.looped
local COMPLETE, MORE = 1, 0
local LINE, EXACT = codec.LINE, 2 ^ 53

-- Replies ------------------------------------------------------------------------------------------

-- Behind conn:finish() there are no replies: what is put then goes nowhere.
local function put(bytes, length)
  leaves.put(live, bytes, length)
end

-- A reply that a command's function sends itself, now or later, with conn:write.
M.none = setmetatable({}, { __metatable = "evio.resp.none" })

-- Queues what a command's function returned; common values first.
local function reply(conn, value, action)
  if type(value) == "string" then
    leaves.resp_bulk(live, value, #value)
  elseif type(value) == "number" and value % 1 == 0 and value <= EXACT and value >= -EXACT then
    leaves.resp_integer(live, value)
  elseif value == nil then
    if conn.resp == 3 then
      put("_\r\n", 3)
    else
      put("$-1\r\n", 5)
    end
  elseif type(value) == "table" and getmetatable(value) == LINE then
    put(value.raw, #value.raw)
  elseif type(value) == "cdata" and is_view(value) then
    leaves.resp_bulk(live, value.data, value.length)
  elseif value ~= M.none then
    local bytes = codec.encode(value, conn.resp)
    put(bytes, #bytes)
  end
  return action
end

local function refuse_count(conn, name)
  return reply(conn, common.wrong_count(name))
end

-- Commands -----------------------------------------------------------------------------------------

-- The parts of the request from one on, as strings.
local function collect(first)
  local list = {}
  for i = first, request.count - 1 do
    local part = request.parts[i]
    list[i - first + 1] = string_of(request.data + part.at, part.length)
  end
  return list
end

-- Callers: functions that make the arguments and call the command's function, as long as requests for it follow
-- one another. They return an action, and the leaf's status for the request behind, nil where it was not asked.
-- Each command has one of its own, compiled from text, so that LuaJIT takes them for different functions, with a
-- loop that is a trace of its own. What they use in each request is small enough for LuaJIT to take it for a
-- constant: functions, and cdata of at most 16 bytes.
local CALLER = [[
local fn, name, id, names, leaves, live, request, string_of, collect, reply, refuse_count, new_view = ...
$VIEWS
local function run(conn)
  local count = request.count
  local action
  if $REFUSED then
    refuse_count(conn, name)
  else
    $LOCALS
    action = reply(conn, fn(conn$ARGUMENTS))
  end
  if action ~= nil or live.halt ~= 0 then
    return action
  end
  local status = leaves.resp_next(live, names, request)
  if status == 1 and request.id == id then
    return run(conn)
  end
  return nil, status
end
return run]]

local NEW_VIEW = "local a%d = new_view()"
local VIEW = "a%d.data = request.data + request.parts[%d].at a%d.length = request.parts[%d].length"
local STRING = "local a%d = string_of(request.data + request.parts[%d].at, request.parts[%d].length)"

local function repeat_text(text, count)
  local list = {}
  for i = 1, count do
    list[i] = text:gsub("%%d", tostring(i))
  end
  return table.concat(list, "\n  ")
end

-- A function of its own for LuaJIT, with the same upvalues.
local function copy(fn)
  local new = load(string.dump(fn))
  for i = 1, debug.getinfo(fn, "u").nups do
    debug.upvaluejoin(new, i, fn, i)
  end
  return new
end

-- With `views` the parts that must be there are not made strings.
local function make_caller(name, command, id, names)
  local arity, fn = command[1], command[2]
  local required = math.abs(arity) - 1
  local locals, arguments = repeat_text(command.views and VIEW or STRING, required), repeat_text(", a%d", required)
  if arity < 0 then
    arguments = arguments .. ", rest"
    locals = ("%s local rest if count > %d then rest = collect(%d) end"):format(locals, required + 1, required + 1)
  end
  local text = CALLER:gsub("$(%u+)", {
    VIEWS = command.views and repeat_text(NEW_VIEW, required) or "",
    REFUSED = ("count %s %d"):format(arity < 0 and "<" or "~=", required + 1),
    LOCALS = locals,
    ARGUMENTS = arguments,
  })
  return assert(load(text, "=evio.resp " .. name))(fn, name:lower(), id, names, leaves, live, request, string_of,
    collect, copy(reply), refuse_count, view.new)
end

-- A command with commands below it, as CONFIG GET.
local function make_container(name, commands)
  local lower, by_name = name:lower(), {}
  for below, command in next, commands do
    by_name[below:upper()] = command
  end
  return function(conn)
    local parts = collect(1)
    if #parts == 0 then
      return refuse_count(conn, lower)
    end
    local command = by_name[parts[1]:upper()]
    if not command then
      return reply(conn, common.unknown_below(name, parts[1]))
    end
    local arity = command[1]
    local required, count = math.abs(arity) - 2, #parts + 1
    if count < required + 2 or arity > 0 and count > arity then
      return refuse_count(conn, lower .. "|" .. parts[1]:lower())
    end
    local rest
    if count > required + 2 then
      rest = { unpack(parts, required + 2) }
    end
    parts[required + 2] = rest
    return reply(conn, command[2](conn, unpack(parts, 2, required + 2)))
  end
end

local function refuse_unknown(conn)
  local words, length = {}, 0
  local parts = collect(0)
  local name = parts[1]:upper()
  if name == "POST" or name == "HOST:" then
    live.out_length = 0 -- a browser that somebody sent here: it is to learn nothing
    return "close"
  end
  for i = 2, #parts do
    if length >= 128 then
      break
    end
    words[i - 1] = ("'%s' "):format(printed(parts[i], 128 - length))
    length = length + #words[i - 1]
  end
  return reply(conn, codec.error(("ERR unknown command '%s', with args beginning with: %s"):format(
    printed(parts[1], 128), table.concat(words))))
end

-- The commands' names for the leaf, and their callers by its numbers for them.
local function make_callers(commands)
  local count, size = 0, 4
  for _ in next, commands do
    count = count + 1
  end
  while size < count * 2 do
    size = size * 2
  end
  local names = ffi.new("struct evio_names", size)
  names.mask = size - 1
  local names_at = ffi.cast("const struct evio_names *", names) -- a constant for LuaJIT, which keeps nothing alive
  local callers, id = new_table(count, 2), 0 -- not partly in its hash part, where LuaJIT does not compile a look-up
  callers[-1], callers[-2] = refuse_unknown, function() end
  for name, command in next, commands do
    leaves.resp_add_name(names, name, #name, id)
    callers[id] = command[1] and make_caller(name, command, id, names_at) or make_container(name, command)
    id = id + 1
  end
  return names, callers
end

-- The data handler ---------------------------------------------------------------------------------

local function finish(more, action)
  live.more = more
  return "", action
end

local odd_request = "" -- that a command is looking at: nothing else keeps it

-- What the leaf left to us: an inline request with quotes, one that is wrong, or too many parts for the room
-- that there was. Returns an action.
local function handle_odd(conn, status, names, callers)
  local words, message = request_parts.take_odd(status)
  if words then -- once more, as a request without quotes
    live.used = live.used + request.used
    odd_request = codec.encode_request(words)
    leaves.resp_scan(names, request, odd_request, #odd_request)
    return callers[request.id](conn)
  elseif message then
    reply(conn, codec.error("ERR Protocol error: " .. message))
    live.used = live.length
    return "close"
  end
end

-- evio.resp.server: a data handler for a table of commands: name = { arity, function(conn, ...) }, with Redis's
-- arity: the number of parts with the name, negative for at least so many. Parts that must be there are
-- parameters; those that need not be come as a list behind them, nil for none.
function M.new(commands)
  local message = command_table.check(commands)
  if message then
    error("evio.resp.server: " .. message, 2)
  end
  local names, callers = make_callers(commands)
  local names_at = ffi.cast("const struct evio_names *", names) -- a constant for LuaJIT; `names` is used below, too

  local function step(conn, stream, status)
    local action
    if status == COMPLETE then
      action, status = callers[request.id](conn)
    elseif status == MORE then
      stream.need = request.need
      return finish(0)
    else
      action, status = handle_odd(conn, status, names, callers)
    end
    if action ~= nil or live.halt ~= 0 then
      return finish(1, action)
    end
    return step(conn, stream, status or leaves.resp_next(live, names_at, request))
  end

  local function begin(conn, stream)
    stream.need = 0
    local status = leaves.resp_next(live, names_at, request)
    if status == COMPLETE and live.used < live.length then
      looped()
    end
    return step(conn, stream, status)
  end

  return stream_of.driven(step, function(conn)
    local stream = stream_of.begin(conn)
    if stream.need > stream.stop then
      if mute.is(conn) then
        return mute.drive(conn, stream, begin)
      elseif live.shifted == 0 then
        return finish(0) -- the same request as before, still without what it announced
      end
    end
    return begin(conn, stream)
  end)
end

return M
