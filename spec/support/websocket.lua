-- WebSockets of clients that the specs are: frames as bytes, and what a server sends.
local bit = require("bit")
local support = require("spec.support")

local M = {}

local char, floor = string.char, math.floor
local KEY = "dGhlIHNhbXBsZSBub25jZQ==" -- of RFC 6455, 1.3
local MASK = "\55\250\33\61"

M.TEXT, M.BINARY, M.CLOSE, M.PING, M.PONG, M.CONTINUATION = 1, 2, 8, 9, 10, 0

local function length_bytes(n, masked)
  local first = masked and 128 or 0
  if n < 126 then
    return char(first + n)
  elseif n < 65536 then
    return char(first + 126, floor(n / 256), n % 256)
  end
  return char(first + 127, 0, 0, 0, 0, floor(n / 2 ^ 24) % 256, floor(n / 2 ^ 16) % 256, floor(n / 256) % 256, n % 256)
end

local function mask(bytes, key)
  local out = {}
  for i = 1, #bytes do
    out[i] = char(bit.bxor(bytes:byte(i), key:byte((i - 1) % 4 + 1)))
  end
  return table.concat(out)
end

-- A client's frame. opts: more (no FIN), reserved (bits), mask (four bytes; false for none).
function M.frame(opcode, data, opts)
  opts = opts or {}
  local first = char((opts.more and 0 or 128) + (opts.reserved or 0) + opcode)
  local key = opts.mask == nil and MASK or opts.mask
  if not key then
    return first .. length_bytes(#data) .. data
  end
  return first .. length_bytes(#data, true) .. key .. (key == "\0\0\0\0" and data or mask(data, key))
end

function M.text(data)
  return M.frame(M.TEXT, data)
end

function M.close(code, reason)
  return M.frame(M.CLOSE, code and char(floor(code / 256), code % 256) .. (reason or "") or "")
end

-- The request of an upgrade; `fields` replace those of ours, false takes one away.
function M.request(path, fields)
  local all = { Host = "h", Connection = "Upgrade", Upgrade = "websocket", ["Sec-WebSocket-Version"] = "13",
    ["Sec-WebSocket-Key"] = KEY }
  for name, value in pairs(fields or {}) do
    all[name] = value
  end
  local lines = { ("GET %s HTTP/1.1"):format(path or "/") }
  for name, value in pairs(all) do
    lines[#lines + 1] = value and ("%s: %s"):format(name, value) or nil
  end
  return table.concat(lines, "\r\n") .. "\r\n\r\n"
end

-- Reads a head: its first line, and its fields by names in small letters.
function M.read_head(client)
  local first, fields = client:receive_line(), {}
  local line = client:receive_line()
  while line ~= "" do
    local name, value = line:match("^([^:]+): (.*)$")
    fields[name:lower()] = value
    line = client:receive_line()
  end
  return first, fields
end

-- A client whose upgrade is done, and the fields of the answer.
function M.connect(address, path, fields)
  local client = support.connect(address)
  client:send(M.request(path, fields))
  local first, answer = M.read_head(client)
  if first ~= "HTTP/1.1 101 Switching Protocols" then
    error("the server answered " .. first, 2)
  end
  return client, answer
end

-- The next frame of a server: opcode, data, first byte; nil and why where there is none.
function M.receive(client, seconds)
  local head, code = client:receive(2, seconds)
  if not head then
    return nil, code
  end
  local first, length = head:byte(1, 2)
  local more = length < 126 and 0 or length == 126 and 2 or 8
  if more > 0 then
    length = 0
    for _, byte in ipairs({ client:receive(more):byte(1, -1) }) do
      length = length * 256 + byte
    end
  end
  return first % 16, length > 0 and client:receive(length, seconds) or "", first
end

-- Fails unless the next frame is this one.
function M.expect(client, opcode, data)
  local got, bytes = M.receive(client)
  if got ~= opcode or bytes ~= data then
    error(("expected frame %d with %q, got %s with %q"):format(opcode, data:sub(1, 100), tostring(got),
      tostring(bytes):sub(1, 100)), 2)
  end
end

-- Fails unless the server closes with this code, in whose reason are these words, and the connection ends.
function M.expect_close(client, code, words)
  local opcode, data = M.receive(client)
  if opcode ~= M.CLOSE then
    error(("expected a close frame, got %s with %q"):format(tostring(opcode), tostring(data):sub(1, 100)), 2)
  end
  local got = #data > 1 and data:byte(1) * 256 + data:byte(2) or nil
  if got ~= code or not data:sub(3):find(words or "", 1, true) then
    error(("expected a close with %s and %q, got %s and %q"):format(tostring(code), words or "", tostring(got),
      data:sub(3)), 2)
  end
  local rest, failed = client:receive_all()
  if rest ~= "" or failed then
    error(("expected the end, got %q, %s"):format(rest, tostring(failed)), 2)
  end
end

return M
