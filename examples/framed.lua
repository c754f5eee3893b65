-- Upper case over frames: a translator that keeps what is not complete yet. On the wire each message
-- has its length in front, in four bytes, big-endian.
--   evio-lua examples/framed.lua [--port 5000]
--   printf '\0\0\0\5hello' | nc -N localhost 5000 | xxd
local evio = require("evio")

local flags = evio.flags({ port = "5000" })

local MOST = 65536

local Frames = { name = "frames" }
Frames.__index = Frames

-- All messages that are complete; the rest waits.
function Frames:receive(wire)
  if not wire then
    return nil, nil, self.rest ~= "" and "cut in the middle of a frame" or nil
  end
  local bytes, at, messages = self.rest .. wire, 1, {}
  while #bytes >= at + 3 do
    local a, b, c, d = bytes:byte(at, at + 3)
    local length = ((a * 256 + b) * 256 + c) * 256 + d
    if length > MOST then
      return nil, nil, ("a frame of %d bytes, at most %d are allowed"):format(length, MOST)
    elseif #bytes < at + 3 + length then
      break
    end
    messages[#messages + 1] = bytes:sub(at + 4, at + 3 + length)
    at = at + 4 + length
  end
  self.rest = bytes:sub(at)
  return table.concat(messages)
end

function Frames:send(plain) -- luacheck: ignore self
  local n = #plain
  return string.char(bit.rshift(n, 24), bit.band(bit.rshift(n, 16), 255),
    bit.band(bit.rshift(n, 8), 255), bit.band(n, 255)) .. plain
end

local function make()
  return setmetatable({ rest = "" }, Frames)
end

local events = {}

function events.serving(server)
  print("framed server started on " .. server.addresses[1])
  io.stdout:flush()
end

function events.data(_, input)
  return input:upper()
end

evio.serve(evio.translate(events, nil, make), "tcp://:" .. flags.port)
