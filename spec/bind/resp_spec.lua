-- evio.resp.server on connections.
local certificates = require("spec.support.certificates")
local resp = require("spec.support.resp")
local scripts = require("spec.support.scripts")
local support = require("spec.support")

local request, bulk = resp.request, resp.bulk

local function assert_answers(client, bytes, expected)
  assert(client:send(bytes))
  support.same_bytes(expected, client:receive(#expected))
end

describe("evio.resp.server", function()
  it("reads requests in any pieces", function()
    local client = resp.serve()
    local wire = request("ping") .. "ECHO inline\r\n" .. request("ECHO", "a\r\nb\0c") .. "\r\nECHO \"a \\x41\"\n*0\r\n"
      .. request("ADD", "40", "2") .. request("COUNT", "", "x")
    local answer = "+PONG\r\n" .. bulk("inline") .. bulk("a\r\nb\0c") .. bulk("a A") .. ":42\r\n:2\r\n"
    assert_answers(client, wire, answer)
    for i = 1, #wire - 1 do
      client:send(wire:sub(1, i))
      support.pass(0.001)
      assert_answers(client, wire:sub(i + 1), answer)
    end
    for byte in wire:gmatch(".") do
      client:send(byte)
      support.pass(0.0005)
    end
    support.same_bytes(answer, client:receive(#answer))
    support.same_bytes(answer:rep(2000), client:send(wire:rep(2000)) and client:receive(#answer * 2000))
  end)

  it("answers in order, with what commands write themselves", function()
    local client = resp.serve()
    local wire = request("PING") .. request("WRITE", "+one\r\n") .. request("PING") .. request("WRITE_AND", "+two\r\n")
      .. request("NIL") .. request("BIG", "20000") .. request("WRITE", "+three\r\n") .. request("ADD", "1", "-3")
    local answer = "+PONG\r\n+one\r\n+PONG\r\n+two\r\n" .. bulk("and") .. "$-1\r\n" .. bulk(("x"):rep(20000))
      .. "+three\r\n:-2\r\n"
    assert_answers(client, wire, answer)
    assert_answers(client, wire:rep(50), answer:rep(50))
  end)

  it("answers later where a command says resp.none", function()
    local client = resp.serve([[
      LATER = { 1, function(conn)
        evio.after(0.02, function() conn:write(resp.encode({ "late", 1 })) end)
        return resp.none
      end },]])
    assert_answers(client, request("LATER"), "*2\r\n$4\r\nlate\r\n:1\r\n")
  end)

  it("keeps what the leaf looks at through collections", function()
    local client = resp.serve([[
      COLLECT = { 1, function()
        collectgarbage()
        collectgarbage()
        local rubbish = {}
        for size = 64, 8192, 64 do
          rubbish[#rubbish + 1] = ("\1"):rep(size)
        end
        return #rubbish
      end },
      SEE = { 2, function(_, text)
        collectgarbage()
        local rubbish = ("\1"):rep(#text + 30)
        return rubbish and text
      end, views = true },]])
    local wire = request("COLLECT") .. request("ECHO", "a") .. 'SEE "' .. ("b"):rep(3000) .. '"\r\n'
    assert_answers(client, wire:rep(100), (":128\r\n" .. bulk("a") .. bulk(("b"):rep(3000))):rep(100))
  end)

  it("looks at the number of parts", function()
    local client = resp.serve([[
      Two = { 3, function(_, a, b) return { a, b } end },
      TwoMore = { -3, function(_, a, b, rest) return { a, b, rest or resp.null } end },
      BOX = { IN = { 3, function(_, a) return a end }, More = { -2, function(_, rest) return rest or "none" end } },]])
    local function wrong(name)
      return ("-ERR wrong number of arguments for '%s' command\r\n"):format(name)
    end
    assert_answers(client, request("ECHO"), wrong("echo"))
    assert_answers(client, request("TWO", "a"), wrong("two"))
    assert_answers(client, request("TWO", "a", "b"), "*2\r\n$1\r\na\r\n$1\r\nb\r\n")
    assert_answers(client, request("TWO", "a", "b", "c"), wrong("two"))
    assert_answers(client, request("TWOMORE", "a"), wrong("twomore"))
    assert_answers(client, request("twomore", "a", "b"), "*3\r\n$1\r\na\r\n$1\r\nb\r\n$-1\r\n")
    assert_answers(client, request("TwoMore", "a", "b", "c", "d"),
      "*3\r\n$1\r\na\r\n$1\r\nb\r\n*2\r\n$1\r\nc\r\n$1\r\nd\r\n")
    assert_answers(client, request("BOX"), wrong("box"))
    assert_answers(client, request("BOX", "in"), wrong("box|in"))
    assert_answers(client, request("BOX", "in", "x"), bulk("x"))
    assert_answers(client, request("BOX", "IN", "x", "y"), wrong("box|in"))
    assert_answers(client, request("BOX", "more"), bulk("none"))
    assert_answers(client, request("BOX", "more", "x", "y"), "*2\r\n$1\r\nx\r\n$1\r\ny\r\n")
    assert_answers(client, request("BOX", "out"), "-ERR unknown subcommand 'out'. Try BOX HELP.\r\n")
    assert_answers(client, request("foo", "a"), "-ERR unknown command 'foo', with args beginning with: 'a' \r\n")
  end)

  it("tells its commands and what INFO says", function()
    local client, server = resp.serve([[
      A = { 2, function() end },
      Box = { IN = { -3, function() end } },
      INFO = resp.info(function()
        return { { "One", "a", 1, "b", "x" }, { "Two", "c", "" } }
      end),]], "commands.COMMAND = resp.command(commands) events.data = resp.server(commands)")
    local rest = "*0\r\n:0\r\n:0\r\n:0\r\n*0\r\n*0\r\n*0\r\n"
    local a = "*10\r\n" .. bulk("a") .. ":2\r\n" .. rest .. "*0\r\n"
    local box = "*10\r\n" .. bulk("box") .. ":-2\r\n" .. rest .. "*1\r\n*10\r\n" .. bulk("box|in") .. ":-3\r\n" .. rest
      .. "*0\r\n"
    assert_answers(client, request("command", "count"), ":15\r\n")
    assert_answers(client, request("COMMAND", "INFO", "A", "none", "BOX"), "*3\r\n" .. a .. "$-1\r\n" .. box)
    assert_answers(client, request("COMMAND", "DOCS", "a", "none"), "*2\r\n" .. bulk("a") .. "*0\r\n")
    assert_answers(client, request("COMMAND", "COUNT", "x"),
      "-ERR wrong number of arguments for 'command|count' command\r\n")
    assert_answers(client, request("COMMAND", "list", "filterby", "pattern", "B?X"), "*1\r\n" .. bulk("box"))
    assert_answers(client, request("COMMAND", "LIST", "FILTERBY", "ACLCAT", "a"), "*0\r\n")
    assert_answers(client, request("COMMAND", "LIST", "x"), "-ERR syntax error\r\n")
    assert_answers(client, request("COMMAND", "x"), "-ERR unknown subcommand 'x'. Try COMMAND HELP.\r\n")
    client:send(request("COMMAND") .. request("QUIT"))
    local all = client:receive_all()
    assert.matches("^%*15\r\n", all)
    client = support.connect(server:address())
    for _, part in ipairs({ a, box, bulk("command"), bulk("info") }) do
      assert.is_truthy(all:find(part, 1, true))
    end
    local one, two = "# One\r\na:1\r\nb:x\r\n", "# Two\r\nc:\r\n"
    assert_answers(client, request("INFO"), bulk(one .. "\r\n" .. two))
    assert_answers(client, request("INFO", "one"), bulk(one))
    assert_answers(client, request("INFO", "two", "ONE"), bulk(one .. "\r\n" .. two))
    assert_answers(client, request("INFO", "three"), bulk(""))
    client:send(request("HELLO", "3") .. request("INFO", "two") .. request("QUIT"))
    assert.is_truthy(client:receive_all():find("=15\r\ntxt:" .. two .. "\r\n", 1, true))
  end)

  it("speaks version 3 after HELLO 3", function()
    local client = resp.serve([[
      ALL = { 1, function() return { resp.null, true, 0.5, resp.map({ "a", 1 }), resp.set({ "b" }), n = 6 } end },]])
    assert_answers(client, request("ALL"),
      "*6\r\n$-1\r\n:1\r\n$3\r\n0.5\r\n*2\r\n$1\r\na\r\n:1\r\n*1\r\n$1\r\nb\r\n$-1\r\n")
    client:send(request("HELLO", "3") .. request("ALL") .. request("NIL") .. request("QUIT"))
    assert.matches("\r\n*6\r\n_\r\n#t\r\n,0.5\r\n%1\r\n$1\r\na\r\n:1\r\n~1\r\n$1\r\nb\r\n_\r\n_\r\n+OK\r\n",
      (client:receive_all()), 1, true)
  end)

  it("takes many parts", function()
    local client, server = resp.serve(nil, "events.options = { input = 2 ^ 22 }")
    for _, count in ipairs({ 62, 63, 64, 65, 128, 129, 1000 }) do
      local words = {}
      for i = 1, count do
        words[i] = "w" .. i
      end
      assert_answers(client, request("COUNT", unpack(words)), (":%d\r\n"):format(count))
      assert_answers(client, "COUNT " .. table.concat(words, " ") .. "\r\n", (":%d\r\n"):format(count))
    end
    local before = support.cpu_seconds(server.pid)
    assert_answers(client, "*200001\r\n$5\r\nCOUNT\r\n" .. ("$3\r\nabc\r\n"):rep(200000), ":200000\r\n")
    assert.is_true(support.cpu_seconds(server.pid) - before < (support.sanitized and 20 or 2))
  end)

  it("takes and gives a bulk string of 100 MB", function()
    local client, server = resp.serve(nil, "events.options = { input = 2 ^ 28, queue = 2 ^ 28 }")
    local text = ("0123456789"):rep(10 * 2 ^ 20)
    local wire = request("ECHO", text)
    local before = support.cpu_seconds(server.pid)
    assert(client:send(wire, 60))
    support.same_bytes(bulk(text), client:receive(#bulk(text), 60))
    local used = support.cpu_seconds(server.pid) - before
    assert.is_true(used < (support.sanitized and 20 or 2), used .. " s")
  end)

  it("holds a peer back that does not read, and loses nothing", function()
    local client, server = resp.serve()
    local wire, answer = request("BIG", "1000"):rep(200), bulk(("x"):rep(1000)):rep(200)
    local sent, rounds, stuck = 0, 0, 0
    while stuck < 50 do
      local part = wire:sub(sent + 1)
      local count = client:try_send(part)
      sent = sent + (count or 0)
      stuck = count and 0 or stuck + 1
      if sent == #wire then
        sent, rounds = 0, rounds + 1
      end
      if not count then
        support.pass(0.01)
      end
    end
    assert.is_true(rounds > 5)
    if not support.sanitized then
      assert.is_true(support.rss(server.pid) < 60 * 2 ^ 20, support.rss(server.pid) .. " bytes")
    end
    local expected = answer:rep(rounds + 1)
    local rest, got = wire:sub(sent + 1), {}
    local received = 0
    while received < #expected do
      if #rest > 0 then
        rest = rest:sub((client:try_send(rest) or 0) + 1)
      end
      got[#got + 1] = client:receive_some()
      received = received + #got[#got]
    end
    support.same_bytes(expected, table.concat(got))
  end)

  it("closes the connection of a command that fails, and no other", function()
    local client, server = resp.serve()
    local other = support.connect(server:address())
    client:send(request("PING") .. request("ECHO", "before") .. request("FAIL") .. request("PING"))
    assert.equal("+PONG\r\n" .. bulk("before"), (client:receive_all()))
    server:expect_error("on purpose")
    assert.matches("on purpose", server:expect("^closed\t(.*)"))
    assert_answers(other, request("PING"), "+PONG\r\n")
  end)

  it("names a value that is no reply, and closes", function()
    local client, server = resp.serve("BAD = { 1, function() return print end },")
    client:send(request("PING") .. request("BAD"))
    assert.equal("+PONG\r\n", (client:receive_all()))
    server:expect_error("a function is no value of RESP")
  end)

  it("serves through TLS", function()
    local server = scripts.serve(resp.COMMANDS:format("") .. ([[
      local tls = evio.tls({ %s })
      events = evio.translate(events, function() return true end, tls)]]):format(certificates.fields("server")))
    local port = server:address():match("%d+$")
    local pipe = io.popen(("timeout 20 redis-cli --tls --cacert %s -h localhost -p %s ECHO secret 2>&1")
      :format(certificates.path("ca.pem"), port))
    assert.equal("secret\n", pipe:read("*a"))
    pipe:close()
    pipe = io.popen(("timeout 20 redis-benchmark --tls --cacert %s -h localhost -p %s -t ping -n 5000 -P 10 -q 2>&1")
      :format(certificates.path("ca.pem"), port))
    assert.matches("PING_MBULK: [%d.]+ requests per second", pipe:read("*a"))
    pipe:close()
  end)
end)
