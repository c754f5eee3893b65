-- What is measured: rows that compare servers (servers.lua). Another row is a few lines here.
--
-- A row has a name, a title, a kind (see measure.lua) and entries: names of servers, or tables
-- { server = NAME, label = TEXT, ... } whose further fields override those of the row. The first
-- entry is the one that is judged. Bars of a row:
--   against = { LABEL = BAR }   for the ratio of the first entry to that one
--   bar = BAR                   for the first entry's own figure
-- where a BAR is { most = NUMBER } or { below = NUMBER }.
--
-- A row of kind "cpu" has the load as a table:
--   connections, depth (of the pipeline), message ("6" bytes, "hex:DIGITS", "@FILE"; ten # become a
--   random key below `keys`), greeting (a message that each connection begins with), reply (bytes,
--   or "auto"), echo = true (the replies are compared with the requests, once, before the rounds)
-- and may have `before`, a list of such loads that the process serves before: to fill it, or to
-- show that what came before changes nothing. `requests` makes one stop after so many. `hold` is a
-- number of connections that are held open beside the load, and do nothing. `often` multiplies the
-- rounds: where the bar is so tight that a machine's unrest shows.
local M = { servers = require("servers") }

local function hex(text)
  return "hex:" .. text:gsub(".", function(c) return ("%02x"):format(c:byte()) end)
end

-- Requests of redis-benchmark's, which its -P 32 pipelines.
local function resp(name, text, reply, keys)
  return { name = name, connections = 50, depth = 32, message = hex(text), reply = reply, keys = keys }
end
local INLINE = resp("PING inline", "PING\r\n", 7)
local PING = resp("PING", "*1\r\n$4\r\nPING\r\n", 7)
local SET = resp("SET", "*3\r\n$3\r\nSET\r\n$16\r\nkey:__rand_int__\r\n$3\r\nxxx\r\n", 5)
local GET = resp("GET", "*2\r\n$3\r\nGET\r\n$16\r\nkey:__rand_int__\r\n", 9)
local COMMANDS = { INLINE, PING, SET, GET }
local HELLO = hex("GET / HTTP/1.1\r\nHost: localhost\r\n\r\n")
-- What a browser asks with.
local BROWSER = hex(table.concat({
  "GET / HTTP/1.1", "Host: localhost:8080", "Connection: keep-alive", "Cache-Control: max-age=0",
  'sec-ch-ua: "Chromium";v="120", "Not A(Brand";v="99"', "sec-ch-ua-mobile: ?0", 'sec-ch-ua-platform: "Linux"',
  "Upgrade-Insecure-Requests: 1", "User-Agent: Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko)",
  "Accept: text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,image/webp,*/*;q=0.8",
  "Sec-Fetch-Site: none", "Sec-Fetch-Mode: navigate", "Sec-Fetch-User: ?1", "Sec-Fetch-Dest: document",
  "Accept-Encoding: gzip, deflate, br", "Accept-Language: en-US,en;q=0.9", "Cookie: session=31d4d96e407aad42", "\r\n",
}, "\r\n"))
-- A text of 32 bytes in a frame of a client's (RFC 6455, 5.2); what comes back has no mask.
local function websocket(depth)
  local mask, masked = "\1\2\3\4", {}
  for i = 1, 32 do
    masked[i] = string.char(bit.bxor(("x"):byte(), mask:byte((i - 1) % 4 + 1)))
  end
  return {
    connections = 50, depth = depth, message = hex("\x81\xa0" .. mask .. table.concat(masked)), reply = 34,
    greeting = hex("GET / HTTP/1.1\r\nHost: localhost\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
      .. "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"),
  }
end
local MILLION = 1000000
local SET_KEYS = resp("SET", "*3\r\n$3\r\nSET\r\n$14\r\nkey:##########\r\n$3\r\nxxx\r\n", 5, MILLION)
local GET_KEYS = resp("GET", "*2\r\n$3\r\nGET\r\n$14\r\nkey:##########\r\n", 9, MILLION)
-- All of them, in one message.
local FILL = { connections = 1, message = "@build/bench/keys", reply = 5 * MILLION, requests = 1 }

-- One command, where the others came before it on the same process.
local function resp_row(name, title, load)
  local before = { SET } -- GET finds something then
  for _, other in ipairs(COMMANDS) do
    before[#before + 1] = other ~= load and other ~= SET and other or nil
  end
  return {
    name = name, title = "RESP, 32 pipelined, after the others: " .. title, kind = "cpu", load = load, before = before,
    entries = { "evio-lua redis", "redis-server" },
    against = { ["redis-server"] = { most = 0.60 } },
  }
end

local function keys_row(name, title, load)
  return {
    name = name, title = "RESP, 32 pipelined, a million random keys: " .. title, kind = "cpu", load = load,
    before = { FILL }, entries = { "evio-lua redis", "redis-server" },
    against = { ["redis-server"] = { most = 0.90 } },
  }
end

M.rows = {
  {
    name = "echo", often = 3,
    title = "echo, 6 bytes, one at a time, 50 connections",
    kind = "cpu",
    load = { connections = 50, message = "6", echo = true },
    entries = { "evio-lua", "floor", "luv" },
    against = { floor = { most = 1.10 }, luv = { below = 1.00 } },
  },
  {
    name = "timers", often = 3,
    title = "the same echo, with pending timers",
    kind = "cpu",
    load = { connections = 50, message = "6" },
    entries = { "100,000 timers", "no timer" },
    against = { ["no timer"] = { most = 1.05 } },
  },
  {
    name = "timeouts", often = 3,
    title = "the same echo beside 10,000 quiet connections, with idle time-outs on all",
    kind = "cpu",
    hold = 10000,
    load = { connections = 50, message = "6" },
    entries = { "idle time-outs", "no time-out" },
    against = { ["no time-out"] = { most = 1.05 } },
  },
  {
    name = "http", often = 3,
    title = "HTTP hello, keep-alive, 50 connections",
    kind = "cpu",
    load = { connections = 50, message = HELLO, reply = "auto" },
    entries = { "evio-lua http", "nginx http" },
    against = { ["nginx http"] = { most = 1.00 } },
  },
  {
    name = "http-pipelined",
    title = "the same, 16 pipelined",
    kind = "cpu",
    load = { connections = 50, depth = 16, message = HELLO, reply = "auto" },
    entries = { "evio-lua http", "nginx http" },
    against = { ["nginx http"] = { most = 0.25 } },
  },
  {
    name = "http-browser", often = 3,
    title = "HTTP hello, asked by a browser with 16 fields, keep-alive, 50 connections",
    kind = "cpu",
    load = { connections = 50, message = BROWSER, reply = "auto" },
    entries = { "evio-lua http", "nginx http" },
    against = { ["nginx http"] = { most = 1.00 } },
  },
  {
    name = "websocket",
    title = "WebSocket echo, 32 bytes, one at a time, 50 connections",
    kind = "cpu",
    load = websocket(1),
    entries = { "evio-lua websocket", "ws" },
    against = { ws = { most = 0.45 } },
  },
  {
    name = "websocket-pipelined",
    title = "the same, 16 pipelined",
    kind = "cpu",
    load = websocket(16),
    entries = { "evio-lua websocket", "ws" },
    against = { ws = { most = 0.12 } },
  },
  {
    name = "https", often = 3,
    title = "HTTPS hello, keep-alive, 50 connections",
    kind = "https",
    load = "wrk", connections = 50,
    entries = { "evio-lua https", "nginx https" },
    against = { ["nginx https"] = { most = 1.00 } },
  },
  {
    name = "handshakes",
    title = "TLS 1.3 full handshake, P-256, with one request",
    kind = "https",
    load = "wrk", connections = 20, headers = { "Connection: close" },
    entries = { "evio-lua https", "nginx https" },
    against = { ["nginx https"] = { most = 1.05 } },
  },
  {
    name = "flood",
    title = "HTTPS hello on one connection beside 50 that do handshakes, p99",
    kind = "flood",
    connections = 50,
    entries = { "evio-lua https", "nginx https" },
    against = { ["nginx https"] = { most = 1.00 } },
  },
  {
    name = "resumed",
    title = "TLS 1.2 resumed handshake, one at a time",
    kind = "https",
    load = "resume",
    entries = { "evio-lua https", "nginx https" },
    against = { ["nginx https"] = { most = 1.05 } },
  },
  {
    name = "https-mib",
    title = "1 MiB over TLS, 8 connections",
    kind = "https",
    load = "wrk", connections = 8, path = "/mib",
    entries = { "evio-lua https", "nginx https" },
    against = { ["nginx https"] = { most = 1.10 } },
  },
  resp_row("resp-inline", "PING inline", INLINE),
  resp_row("resp-ping", "PING", PING),
  resp_row("resp-set", "SET", SET),
  resp_row("resp-get", "GET", GET),
  {
    name = "resp-orders",
    title = "RESP, 32 pipelined, in all 24 orders of the four",
    kind = "orders",
    loads = COMMANDS,
    entries = { "evio-lua redis", "redis-server" },
    against = { ["redis-server"] = { most = 0.60 } },
    last_against_first = { most = 1.25 },
  },
  keys_row("resp-keys-set", "SET", SET_KEYS),
  keys_row("resp-keys-get", "GET", GET_KEYS),
  {
    name = "resp-memory",
    title = "memory of a million keys, each",
    kind = "keys",
    load = FILL, keys = MILLION,
    entries = { "evio-lua redis", "redis-server" },
    against = { ["redis-server"] = { most = 1.00 } },
  },
  {
    name = "redis-benchmark",
    title = "redis-benchmark -t ping,set,get -P 32",
    kind = "redis_benchmark",
    requests = 500000,
    entries = { "evio-lua redis", "redis-server" },
    against = { ["redis-server"] = { below = 1.00 } },
  },
  {
    name = "lines",
    title = "lines sent back, 32 pipelined",
    kind = "cpu",
    load = { connections = 50, depth = 32, message = hex("hello\n"), reply = 6 },
    entries = { "session", "stream", "framing" },
    against = { stream = { most = 2.00 } },
  },
  {
    name = "lines-one",
    title = "the same, one at a time",
    kind = "cpu",
    load = { connections = 50, message = hex("hello\n"), reply = 6 },
    entries = { "session", "stream", "framing" },
    against = { stream = { most = 1.50 } },
  },
  {
    name = "aborts-resp",
    title = "RESP: what LuaJIT gives up compiling when it is warm",
    kind = "aborts",
    loads = COMMANDS,
    entries = { "evio-lua redis" },
    bar = { most = 0 },
  },
  {
    name = "aborts-http",
    title = "HTTP: the same",
    kind = "aborts",
    loads = {
      { connections = 50, message = HELLO, reply = "auto" },
      { connections = 50, depth = 16, message = HELLO, reply = "auto" },
    },
    entries = { "evio-lua http" },
    bar = { most = 0 },
  },
  {
    name = "aborts-websocket",
    title = "WebSocket: the same",
    kind = "aborts",
    loads = { websocket(1), websocket(16) },
    entries = { "evio-lua websocket" },
    bar = { most = 0 },
  },
  {
    name = "aborts-echo",
    title = "echo: the same",
    kind = "aborts",
    loads = { { connections = 50, message = "6" } },
    entries = { "evio-lua" },
    bar = { most = 0 },
  },
  {
    name = "idle-tls",
    title = "memory per idle TLS connection, of 2,000",
    kind = "idle_tls",
    connections = 2000,
    entries = { "evio-lua https", "nginx https" },
    -- Missed with OpenSSL 3.0: an SSL of it has 13.8 KB after a handshake, 7.6 of them in one struct, when its
    -- buffers are released; nothing of its API gives back more.
    bar = { most = 12288 },
    against = { ["nginx https"] = { most = 1.00 } },
  },
  {
    name = "idle",
    title = "memory per idle connection, of 10,000",
    kind = "idle",
    connections = 10000,
    entries = { "evio-lua", "luv" },
    bar = { most = 600 },
  },
  {
    name = "startup",
    title = "from start to listening, median of 20",
    kind = "startup",
    starts = 20,
    entries = { "evio-lua", "luv" },
    bar = { most = 10 },
  },
}

return M
