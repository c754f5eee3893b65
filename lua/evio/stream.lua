-- Streams: the unread bytes of a connection, kept between events and looked at in place.
local core = require("evio.core")
local ffi = require("ffi")
local integers = require("evio.integers")

local M = {}

assert(ffi.abi("gc64"), "evio needs a LuaJIT with 64-bit pointers (GC64)")
ffi.cdef(core.declarations)

local leaves = ffi.cast("const struct evio_leaves *", core.leaves)
local live = ffi.cast("struct evio_live *", core.live)
M.leaves, M.live = leaves, live
local string_of = ffi.string

local STREAM = {} -- the key of a connection's stream in its table

local methods = {}
M.methods = methods

-- Too few bytes: nil, and what was taken in this call is put back when it returns.
local function fall_short(self)
  if self.data == nil then
    error("the stream is used outside of its event", 2) -- the callers return this call
  end
  self.short_read = 1
  return nil
end

local function check_count(n, name)
  if type(n) ~= "number" or n < 0 or n % 1 ~= 0 then
    error(("stream:%s: the count is %s, expected a whole number from 0 on"):format(name, tostring(n)), 3)
  end
end

-- The next n bytes as a string, or all there are.
function methods:take(n)
  if n == nil then
    n = self.stop - self.pos
  end
  check_count(n, "take")
  local pos = self.pos
  if self.data == nil or n > self.stop - pos then
    return fall_short(self)
  end
  self.pos = pos + n
  return string_of(self.data + pos, n)
end

-- The next n bytes as a string, not taken.
function methods:peek(n)
  check_count(n, "peek")
  if self.data == nil or n > self.stop - self.pos then
    return fall_short(self)
  end
  return string_of(self.data + self.pos, n)
end

-- Takes n bytes without making a string of them.
function methods:skip(n)
  check_count(n, "skip")
  local pos = self.pos
  if self.data == nil or n > self.stop - pos then
    return fall_short(self)
  end
  self.pos = pos + n
  return true
end

-- How many bytes stand in front of the needle.
function methods:find(needle)
  if type(needle) ~= "string" or needle == "" then
    error(("stream:find: the needle is %s, expected a string of at least one byte"):format(
      needle == "" and "empty" or "a " .. type(needle)), 2)
  end
  if self.data == nil then
    return fall_short(self)
  end
  local at = leaves.find(self, needle, #needle)
  if at < 0 then
    return nil
  end
  return at
end

-- The next line without its end, which is LF or CRLF.
function methods:line()
  if self.data == nil then
    return fall_short(self)
  end
  local length = leaves.find(self, "\n", 1)
  if length < 0 then
    return nil
  end
  local start = self.data + self.pos
  self.pos = self.pos + length + 1
  if length > 0 and start[length - 1] == 13 then
    length = length - 1
  end
  return string_of(start, length)
end

-- The next n bytes, or all there are, where they lie: a pointer that is valid until the handler
-- returns, and their number. Nothing is taken.
function methods:view(n)
  if n == nil then
    n = self.stop - self.pos
  end
  check_count(n, "view")
  if self.data == nil or n > self.stop - self.pos then
    return fall_short(self)
  end
  return self.data + self.pos, n
end

-- What was taken up to here stays taken, whatever follows.
function methods:commit()
  if self.data == nil then
    return fall_short(self)
  end
  self.mark = self.pos
end

integers.add(methods, fall_short)

local new_stream = ffi.metatype("struct evio_stream", {
  __index = methods,
  __len = function(self)
    return self.stop - self.pos
  end,
  __tostring = function(self)
    return ("stream of %d unread bytes"):format(self.stop - self.pos)
  end,
})

local function refuse(out, fn)
  local info = debug.getinfo(fn, "S")
  error(("%s:%d: data returned a %s as out, expected a string, a string.buffer or nil"):format(
    info.short_src, info.linedefined, type(out)), 0)
end

-- Queues output of the event being handled.
local function put(bytes, length)
  if live.finished ~= 0 and length > 0 then
    error("data returned bytes as out, expected nil after conn:finish()", 0)
  end
  leaves.put(live, bytes, length)
end

-- Queues a string.buffer, which is empty afterwards.
local function put_buffer(buffer)
  put(buffer:ref()) -- an empty one is an empty datagram
  buffer:reset()
end

local function is_buffer(value)
  return type(value) == "userdata" and getmetatable(value) == "buffer"
end

local function begin(conn)
  local stream = conn[STREAM]
  if not stream then
    stream = new_stream()
    rawset(conn, STREAM, stream)
  end
  stream.data = live.data
  stream.pos = 0
  stream.stop = live.length
  if live.shifted ~= 0 then
    stream.searched[0].to = -1 -- others read, or put bytes in front
    stream.searched[1].to = -1
  end
  live.stream = stream
  return stream
end

-- The data handler in front of read, which calls the script's fn, or is it: calls it as long as it
-- takes bytes and bytes are left. C gets the last output, and through `live` what was used. The loop
-- is a tail call, because LuaJIT compiles a function whose loop runs once as readily as one whose
-- loop runs often only in this form; and `pending` is always a string, because a variable that
-- changes its type keeps a loop from being compiled.
local function make_drive(read, fn)
  local function step(conn, stream, pending)
    local before = stream.pos
    if pending ~= "" then
      put(pending, #pending)
      if live.halt ~= 0 then
        live.used = before
        live.more = 1
        return ""
      end
    end
    stream.mark = before
    stream.short_read = 0
    local out, action = read(conn, stream)
    if out == nil then
      out = ""
    elseif type(out) ~= "string" then
      if not is_buffer(out) then
        refuse(out, fn)
      end
      put_buffer(out)
      out = ""
    end
    local declined = stream.short_read ~= 0 or stream.pos == before
    if stream.short_read ~= 0 then
      stream.pos = stream.mark
    end
    if declined or stream.pos >= stream.stop or action ~= nil or live.halt ~= 0 then
      live.used = stream.pos
      live.more = declined and 0 or 1
      return out, action
    end
    return step(conn, stream, out)
  end
  return function(conn)
    return step(conn, begin(conn), "")
  end
end

core.set_take_buffer(put_buffer)

local handler_metatable = core.stream_metatable
handler_metatable.__name = "evio.stream"
handler_metatable.__metatable = "evio.stream"

-- A data handler that reads a stream with read(conn, stream), which calls the script's fn; `input` is
-- what options.input has to be for it, nil where any will do.
function M.handler(read, fn, input)
  return setmetatable({ fn = fn, drive = make_drive(read, fn), input = input }, handler_metatable)
end

M.put, M.begin, M.is_buffer = put, begin, is_buffer

-- A data handler that drives itself: drive(conn) handles what there is, for the script's fn.
function M.driven(fn, drive)
  return setmetatable({ fn = fn, drive = drive }, handler_metatable)
end

-- A data handler that reads a stream: fn(conn, stream) returns out and an action as data does.
function M.new(fn)
  if type(fn) ~= "function" then
    error(("evio.stream: the handler is a %s, expected a function(conn, stream)"):format(type(fn)), 2)
  end
  return M.handler(fn, fn)
end

return M
