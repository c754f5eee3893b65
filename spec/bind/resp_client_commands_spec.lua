-- What CLIENT of evio.resp.client_commands does to connections, and what it says of them that redis-server says
-- of others: spec/examples/redis_spec.lua compares the rest.
local resp = require("spec.support.resp")
local support = require("spec.support")

local request, bulk = resp.request, resp.bulk

local function serve(more)
  return resp.serve([[
    CLIENT = resp.client_commands(function(conn) return { db = conn.database, user = "somebody" } end),
    STOP = { 1, function() return resp.none, "shutdown" end },
    SELECT = { 2, function(conn, number) conn.database = tonumber(number) return resp.status("OK") end },]], more)
end

local function ask(client, ...)
  assert(client:send(request(...)))
end

local function assert_says(client, expected, ...)
  ask(client, ...)
  assert.equal(expected, (client:receive(#expected)))
end

-- The text of a bulk string.
local function receive_text(client)
  local length = tonumber(client:receive_line():match("^%$(%d+)$"))
  return (client:receive(length + 2):sub(1, -3))
end

local function id_of(client)
  ask(client, "CLIENT", "ID")
  return client:receive_line():match("^:(%d+)$")
end

-- A field of the line that CLIENT LIST has of an id.
local function field(text, id, name)
  local line = text:match("%f[%w]id=" .. id .. " [^\n]*")
  return (" " .. line):match(" " .. name .. "=([^ ]*)")
end

describe("evio.resp.client_commands", function()
  it("lists the connections of its server", function()
    local elsewhere = "unix://" .. support.tmpdir() .. "/other.sock"
    local one, server = serve(('evio.listen({ data = function() end }, "%s")'):format(elsewhere))
    local stranger = support.connect(elsewhere)
    local two = support.connect(server:address())
    local first, second = id_of(one), id_of(two)
    assert_says(two, "+OK\r\n", "CLIENT", "SETNAME", "two")
    assert_says(two, "+OK\r\n", "SELECT", "7")
    support.pass(1.1)
    ask(one, "CLIENT", "LIST")
    local text = receive_text(one)
    local _, count = text:gsub("\n", "")
    assert.equal(2, count)
    assert.is_true(text:find("id=" .. first, 1, true) < text:find("id=" .. second, 1, true))
    assert.equal("two", field(text, second, "name"))
    assert.equal("7", field(text, second, "db"))
    assert.equal("somebody", field(text, second, "user"))
    assert.equal("NULL", field(text, second, "cmd"))
    assert.equal("client|list", field(text, first, "cmd"))
    assert.equal((server:address():gsub("^tcp://", "")), field(text, second, "laddr"))
    assert.matches("^127%.0%.0%.1:%d+$", field(text, second, "addr"))
    assert.is_true(tonumber(field(text, second, "age")) >= 1)
    assert.is_true(tonumber(field(text, second, "idle")) >= 1)
    assert.equal("0", field(text, first, "idle"))
    assert.is_true(tonumber(field(text, first, "fd")) > 2)
    ask(one, "CLIENT", "LIST", "ID", second, "99999", second)
    _, count = receive_text(one):gsub("id=" .. second .. " [^\n]*\n", "")
    assert.equal(2, count)
    stranger:close()
  end)

  it("closes those that CLIENT KILL names", function()
    local one, server = serve()
    local clients, addresses, ids = {}, {}, {}
    for i = 1, 4 do
      clients[i] = support.connect(server:address())
      ids[i] = id_of(clients[i])
      ask(clients[i], "CLIENT", "INFO")
      addresses[i] = field(receive_text(clients[i]), ids[i], "addr")
    end
    assert_says(one, "+OK\r\n", "CLIENT", "KILL", addresses[1])
    assert_says(one, ":1\r\n", "CLIENT", "KILL", "ID", ids[2])
    assert_says(one, ":0\r\n", "CLIENT", "KILL", "ID", ids[2])
    assert_says(one, ":0\r\n", "CLIENT", "KILL", "ADDR", addresses[3], "ID", ids[4])
    assert_says(one, ":1\r\n", "CLIENT", "KILL", "ADDR", addresses[3], "ID", ids[3], "USER", "default")
    for i = 1, 3 do
      assert.equal("", (clients[i]:receive_all()))
    end
    ask(one, "CLIENT", "LIST")
    local _, count = receive_text(one):gsub("\n", "")
    assert.equal(2, count)
    assert_says(clients[4], ":1\r\n", "CLIENT", "KILL", "TYPE", "normal", "SKIPME", "yes")
    assert.equal("", (one:receive_all()))
    ask(clients[4], "CLIENT", "KILL", "TYPE", "NORMAL", "SKIPME", "no")
    ask(clients[4], "PING")
    assert.equal(":1\r\n", (clients[4]:receive_all()))
    one = support.connect(server:address())
    ask(one, "CLIENT", "INFO")
    local own = receive_text(one):match(" addr=(%S+)")
    ask(one, "CLIENT", "KILL", own)
    assert.equal("+OK\r\n", (one:receive_all()))
  end)

  it("holds connections back while they are paused", function()
    local one, server = serve()
    local two = support.connect(server:address())
    assert(id_of(two))
    local before = support.clock()
    assert(one:send(request("PING") .. request("CLIENT", "PAUSE", "150") .. request("PING")))
    assert.equal("+PONG\r\n+OK\r\n", (one:receive(12)))
    assert_says(two, "+PONG\r\n", "PING")
    assert.is_true(support.clock() - before > 0.14)
    assert.equal("+PONG\r\n", (one:receive(7)))
  end)

  it("ends a pause", function()
    local one, server = serve()
    assert_says(one, "+OK\r\n", "CLIENT", "PAUSE", "100000", "WRITE")
    local two = support.connect(server:address())
    assert(id_of(two))
    assert_says(one, "+OK\r\n", "CLIENT", "PAUSE", "100000", "WRITE")
    assert_says(one, "+OK\r\n", "CLIENT", "PAUSE", "1", "WRITE")
    ask(two, "PING")
    support.pass(0.05)
    assert.is_nil(two:try_receive())
    assert_says(one, "+OK\r\n", "CLIENT", "UNPAUSE")
    assert.equal("+PONG\r\n", (two:receive(7)))
    assert_says(one, "+OK\r\n", "CLIENT", "UNPAUSE")
  end)

  it("does not keep a server alive that ends in a pause", function()
    local one, server = serve()
    assert_says(one, "+OK\r\n", "CLIENT", "PAUSE", "1000000")
    local two = support.connect(server:address())
    ask(two, "STOP")
    assert.equal("", (two:receive_all()))
    assert.equal("", (one:receive_all()))
    assert.equal(0, server:wait().status)
  end)

  it("keeps replies back, of any size, and closes all the same", function()
    local one, server = serve("events.options = { high = 1000, low = 10 }")
    local off, on = request("CLIENT", "REPLY", "OFF"), request("CLIENT", "REPLY", "ON")
    local silent = request("PING") .. request("BIG", "50000") .. request("NIL") .. request("ADD", "1", "2")
    assert(one:send(request("PING") .. off .. silent:rep(100) .. on .. request("ECHO", "a")))
    local expected = "+PONG\r\n+OK\r\n" .. bulk("a")
    support.same_bytes(expected, one:receive(#expected))
    assert(one:send(request("CLIENT", "REPLY", "SKIP") .. request("BIG", "50000") .. request("ECHO", "b")))
    support.same_bytes(bulk("b"), one:receive(#bulk("b")))
    assert(one:send(off .. request("QUIT") .. request("PING")))
    assert.equal("", (one:receive_all()))
    one = support.connect(server:address())
    assert(one:send(off .. "*x\r\n"))
    assert.equal("", (one:receive_all()))
    one = support.connect(server:address())
    assert(one:send(off .. request("FAIL") .. request("PING")))
    assert.equal("", (one:receive_all()))
    server:expect_error("on purpose")
    one = support.connect(server:address())
    assert_says(one, "+PONG\r\n", "PING")
  end)

  it("refuses to track keys", function()
    local one = serve()
    assert_says(one, "-ERR This server does not track keys\r\n", "CLIENT", "TRACKING", "ON")
    assert_says(one, "-ERR This server does not track keys\r\n", "CLIENT", "TRACKING", "ON", "BCAST", "PREFIX", "a",
      "REDIRECT", id_of(one), "NOLOOP")
    assert_says(one, "-ERR A client can only redirect to a single other client\r\n", "CLIENT", "TRACKING", "ON",
      "REDIRECT", id_of(one), "REDIRECT", "1")
    assert_says(one, ":-1\r\n", "CLIENT", "GETREDIR")
  end)
end)
