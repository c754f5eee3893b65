-- A DNS server: answers questions for IPv4 addresses (RFC 1035) from a table.
--   evio-lua examples/dns.lua [--port 5353]
--   dig -p 5353 @localhost one.example
local evio = require("evio")

local flags = evio.flags({ port = "5353" })

local ADDRESSES = {
  ["one.example"] = { "192.0.2.1" },
  ["two.example"] = { "192.0.2.1", "192.0.2.2" },
}
local TTL = 60
local A, ANY, IN = 1, 255, 1
local FORMAT_ERROR, NAME_ERROR, NOT_IMPLEMENTED = 1, 3, 4

local function u16(number)
  return string.char(bit.rshift(number, 8), bit.band(number, 255))
end

-- The question behind the header: its name in lower case, type, class, and where it ends.
local function read_question(message)
  local labels, at = {}, 13
  while true do
    local length = message:byte(at)
    if not length or length > 63 then
      return nil
    elseif length == 0 then
      break
    end
    labels[#labels + 1] = message:sub(at + 1, at + length):lower()
    at = at + 1 + length
  end
  local type_high, type_low, class_high, class_low = message:byte(at + 1, at + 4)
  if not class_low then
    return nil
  end
  return table.concat(labels, "."), type_high * 256 + type_low, class_high * 256 + class_low, at + 4
end

-- A resource record for the name in the question, which a pointer refers to (section 4.1.4).
local function record(address)
  local bytes = address:gsub("(%d+)%.?", function(number)
    return string.char(number)
  end)
  return u16(0xc00c) .. u16(A) .. u16(IN) .. u16(0) .. u16(TTL) .. u16(4) .. bytes
end

-- Flags: an authoritative answer, with the asker's operation code and wish for recursion.
local function reply(message, code, question, answers)
  local answer = 0x8400 + bit.band(message:byte(3), 0x79) * 256 + code
  return message:sub(1, 2) .. u16(answer) .. u16(question and 1 or 0) .. u16(#answers)
    .. u16(0) .. u16(0) .. (question or "") .. table.concat(answers)
end

local function answer(message)
  local name, kind, class, last = read_question(message)
  if not name then
    return reply(message, FORMAT_ERROR, nil, {})
  end
  local question, answers = message:sub(13, last), {}
  local addresses = class == IN and ADDRESSES[name]
  if not addresses then
    return reply(message, NAME_ERROR, question, {})
  end
  if kind == A or kind == ANY then
    for i, address in ipairs(addresses) do
      answers[i] = record(address)
    end
  end
  return reply(message, 0, question, answers)
end

local events = {}

function events.serving(server)
  print("dns server started on " .. server.addresses[1])
  io.stdout:flush()
end

function events.data(_, message)
  if #message < 12 or message:byte(3) >= 128 then
    return -- no header, or a reply: nothing is to be said
  elseif bit.band(message:byte(3), 0x78) ~= 0 then
    return reply(message, NOT_IMPLEMENTED, nil, {})
  end
  return answer(message)
end

evio.serve(events, "udp://:" .. flags.port)
