-- WebSocket's frames (RFC 6455, 5): messages, and their bytes. No I/O. A leaf in C finds them.
local buffer = require("string.buffer")
local core = require("evio.core")
local ffi = require("ffi")
require("evio.stream") -- the declarations
ffi.cdef(core.websocket_declarations)

local M = {}

local leaves = ffi.cast("const struct evio_websocket_leaves *", core.websocket_leaves)
local string_of = ffi.string
local type = type
local HEAD = 14 -- bytes at most
local KEYS = 256 -- bytes
local MOST_KEPT = 65536
local MORE, PART, CONTROL, BAD = 0, 2, 4, -1
local TEXT, BINARY, CLOSE = 0x81, 0x82, 8

M.leaves = leaves
M.HEAD = HEAD
M.MORE, M.WHOLE, M.PART, M.CONTROL, M.BAD = MORE, 1, PART, CONTROL, BAD
M.TEXT, M.BINARY, M.CLOSE, M.PING, M.PONG, M.COMPRESSED = TEXT, BINARY, 0x88, 0x89, 0x8a, 0x40

-- By opcode.
local kinds = { [1] = "text", [2] = "binary", [8] = "close", [9] = "ping", [10] = "pong" }

-- Encoding -----------------------------------------------------------------------------------------

local keys, key_at = ffi.new("char[?]", KEYS), KEYS

-- Four bytes that nobody can foretell (RFC 6455, 5.3), valid until the next call.
function M.new_key()
  if key_at == KEYS then
    if leaves.random(keys, KEYS) ~= 0 then
      error("evio.websocket: the system has no random bytes", 0)
    end
    key_at = 0
  end
  key_at = key_at + 4
  return keys + (key_at - 4)
end

local gathered = buffer.new()

-- A frame with n bytes, a string or a pointer; `key` is its mask's, nil for a server's.
function M.pack(first, data, n, key)
  gathered:reset()
  gathered:commit(tonumber(leaves.pack(gathered:reserve(n + HEAD), first, data, n, key)))
  local bytes = gathered:get()
  if n > MOST_KEPT then
    gathered:free()
  end
  return bytes
end

-- The first byte of a message's frame. Raises for `name`, the function that called this, for what is no message.
function M.first_of(name, data, kind)
  if type(data) ~= "string" then
    error(("%s: the data is a %s, expected a string"):format(name, type(data)), 3)
  elseif kind == "binary" then
    return BINARY
  elseif kind ~= nil and kind ~= "text" then
    error(("%s: the kind is %s, expected \"text\", \"binary\" or nil"):format(name,
      type(kind) == "string" and ("%q"):format(kind) or "a " .. type(kind)), 3)
  end
  local at = tonumber(leaves.find_no_text(data, #data))
  if at >= 0 then
    error(("%s: the text is not UTF-8 %s, expected the kind \"binary\" for such bytes"):format(name,
      at == #data and "at its end" or ("from byte %d on"):format(at + 1)), 3)
  end
  return TEXT
end

-- The bytes of a message, as a server sends them: the same for all that it is sent to.
function M.encode(data, kind)
  return M.pack(M.first_of("evio.websocket.encode", data, kind), data, #data, nil)
end

-- Decoding -----------------------------------------------------------------------------------------

-- The state of one direction: frames that a client sends, or those that a server does.
function M.new_state(from_client, most, compresses)
  local state = ffi.new("struct evio_websocket")
  state.most, state.masked, state.compresses = most, from_client and 1 or 0, compresses and 1 or 0
  return state
end

local Decoder = {}
Decoder.__index = Decoder

local WINDOW = 4096 -- bytes: more than a head, or a control frame
local window = ffi.new("char[?]", WINDOW)

-- One scan of n bytes, which it changes: a message, or nil; the bytes it used; nil and what is wrong, and its code.
local function scan(self, n)
  local state = self.state
  local status = leaves.scan(state, window, n)
  if status == BAD then
    return nil, string_of(state.message), state.code
  elseif status == MORE then
    return nil, 0
  end
  local bytes = string_of(state.data, state.length)
  if status == CONTROL and state.opcode == CLOSE then
    return { kind = "close", data = bytes:sub(3), code = state.code }, state.used
  elseif status == CONTROL then
    return { kind = kinds[state.opcode], data = bytes }, state.used
  elseif status == PART then
    self.parts[#self.parts + 1] = bytes
    return nil, state.used
  end
  local whole = table.concat(self.parts) .. bytes
  self.parts = {}
  return { kind = kinds[state.opcode], data = whole }, state.used
end

-- The next message at a place in bytes, 1 unless given: { kind, data }, with `code` for "close", beside which there
-- are "text", "binary", "ping" and "pong"; and how many bytes it takes, with those of fragments of another one in front
-- of it, which the decoder keeps. nil when it is not complete; nil, what is wrong and the code to close with.
function Decoder:decode(bytes, at)
  at = at or 1
  local data, size, used = ffi.cast("const char *", bytes) + (at - 1), #bytes - at + 1, 0
  local kept, count = ffi.new("struct evio_websocket"), #self.parts
  ffi.copy(kept, self.state, ffi.sizeof(kept))
  while true do
    local n = math.min(size - used, WINDOW)
    ffi.copy(window, data + used, n)
    local message, took, code = scan(self, n)
    if message then
      return message, used + took
    elseif code then
      return nil, took, code
    elseif took == 0 then -- it begins anew when more is here
      ffi.copy(self.state, kept, ffi.sizeof(kept))
      for i = #self.parts, count + 1, -1 do
        self.parts[i] = nil
      end
      return nil
    end
    used = used + took
  end
end

-- A decoder of what a "client" or a "server" sends. `most` bytes are the limit of a message, 16 MiB unless given.
function M.decoder(from, most)
  if from ~= "client" and from ~= "server" then
    error(("evio.websocket.decoder: it reads what a %s sends, expected \"client\" or \"server\""):format(
      tostring(from)), 2)
  end
  return setmetatable({ state = M.new_state(from == "client", most or 2 ^ 24), parts = {} }, Decoder)
end

return M
