-- Clients of HTTP and RESP, and a server in the same process that says what it likes: changed answers are understood in
-- the same way in whatever pieces they come, and each question gets one.
local evio = require("evio")
local random = require("random")
local settle = require("settle")

local http, resp = evio.http, evio.resp
local pick = random.pick

local MOST_SECONDS = 10
local ADDRESS = random.address("clients")

-- What the server says to who asks next.
local pieces

local function say(conn, own)
  local piece = table.remove(own, 1)
  if piece and conn:write(piece) then
    evio.after(0, function() say(conn, own) end)
  else
    conn:close()
  end
end

local server = {}

function server.data(conn)
  if not conn.begun then
    conn.begun = true
    say(conn, pieces)
  end
end

function server.eof()
  return nil, "none"
end

assert(evio.listen(server, ADDRESS))

-- Each asks, with a function that is told of what came; it returns how often that is called, and what ends the client.
local targets = {}

-- HTTP ---------------------------------------------------------------------------------------------

local METHODS = { "GET", "HEAD", "POST" }

local function chunks()
  local parts = {}
  for i = 1, math.random(0, 3) do
    local part = "x" .. random.bytes(20)
    parts[i] = ("%x%s\r\n%s\r\n"):format(#part, pick({ "", ";a=b" }), part)
  end
  return table.concat(parts) .. "0\r\n" .. pick({ "", "T: u\r\n" }) .. "\r\n"
end

targets.http = {
  make = function()
    local go_on = random.once_in(4) and "HTTP/1.1 100 Continue\r\n\r\n" or ""
    local head = "HTTP/1." .. pick({ "0", "1" }) .. pick({ " 200 OK", " 404 Not Found", " 204 ", " 304" }) .. "\r\n"
      .. pick({ "", "X: y \r\n", "Connection: close\r\n" })
    local body = random.bytes(20)
    return go_on .. head .. pick({
      "Transfer-Encoding: chunked\r\n\r\n" .. chunks(), ("Content-Length: %d\r\n\r\n%s"):format(#body, body),
      "\r\n" .. body,
    })
  end,
  tokens = { "\r\n", "\r\n\r\n", "Content-Length: 3\r\n", "Transfer-Encoding: chunked\r\n", "0\r\n\r\n", "HTTP/1.1 ",
    "HTTP/1.1 101 x\r\n\r\n", "HTTP/1.1 103 x\r\n\r\n", " ", "\0" },
  ask = function(told)
    local client = http.client("http://h", { address = ADDRESS, line = 60, head = 200, body = 60 })
    local function answer(response, _, code)
      told(response and random.tell({ response.status, response.reason, response.version, response.body,
        response.headers, response.trailers }) or code)
    end
    client:request({ method = pick(METHODS), path = "/" }, answer)
    return 1, function() client:close() end
  end,
}

-- RESP ---------------------------------------------------------------------------------------------

local function value(depth)
  if depth < 3 and random.once_in(3) then
    local list = random.list(4, function() return value(depth + 1) end)
    return pick({ resp.push, resp.set, function(given) return given end })(list)
  end
  return pick({ random.bytes(8), math.random(-5, 2 ^ 31), resp.null, true, 1.5, resp.error("ERR no"),
    resp.status("OK") })
end

targets.resp = {
  make = function()
    return table.concat(random.list(5, function() return resp.encode(value(0), 3) end))
  end,
  tokens = { "\r\n", "*2\r\n", "$-1\r\n", "*-1\r\n", "%1\r\n", "|1\r\n", ">1\r\n", "_\r\n", "#t\r\n", "+OK\r\n",
    "$3\r\n", "\r", ":" },
  ask = function(told)
    local count = math.random(3)
    local client
    client = assert(resp.client(ADDRESS, {
      push = function(_, message) told("push " .. random.tell(message)) end,
      closed = function(_, message, code) told(("closed %s"):format(tostring(code or message)), true) end,
    }))
    for i = 1, count do
      client:send({ "ASK" }, function(reply, message, code)
        local why = code == "EPROTO" and code or message -- which quotes what is here
        told(("%d %s %s"):format(i, random.tell(reply), tostring(why)), true)
      end)
    end
    return count + 1, function() client:close() end
  end,
}

-- All ----------------------------------------------------------------------------------------------

local names = { "http", "resp" }

-- What a client tells of bytes in pieces. `seed` has it ask the same again.
local function ask(target, given, seed, turn)
  local lines, answers = {}, 0
  pieces = given
  math.randomseed(seed)
  local expected, finish = target.ask(function(line, counts)
    lines[#lines + 1] = line
    answers = answers + (counts ~= nil and 1 or 0)
  end)
  local started = evio.now()
  local function is_over()
    return target == targets.http and #lines > 0 or answers == expected
  end
  while not is_over() do
    turn()
    assert(evio.now() - started < MOST_SECONDS, "a question has no answer")
  end
  finish()
  settle(turn, MOST_SECONDS)
  assert(is_over() and (target == targets.resp or #lines == 1), "a question has several answers")
  return table.concat(lines, "\n")
end

return function(turn)
  local target = targets[pick(names)]
  local bytes = random.mutate(target.make(), target.tokens)
  local splits = { random.split(bytes), random.split(bytes) }
  local seed = math.random(2 ^ 30)
  local whole = ask(target, { bytes }, seed, turn)
  for _, split in ipairs(splits) do
    random.same("in pieces", whole, ask(target, split, seed, turn), bytes)
  end
end
