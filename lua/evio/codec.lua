-- What codecs have in common: bytes in and a message out, without I/O, and the same inside of a
-- stream's handler. A codec says how its messages are framed, in three methods and fields of its own:
--   _frame(p, n, found)  the n bytes at p, a const uint8_t *: a message and the bytes that it takes;
--                        nil where more are needed; nil and words for what is wrong with them
--   _pack(message)       its bytes, or nil and words for what cannot be framed
--   _separator           what is searched; _frame gets how many bytes stand in front of it, or nil
--   _name, _most         for messages; the most bytes that a message takes with its frame
local core = require("evio.core")
local ffi = require("ffi")

-- In a background job there are no streams: codecs encode and decode there.
local stream = core.leaves and require("evio.stream")
local leaves = stream and stream.leaves
local live = stream and stream.live

local M = {}

local BYTES = ffi.typeof("const uint8_t *")
local STREAM = stream and ffi.typeof("struct evio_stream")
local cast, istype, find = ffi.cast, ffi.istype, string.find

local methods = {}
M.methods = methods

-- Level 3: where a method was called.
local function refuse(self, method, format, ...)
  error(("%s:%s: %s"):format(self._name, method, format:format(...)), 3)
end

-- The message that begins at a place, and how many bytes it takes from there on; nil where it is not
-- complete, nil and words where it is malformed.
function methods:decode(bytes, at)
  at = at or 1
  if type(bytes) ~= "string" then
    refuse(self, "decode", "the bytes are a %s, expected a string", type(bytes))
  elseif type(at) ~= "number" or not (at >= 1 and at <= #bytes + 1) or at % 1 ~= 0 then
    refuse(self, "decode", "the position is %s, expected a whole number from 1 to %d, behind the last byte",
      tostring(at), #bytes + 1)
  end
  local separator = self._separator
  local found = separator and find(bytes, separator, at, true)
  -- No tail call: the pointer does not keep the bytes, which the caller may have in no variable.
  local message, used = self:_frame(cast(BYTES, bytes) + (at - 1), #bytes - at + 1, found and found - at)
  return message, used
end

function methods:encode(message)
  if type(message) ~= "string" then
    refuse(self, "encode", "the message is a %s, expected a string", type(message))
  end
  local bytes, why = self:_pack(message)
  if not bytes then
    refuse(self, "encode", "%s", why)
  end
  return bytes
end

-- The next message of a stream; nil is a short read. Behind malformed bytes nothing can be understood:
-- they end the connection, and all that is left goes.
function methods:take(input)
  if not stream or not istype(STREAM, input) then
    refuse(self, "take", "the stream is a %s, expected that of a handler of evio.stream", type(input))
  elseif input.data == nil then
    refuse(self, "take", "the stream is used outside of its event")
  end
  local separator, found = self._separator, nil
  if separator then
    found = leaves.find(input, separator, #separator)
    if found < 0 then
      found = nil
    end
  end
  local pos = input.pos
  local message, used = self:_frame(input.data + pos, input.stop - pos, found)
  if message then
    input.pos = pos + used
    return message
  elseif used then
    leaves.fail(live, used)
    input.pos = input.stop
    return nil
  end
  input.short_read = 1
  return nil
end

-- A data handler that calls fn(conn, message) for each message.
function methods:handler(fn)
  if type(fn) ~= "function" then
    refuse(self, "handler", "the handler is a %s, expected a function(conn, message)", type(fn))
  elseif not stream then
    refuse(self, "handler", "a background job has no connections")
  end
  return stream.handler(function(conn, input)
    local message = self:take(input)
    if message then
      return fn(conn, message)
    end
  end, fn, self._most)
end

-- Makes codecs of a kind: tables with its methods beside those of all.
function M.kind(own)
  for name, method in next, methods do
    own[name] = method
  end
  local metatable = { __index = own }
  return function(codec)
    return setmetatable(codec, metatable)
  end
end

return M
