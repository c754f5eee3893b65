-- The codecs without I/O: what was encoded is decoded, and changed bytes come to the same in whatever pieces.
local evio = require("evio")
local random = require("random")

local framing, resp, websocket = evio.framing, evio.resp, evio.websocket
local pick = random.pick

-- Messages in pieces of bytes, and how it ended: what is wrong, or the bytes that wait.
local function feed(decode, pieces)
  local rest, told = "", {}
  for _, piece in ipairs(pieces) do
    local at = 1
    rest = rest .. piece
    while true do
      local message, used, code = decode(rest, at)
      if message ~= nil then
        told[#told + 1] = random.tell(message)
        assert(used > 0 and at + used <= #rest + 1, "it used what was not there")
        at = at + used
      elseif used then
        told[#told + 1] = ("%s %s"):format(used, code or "")
        return told
      else
        break
      end
    end
    rest = rest:sub(at)
  end
  told[#told + 1] = "waits: " .. rest
  return told
end

local targets = {}

-- Framing ------------------------------------------------------------------------------------------

local LETTERS = { "x", "y", "z", "\r", "\0", "\n", "\255", "longer" }

local framings = {
  function() return framing.lines({ max = pick({ 5, 100, 65536 }), ending = pick({ "\n", "\r\n" }) }) end,
  function() return framing.delimiter({ delimiter = pick({ "\0", "xyzx", "xx", "\r\n" }), max = pick({ 5, 100 }) }) end,
  function()
    return framing.prefix({ size = math.random(8), order = pick({ "big", "little" }), adjust = pick({ 0, 3, 8, -1 }),
      max = pick({ 100, 1000 }) })
  end,
  function() return framing.fixed({ size = math.random(9) }) end,
}

function targets.framing()
  local codec = pick(framings)()
  local messages, wire = {}, {}
  for _ = 1, math.random(8) do
    local message = random.bytes(pick({ 3, 12 }), LETTERS)
    local ok, bytes = pcall(codec.encode, codec, message)
    if ok then
      messages[#messages + 1], wire[#wire + 1] = random.tell(message), bytes
    end
  end
  messages[#messages + 1] = "waits: "
  local function decoder()
    return function(bytes, at) return codec:decode(bytes, at) end
  end
  return decoder, table.concat(wire), messages, { "\r\n", "\n", "\0", "xyz", "\0\0\0\4" }
end

-- RESP ---------------------------------------------------------------------------------------------

local TOKENS = { "\r\n", "*", "$", "-1", "*1\r\n", "$1\r\nx\r\n", "+", ":", "%", "|1\r\n", "_\r\n", "#t\r\n", ",", "(",
  "!", "=", "~", ">", "\"", "'", "\\x41", " " }

local function value(depth)
  local kind = math.random(depth > 3 and 6 or 10)
  if kind < 3 then
    return random.bytes(8)
  elseif kind == 3 then
    return math.random(-2 ^ 31, 2 ^ 31)
  elseif kind == 4 then
    return pick({ resp.null, true, false, 1.5, -0.25, 1e300, math.huge })
  elseif kind == 5 then
    return resp.error("ERR " .. random.bytes(8, { "a", " ", "\r", "\n" }))
  elseif kind == 6 then
    return pick({ 9007199254740993LL, -9223372036854775807LL })
  end
  local list = random.list(4, function() return value(depth + 1) end)
  return kind == 7 and resp.set(list) or kind == 8 and resp.push(list)
    or kind == 9 and #list % 2 == 0 and resp.map(list) or list
end

function targets.values()
  local messages, wire = {}, {}
  for i = 1, math.random(4) do
    local one = value(0)
    messages[i], wire[i] = random.tell(one), resp.encode(one, 3)
  end
  messages[#messages + 1] = "waits: "
  return function() return resp.decode end, table.concat(wire), messages, TOKENS
end

function targets.requests()
  local messages, wire = {}, {}
  for i = 1, math.random(4) do
    local list = { "x" .. random.bytes(8), unpack(random.list(4, function() return random.bytes(8) end)) }
    if random.once_in(3) then -- in a line
      list = { "PING", unpack(random.list(3, function() return "a" .. random.bytes(3, { "a", "\255", "=" }) end)) }
      wire[i] = table.concat(list, " ") .. pick({ "\n", "\r\n" })
    else
      wire[i] = resp.encode_request(list)
    end
    messages[i] = random.tell(list)
  end
  messages[#messages + 1] = "waits: "
  return function() return resp.decode_request end, table.concat(wire), messages, TOKENS
end

-- WebSocket ----------------------------------------------------------------------------------------

local function frame(first, data, key)
  local n, mask = #data, key and 0x80 or 0
  local head = n < 126 and string.char(first, mask + n) or string.char(first, mask + 126, math.floor(n / 256), n % 256)
  if not key then
    return head .. data
  end
  local masked = {}
  for i = 1, n do
    masked[i] = string.char(bit.bxor(data:byte(i), key:byte((i - 1) % 4 + 1)))
  end
  return head .. key .. table.concat(masked)
end

-- A message in one frame or several, with a ping in between.
local function frames(messages, key)
  local text = random.once_in(2)
  local data = text and random.bytes(60, { "a", "\195\164", "\226\130\172", "\240\159\152\128" })
    or random.bytes(pick({ 10, 200 }))
  local first, wire, at = text and 1 or 2, {}, 1
  while random.once_in(3) do
    local stop = math.random(at - 1, #data)
    wire[#wire + 1] = frame(first, data:sub(at, stop), key)
    first, at = 0, stop + 1
    if random.once_in(3) then
      wire[#wire + 1] = frame(0x89, "ping", key)
      messages[#messages + 1] = random.tell({ kind = "ping", data = "ping" })
    end
  end
  wire[#wire + 1] = frame(0x80 + first, data:sub(at), key)
  messages[#messages + 1] = random.tell({ kind = text and "text" or "binary", data = data })
  return table.concat(wire)
end

function targets.frames()
  local messages, wire = {}, {}
  local key = random.once_in(2) and (random.once_in(2) and "\0\0\0\0" or "\1\200\3\255") or nil
  for i = 1, math.random(3) do
    wire[i] = frames(messages, key)
  end
  if random.once_in(3) then
    wire[#wire + 1] = frame(0x88, "\3\232bye", key)
    messages[#messages + 1] = random.tell({ kind = "close", data = "bye", code = 1000 })
  end
  messages[#messages + 1] = "waits: "
  local function decoder()
    local one = websocket.decoder(key and "client" or "server", 300)
    return function(bytes, at) return one:decode(bytes, at) end
  end
  return decoder, table.concat(wire), messages, {
    "\129", "\1", "\128", "\0", "\137", "\126\1\0", "\127", "\237\160\128",
  }
end

-- All ----------------------------------------------------------------------------------------------

local kinds = { targets.framing, targets.values, targets.requests, targets.frames }

-- Fragments that an unfinished message is in wait as they came: what a decoder has taken of them, it keeps.
local function tell(told)
  return table.concat(told, "\n")
end

return function()
  local decoder, bytes, messages, tokens = pick(kinds)()
  random.same("encoded and decoded", tell(messages), tell(feed(decoder(), random.split(bytes))), bytes)
  for _ = 1, 3 do
    local changed = random.mutate(bytes, tokens)
    local whole = tell(feed(decoder(), { changed }))
    for _ = 1, 2 do
      random.same("in pieces", whole, tell(feed(decoder(), random.split(changed))), changed)
    end
  end
end
