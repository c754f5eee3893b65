-- The other clients of the long run: resets, garbage, halves of things, peers that do not read, silence.
--   evio-lua scripts/soak/abuse.lua SECONDS SEED NAME=ADDRESS...
local evio = require("evio")

local seconds, seed = tonumber(arg[1]), tonumber(arg[2])
math.randomseed(seed)
local addresses = {}
for i = 3, #arg do
  local name, address = arg[i]:match("^(%w+)=(.*)$")
  if name ~= "udp" then
    addresses[#addresses + 1] = address
  end
end

local STARTS = {
  "GET / HTTP/1.1\r\nHost: x\r\n",
  "GET / HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n",
  "POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nffffffffff\r\n",
  "GET /socket HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n"
    .. "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n\129\254\255\255\255\255\255\255\255\255",
  "*3\r\n$3\r\nSET\r\n$1000000\r\n", "*-5\r\n", "*2000000000\r\n", "$5\r\nhello\r\n", "PING\r\nPING\r\n",
  "big\nbig\nbig\n",
  "\22\3\1\2\0\1\0\1\252\3\3", "\22\3\1\255\255", "\120\156", "PROXY TCP4 1.2.3.4 5.6.7.8 1 2\r\n",
}

local function garbage(n)
  local parts = {}
  for i = 1, n do
    parts[i] = string.char(math.random(0, 255))
  end
  return table.concat(parts)
end

local function nothing() end

-- What a connection does once it is there: events, and for how long it may.
local WAYS = {
  function(conn) conn:abort() end,
  function(conn)
    conn:write(garbage(math.random(1, 3000)))
    evio.after(math.random() * 0.1, function() conn:abort() end)
  end,
  function(conn)
    conn:write(STARTS[math.random(#STARTS)] .. garbage(math.random(0, 50)))
    evio.after(math.random() * 0.3, function() conn:close() end)
  end,
  function(conn) -- asks for much, and does not read
    conn:pause()
    conn:write(("big\n"):rep(20) .. ("GET /big HTTP/1.1\r\nHost: x\r\n\r\n"):rep(20))
    evio.after(math.random() * 2, function() conn:abort() end)
  end,
  function(conn) -- a byte at a time
    local text, at = STARTS[math.random(#STARTS)], 1
    local timer
    timer = evio.every(0.01, function()
      if at > #text or not conn:write(text:sub(at, at)) then
        timer:cancel()
        conn:finish()
      end
      at = at + 1
    end)
  end,
  function(conn) evio.after(math.random() * 3, function() conn:close() end) end,
}

local deadline = evio.now() + seconds
local done = 0

local function again()
  if evio.now() >= deadline then
    return
  end
  local events = {
    options = { idle = 5, linger = 1 },
    opened = WAYS[math.random(#WAYS)],
    data = nothing,
    failed = nothing,
  }
  -- Whatever became of it, the next one comes.
  events.closed = function()
    done = done + 1
    evio.after(math.random() * 0.05, again)
  end
  events.failed = events.closed
  evio.dial(events, addresses[math.random(#addresses)])
end

for _ = 1, 20 do
  again()
end
evio.run()
print("done", done)
