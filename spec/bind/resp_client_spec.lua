-- evio.resp.client: connections to servers that speak RESP, a real redis-server among them.
local certificates = require("spec.support.certificates")
local redis = require("spec.support.redis")
local resp = require("spec.support.resp")
local scripts = require("spec.support.scripts")
local support = require("spec.support")

-- A script with a `client` of an address; `events` is source. `show` makes a reply a line of text.
local function dial(address, source, events)
  return support.start(([[
    local evio = require("evio")
    local resp = evio.resp
    local function show(value)
      if type(value) ~= "table" or resp.is_error(value) or value == resp.null then return tostring(value) end
      local list = {}
      for i, item in ipairs(value) do list[i] = show(item) end
      return "{" .. table.concat(list, " ") .. "}"
    end
    local function say(value, message, code) print(show(value), message, code) end
    local client = resp.client(%q, %s)
    %s]]):format(address, events or "nil", source))
end

local function assert_says(script, ...)
  for _, line in ipairs({ ... }) do
    assert.equal(line, script:line())
  end
end

-- A server that answers each read with the next of the texts, in pieces of so many bytes each, and then closes.
local function serve_texts(texts, size)
  return scripts.serve(([[
    local texts, size = { %s }, %d
    function events.data(conn)
      conn.next = (conn.next or 0) + 1
      local text, at = texts[conn.next], 1
      if not text then return nil, "close" end
      local timer
      timer = evio.every(0.0005, function()
        conn:write(text:sub(at, at + size - 1))
        at = at + size
        if at > #text then timer:cancel() end
      end)
    end]]):format(texts, size)):address()
end

describe("evio.resp.client", function()
  local real
  before_each(function()
    real = select(2, redis.start_real())
  end)

  it("sends at once and gets replies in order, of every kind", function()
    local script = dial(real, [[
      client:send({ "FLUSHALL" }, say)
      client:send({ "SET", "a", 41 })
      client:send({ "INCR", "a" }, say)
      client:send({ "GET", "none" }, say)
      client:send({ "GET", "a" }, say)
      client:send({ "LPUSH", "a", "1" }, say)
      client:send({ "FOO" }, function(value, message, code) print(value, message:match("unknown .* 'FOO'"), code) end)
      client:send({ "MGET", "a", "none" }, say)
      client:send({ "HSET", "h", "f", "1.5" }, say)
      client:send({ "EVAL", "return { 1, { 'x', false, {} }, redis.error_reply('ERR inside') }", 0 }, say)
      client:send({ "HELLO", 3 }, function(value) print(getmetatable(value), value[1]) end)
      client:send({ "HGETALL", "h" }, say)
      client:send({ "GET", "none" }, say)
      client:send({ "DEBUG", "PROTOCOL", "true" }, function(value) print(type(value)) end)
      client:send({ "ECHO", "a\r\nb\0" }, function(value) print(#value, client:waiting()) client:close() end)
      print(client:waiting())]], [[{ closed = function(_, err) print("closed", err) end }]])
    assert_says(script, "15", "OK\tnil\tnil", "42\tnil\tnil", "nil\tnil\tnil", "42\tnil\tnil",
      "nil\tWRONGTYPE Operation against a key holding the wrong kind of value\tWRONGTYPE",
      "nil\tunknown command 'FOO'\tERR", "{42 null}\tnil\tnil", "1\tnil\tnil",
      "{1 {x null {}} ERR inside}\tnil\tnil", "evio.resp.map\tserver", "{f 1.5}\tnil\tnil", "nil\tnil\tnil")
    assert.is_string(script:line()) -- DEBUG may be off
    assert_says(script, "5\t0", "closed\tnil")
    assert.equal(0, script:wait().status)
  end)

  it("keeps 100,000 requests in their order", function()
    local script = dial(real, [[
      local count, wrong = 100000, 0
      for i = 1, count do
        client:send({ "ECHO", i }, function(value)
          wrong = wrong + (value == tostring(i) and 0 or 1)
          if i == count then print(wrong) client:close() end
        end)
      end]])
    assert_says(script, "0")
    assert.equal(0, script:wait().status)
  end)

  it("waits for replies in sessions, in several at once", function()
    local script = dial(real, [[
      local server
      local sessions = evio.session(function(conn)
        local who = conn:readline()
        local sum = 0
        for i = 1, 100 do
          assert(client:call("SET", who, i) == "OK")
          sum = sum + client:call("GET", who)
        end
        print(who, sum, client:call("GET", "none"))
        print(client:call("INCR", who, 1, 2))
        conn:write("over")
      end)
      function sessions.serving(s) print(s.addresses[1]) server = s end
      evio.listen(sessions, "tcp://127.0.0.1:0")]])
    local address = script:line()
    local clients = {}
    for i = 1, 3 do
      clients[i] = support.connect(address)
      clients[i]:send("key" .. i .. "\n")
    end
    for _, client in ipairs(clients) do
      assert.equal("over", client:receive_all())
    end
    local lines = {}
    for i = 1, 6 do
      lines[i] = script:line()
    end
    table.sort(lines)
    local wrong = "nil\tERR wrong number of arguments for 'incr' command\tERR"
    assert.same({ "key1\t5050\tnil", "key2\t5050\tnil", "key3\t5050\tnil", wrong, wrong, wrong }, lines)
  end)

  it("gives what nobody asked for to push, in both versions", function()
    for version = 2, 3 do
      local script = dial(real, ([[
        client:send({ "HELLO", %d }, function()
          print("pending", client:send({ "subscribe", "news" }) > 0, client:waiting())
        end)]]):format(version), ([[{ push = function(client, message)
          print(table.concat(message, " "))
          if message[1] == "message" then return client:close() end
          local other = resp.client(%q)
          other:send({ "PUBLISH", "news", "it works" }, function(value) print("heard by", value) other:close() end)
        end }]]):format(real))
      local lines = {}
      for i = 1, 4 do
        lines[i] = script:line()
      end
      table.sort(lines)
      assert.same({ "heard by\t1", "message news it works", "pending\ttrue\t0", "subscribe news 1" }, lines)
      assert.equal(0, script:wait().status)
    end
  end)

  it("takes replies in any pieces", function()
    local texts = [["+OK\r\n$5\r\na\r\nbc\r\n*2\r\n$-1\r\n%1\r\n+a\r\n,1.5\r\n"]]
    for _, size in ipairs({ 1, 2, 3, 7, 100 }) do
      local script = dial(serve_texts(texts, size), [[
        for _ = 1, 3 do
          client:send({ "X" }, function(value, ...) print((show(value):gsub("\r\n", "|")), ...) end)
        end]])
      assert_says(script, "OK", "a|bc", "{null {a 1.5}}")
    end
  end)

  it("takes a string of 100 MB", function()
    local _, server = resp.serve(nil, "events.options = { queue = 2 ^ 30, input = 2 ^ 30 }")
    local script = dial(server:address(), [[
      client:send({ "BIG", 100000000 }, function(value) print(#value) end)
      client:send({ "ECHO", ("y"):rep(50000000) }, function(value) print(#value) client:close() end)]])
    assert_says(script, "100000000", "50000000")
    assert.equal(0, script:wait().status)
  end)

  it("tells every request of the end, once", function()
    local closed = [[{ closed = function(_, ...) print("closed", ...) end,
      failed = function(_, ...) print("failed", ...) end }]]
    local script = dial(serve_texts([["+OK\r\n"]], 100), [[
      client:send({ "A" }, function(value)
        print(value)
        client:send({ "B" }, function(...) print("B", ...) error("on purpose") end)
        client:send({ "C" }, function(...) print("C", ...) print((client:send({ "D" }, print))) end)
      end)]], closed)
    local over = "\tnil\tthe connection closed in front of the reply\tEPIPE"
    assert_says(script, "OK", "B" .. over, "C" .. over, "false")
    script:expect_error("on purpose")
    script = dial("tcp://127.0.0.1:1", [[
      client:send({ "A" }, print)]], closed)
    assert_says(script, 'nil\tcannot connect to "tcp://127.0.0.1:1": connection refused\tECONNREFUSED',
      'failed\tcannot connect to "tcp://127.0.0.1:1": connection refused\tECONNREFUSED')
  end)

  it("says that it failed where nobody hears of it", function()
    local script = dial("tcp://127.0.0.1:1", 'client:send({ "A" })')
    script:expect_error("^evio: connection 1 failed: cannot connect to \"tcp://127.0.0.1:1\": connection refused\n$")
    assert.equal(0, script:wait().status)
  end)

  it("ends where what comes is no reply, or one too many", function()
    local closed = [[{ closed = function(_, ...) print("closed", ...) end }]]
    for text, message in pairs({
      ["HTTP/1.1 400 Bad Request\\r\\n"] = 'what came is no reply of RESP: "HTTP/1.1 400 Bad Request\\13\\',
      ["$x\\r\\n"] = 'what came is no reply of RESP: "$x\\13\\',
      [":x\\r\\n"] = 'what came is no reply of RESP: an integer is "x"',
      ["+OK\\r\\n+OK\\r\\n"] = "a reply came that no request waits for",
    }) do
      local script = dial(serve_texts('"' .. text .. '"', 100), [[client:send({ "A" }, say)]], closed)
      local line = script:line()
      if text:find("^+") then
        assert.equal("OK\tnil\tnil", line)
        line = script:line()
      else
        assert.equal("nil\t" .. message, line:sub(1, #message + 4))
        script:expect("^closed\t")
        line = nil
      end
      assert.is_true(line == nil or line == "closed\t" .. message .. "\tEPROTO")
    end
  end)

  it("speaks through TLS", function()
    local _, server = resp.serve(nil, ("events = evio.translate(events, nil, evio.tls({ %s }))"):format(
      certificates.fields("server")), { client = false })
    local script = dial(("tls://localhost:%s?ca=%s"):format(server:address():match("%d+$"),
      certificates.path("ca.pem")), [[
      client:send({ "ADD", 40, 2 }, function(value) print(value, client.conn.tls.version) client:close() end)]])
    assert_says(script, "42\tTLSv1.3")
  end)

  it("names what is wrong with a call, and where", function()
    local script = dial(real, [[
      local function try(...)
        print((select(2, pcall(...))))
      end
      try(function() resp.client("gopher://x") end)
      try(function() resp.client("tcp://localhost:1", { daat = print }) end)
      try(function() resp.client("tcp://localhost:1", { data = print }) end)
      try(function() resp.client("tcp://localhost:1", { push = 1 }) end)
      try(function() client:send("GET") end)
      try(function() client:send({}) end)
      try(function() client:send({ "GET", {} }) end)
      try(function() client:send({ "GET", "a" }, 1) end)
      try(function() client:call("GET", "a") end)
      client:close()]])
    for _, expected in ipairs({ 'resp.client: bad address "gopher://x"', 'resp.client: unknown event "daat"',
      "resp.client: events.data beside a client, which reads by itself",
      "resp.client: push is a number, expected a function", "client:send: the request is a string, expected a list",
      "client:send: the request is empty", "client:send: part 2 is a table, expected a string or a number",
      "client:send: a number for the reply, expected a function", "client:call waits, which the loop must not do" }) do
      local line = script:line()
      assert.is_truthy(line:find("server.lua:%d+: "), line)
      assert.is_truthy(line:find(expected, 1, true), line)
    end
  end)
end)
