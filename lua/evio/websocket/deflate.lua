-- permessage-deflate (RFC 7692): what both sides agree on, and messages through zlib. No I/O.
-- What was agreed on: { send = { window, takeover }, receive = { takeover } }, of one's own side.
local buffer = require("string.buffer")
local codec = require("evio.codec.websocket")
local extensions = require("evio.websocket.extensions")
local ffi = require("ffi")

local M = {}

local leaves = codec.leaves
local gc = ffi.gc
local NAME = "permessage-deflate"
local TAIL = "\0\0\255\255" -- of each message, which is not sent (7.2.1)
local PIECE = 16384 -- bytes
local LEAST = 9 -- the smallest window that zlib makes
local NO_TEXT, TOO_BIG, FAILED = 1007, 1009, 1011

-- Agreeing -----------------------------------------------------------------------------------------

-- The parameters of each "permessage-deflate" in a field: by name, true for one without a value. False where one comes
-- twice, or is none of the four.
local KNOWN = {
  server_no_context_takeover = "flag", client_no_context_takeover = "flag",
  server_max_window_bits = "bits", client_max_window_bits = "bits",
}

local function read_parameters(parameters)
  local found = {}
  for _, parameter in ipairs(parameters) do
    local name, value = parameter.name, parameter.value
    local kind = KNOWN[name]
    if not kind or found[name] ~= nil or kind == "flag" and value ~= true then
      return false
    elseif value ~= true and not (value:find("^[1-9]%d?$") and tonumber(value) >= 8 and tonumber(value) <= 15) then
      return false
    end
    found[name] = value == true or tonumber(value)
  end
  return found
end

local function read_field(field)
  local list = field and extensions.parse(field) or {}
  for _, extension in ipairs(list) do
    extension.name, extension.parameters = extension.name:lower(), read_parameters(extension.parameters)
  end
  return list
end

-- What a server makes of one offer: the answer and what was agreed on; nil where it cannot.
local function take_offer(offer, settings)
  local answer = { NAME }
  local sends = offer.server_max_window_bits
  if sends == true or sends and sends < LEAST then
    return nil
  end
  local window = math.min(sends or 15, settings.window)
  local keeps = settings.takeover and not offer.server_no_context_takeover
  local peer_keeps = settings.takeover and not offer.client_no_context_takeover
  if not keeps then
    answer[#answer + 1] = "server_no_context_takeover"
  end
  if not peer_keeps then
    answer[#answer + 1] = "client_no_context_takeover"
  end
  if sends or window < 15 then
    answer[#answer + 1] = "server_max_window_bits=" .. window
  end
  return table.concat(answer, "; "), { send = { window = window, takeover = keeps },
    receive = { takeover = peer_keeps } }
end

-- The answer to a client's Sec-WebSocket-Extensions, and what was agreed on: of the first offer that can be taken.
-- `settings` are { level, window, memory, takeover, threshold }.
function M.accept(field, settings)
  for _, offer in ipairs(read_field(field)) do
    if offer.name == NAME and offer.parameters then
      local answer, agreed = take_offer(offer.parameters, settings)
      if answer then
        return answer, agreed
      end
    end
  end
end

-- What a client offers.
function M.offer(settings)
  local parts = { NAME, "client_max_window_bits" }
  if not settings.takeover then
    parts[#parts + 1] = "server_no_context_takeover"
    parts[#parts + 1] = "client_no_context_takeover"
  end
  if settings.window < 15 then
    parts[#parts + 1] = "server_max_window_bits=" .. settings.window
  end
  return table.concat(parts, "; ")
end

-- What a client makes of the server's answer: what was agreed on, nil for nothing; nil and what is wrong with it.
-- `settings` are those of the offer, nil for none.
function M.check(field, settings)
  local list = read_field(field)
  local answer = list[1] and list[1].parameters
  if not field then
    return nil
  elseif not settings or #list ~= 1 or list[1].name ~= NAME then
    return nil, ("the server chose the extensions %q, which were not offered"):format(field)
  elseif not answer or answer.server_max_window_bits == true or answer.client_max_window_bits == true
    or settings.window < (answer.server_max_window_bits or settings.window)
    or not settings.takeover and not answer.server_no_context_takeover then
    return nil, ("the server answered the offer of %s with %q"):format(NAME, field)
  elseif answer.client_max_window_bits and answer.client_max_window_bits < LEAST then
    return nil, "the server wants a window of 8 bits, which zlib does not make"
  end
  return {
    send = { window = math.min(answer.client_max_window_bits or 15, settings.window),
      takeover = settings.takeover and not answer.client_no_context_takeover },
    receive = { takeover = not answer.server_no_context_takeover },
  }
end

-- Messages -----------------------------------------------------------------------------------------

local Deflate = {}
Deflate.__index = Deflate

-- Deflaters that refer to nothing before a message are everybody's: by level, window and memory.
local shared = {}

-- Engines for one connection, made when there is something to do.
function M.new(agreed, settings)
  return setmetatable({ send = agreed.send, receive = agreed.receive, settings = settings,
    threshold = settings.threshold, deflater = nil, inflater = nil }, Deflate)
end

local function new_deflater(self)
  local s = self.settings
  local deflater = leaves.deflater_new(s.level, self.send.window, s.memory)
  return deflater ~= nil and gc(deflater, leaves.deflater_free) or nil
end

local function deflater_of(self)
  if self.send.takeover then
    self.deflater = self.deflater or new_deflater(self)
    return self.deflater
  end
  local s = self.settings
  local key = (s.level * 16 + self.send.window) * 16 + s.memory
  shared[key] = shared[key] or new_deflater(self)
  if shared[key] then
    leaves.deflater_reset(shared[key])
  end
  return shared[key]
end

local packed = buffer.new()

-- A message compressed: a pointer, valid until the next call, and the number of bytes. nil without memory.
function Deflate:pack(data)
  local deflater = deflater_of(self)
  if not deflater then
    return nil
  end
  packed:reset()
  leaves.deflater_feed(deflater, data, #data)
  repeat
    local at, room = packed:reserve(PIECE)
    local made = tonumber(leaves.deflater_read(deflater, at, room))
    packed:commit(made)
  until made < room
  local at, length = packed:ref()
  return at, length - #TAIL
end

local function inflate(self, frame, parts, bytes, n)
  leaves.inflater_feed(self.inflater, bytes, n)
  repeat
    local at, room = parts:reserve(PIECE)
    local made = tonumber(leaves.inflater_read(self.inflater, at, room))
    if made < 0 then
      return NO_TEXT, "a compressed message is no deflate stream"
    elseif frame.opcode == 1 and leaves.goes_on(frame, at, made) == 0 then
      return NO_TEXT, "a text is not UTF-8"
    end
    parts:commit(made)
    if #parts > frame.most then
      return TOO_BIG, "a message is longer than it may be"
    end
  until made == 0
end

-- Puts what the next part of a message becomes behind its other parts. Returns the code to close with and why where it
-- is wrong.
function Deflate:take(frame, parts, is_last)
  if not self.inflater then
    local inflater = leaves.inflater_new()
    if inflater == nil then
      return FAILED, "there is no memory"
    end
    self.inflater = gc(inflater, leaves.inflater_free)
  end
  local code, why = inflate(self, frame, parts, frame.data, frame.length)
  if code or not is_last then
    return code, why
  end
  code, why = inflate(self, frame, parts, TAIL, #TAIL)
  if code then
    return code, why
  elseif not leaves.inflater_whole(self.inflater) then
    return NO_TEXT, "a compressed message is cut"
  elseif frame.opcode == 1 and frame.text.left ~= 0 then
    return NO_TEXT, "a text ends inside of a character"
  elseif not self.receive.takeover then
    leaves.inflater_free(gc(self.inflater, nil))
    self.inflater = nil
  end
end

-- Frees the memory, behind which nothing can be sent or taken.
function Deflate:free()
  if self.inflater then
    leaves.inflater_free(gc(self.inflater, nil))
  end
  if self.deflater then
    leaves.deflater_free(gc(self.deflater, nil))
  end
  self.inflater, self.deflater = nil, nil
end

return M
