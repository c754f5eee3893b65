-- Servers of HTTP, RESP and WebSocket, and a client in the same process: changed bytes get the same answers in whatever
-- pieces they come, the connection ends, and no handler fails.
local evio = require("evio")
local random = require("random")
local settle = require("settle")

local http, resp, websocket = evio.http, evio.resp, evio.websocket
local pick = random.pick

local MOST_SECONDS = 10
local LIMITS = { idle = 5, linger = 1, input = 65536 }

-- Each is the events of a server, what a client sends, tokens for changes, and what of the answers has to be the same.
local targets = {}

-- HTTP ---------------------------------------------------------------------------------------------

local function describe_request(request)
  return random.tell({ request.method, request.target, request.body, request.headers }) .. "\n"
end

-- Where a head is refused, the reason may be another one when more of it is here. Nobody is told to go on who did.
local function without_reasons(answers)
  answers = answers:gsub("Date: [^\r\n]*\r\n", ""):gsub("HTTP/1.1 100 Continue\r\n\r\n", "")
  local at = answers:find("HTTP/1.1 [45]%d%d ")
  return at and answers:sub(1, at - 1) .. "refused" or answers
end

local function http_request()
  local method = pick({ "GET", "POST", "HEAD", "PUT", "OPTIONS" })
  local head = method .. " " .. pick({ "/", "/a/b?c=d", "http://h/x", "*" }) .. " HTTP/1." .. pick({ "1", "0" })
    .. "\r\nHost: h\r\n" .. pick({ "", "X-Y: z \r\n", "Connection: keep-alive\r\n", "Expect: 100-continue\r\n" })
  local body = random.bytes(12, { "a", "\r\n", "0" })
  if random.once_in(3) then
    return head .. "\r\n"
  elseif random.once_in(2) then
    return head .. ("Content-Length: %d\r\n\r\n"):format(#body) .. body
  end
  local chunks = {}
  for i = 1, math.random(0, 3) do
    local part = "x" .. random.bytes(20)
    chunks[i] = ("%x%s\r\n%s\r\n"):format(#part, pick({ "", ";a=b" }), part)
  end
  return head .. "Transfer-Encoding: chunked\r\n\r\n" .. table.concat(chunks) .. "0\r\n" .. pick({ "", "T: u\r\n" })
    .. "\r\n"
end

targets.http = {
  events = http.server(function(request) return describe_request(request) end, { body = 4096 }),
  make = function() return table.concat(random.list(3, http_request)) end,
  tokens = { "\r\n", "\r\n\r\n", "Content-Length: 3\r\n", "Transfer-Encoding: chunked\r\n", "Host: a\r\n", ": ",
    "0\r\n\r\n", "HTTP/1.1", "Connection: close\r\n", "GET / HTTP/1.1\r\nHost: h\r\n\r\n", " ", "\t", "\0" },
  tell = without_reasons,
}

-- RESP ---------------------------------------------------------------------------------------------

local function resp_request()
  local list = { pick({ "ECHO", "LIST", "PING", "HELLO", "NONE" }) }
  for _ = 1, math.random(0, 3) do
    list[#list + 1] = random.once_in(6) and "3" or random.bytes(8)
  end
  return random.once_in(4) and pick({ "PING\r\n", "ECHO 'a b'\r\n", "LIST a b\n" }) or resp.encode_request(list)
end

targets.resp = {
  events = { data = resp.server({
    ECHO = { 2, function(_, text) return text end },
    LIST = { -1, function(_, rest) return rest or {} end },
    PING = { -1, function(_, rest) return rest and rest[1] or resp.status("PONG") end },
    HELLO = resp.hello("fuzz", "1.0"),
  }) },
  make = function() return table.concat(random.list(4, resp_request)) end,
  tokens = { "\r\n", "*1\r\n", "$4\r\nPING\r\n", "$-1\r\n", "*-1\r\n", "*0\r\n", "\"", "PING\r\n", "\0", "$3\r\n" },
  tell = function(answers) return (answers:gsub("\r\nid\r\n:%d+", "")) end,
}

-- WebSocket ----------------------------------------------------------------------------------------

local HANDSHAKE = "GET / HTTP/1.1\r\nHost: h\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
  .. "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"

-- With a mask of zeros, which is one, too.
local function frame(first, data)
  local n = #data
  return string.char(first) .. (n < 126 and string.char(128 + n)
    or string.char(254, math.floor(n / 256), n % 256)) .. "\0\0\0\0" .. data
end

local function websocket_frames()
  local text = random.bytes(40, { "a", "\195\164", "\226\130\172" })
  return pick({
    frame(0x81, text), frame(0x82, random.bytes(200)), frame(0x01, text) .. frame(0x89, "p") .. frame(0x80, text),
    frame(0x8a, ""), frame(0x88, "\3\232bye"), frame(0xc1, "\242\72\205\201\201\7\0"), frame(0x41, "\242\72")
      .. frame(0x80, "\205\201\201\7\0"),
  })
end

targets.websocket = {
  events = http.server(websocket.server({ message = function(ws, data, kind) ws:send(data, kind) end },
    { deflate = { takeover = false, threshold = 1 }, message = 1000, seconds = 1 })),
  make = function()
    return HANDSHAKE .. pick({ "", "Sec-WebSocket-Extensions: permessage-deflate\r\n" }) .. "\r\n",
      table.concat(random.list(4, websocket_frames))
  end,
  tokens = { "\129\128\0\0\0\0", "\1", "\128", "\137\128\0\0\0\0", "\254", "\255", "\237\160\128", "\193" },
  tell = without_reasons,
}

-- Both ends ----------------------------------------------------------------------------------------

local names = {}
for name, target in pairs(targets) do
  names[#names + 1] = name
  target.address = random.address(name)
  target.events.options = LIMITS
  assert(evio.listen(target.events, target.address))
end
table.sort(names)

-- What a server answers to pieces of bytes, one an iteration, until it closes behind the last of them.
local function ask(target, pieces, turn)
  local answers, over, sent = {}, false, false
  local client = evio.dial({
    opened = function() sent = true end,
    data = function(_, bytes) answers[#answers + 1] = bytes end,
    closed = function() over = true end,
    failed = function(_, err) error(err) end,
  }, target.address)
  local started = evio.now()
  while not over do
    local piece = sent and table.remove(pieces, 1)
    if piece then
      client:write(piece)
    elseif sent then
      client:finish()
    end
    turn()
    assert(evio.now() - started < MOST_SECONDS, "the server does not close the connection")
  end
  return table.concat(answers)
end

-- What is printed of errors in handlers goes to stderr, which the log keeps; the server says nothing else there.
return function(turn)
  local target = targets[pick(names)]
  local head, rest = target.make()
  local bytes = rest and head .. random.mutate(rest, target.tokens) or random.mutate(head, target.tokens)
  local whole = target.tell(ask(target, { bytes }, turn))
  for _ = 1, 2 do
    random.same("in pieces", whole, target.tell(ask(target, random.split(bytes), turn)), bytes)
  end
  settle(turn, MOST_SECONDS)
end
