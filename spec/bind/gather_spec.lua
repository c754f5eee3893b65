-- The output of a stream's handler is gathered while it is little: whatever else is done with the connection,
-- its order is that of the calls, and none is lost.
local resp = require("spec.support.resp")
local scripts = require("spec.support.scripts")
local support = require("spec.support")
local translators = require("spec.support.translators")

local request, bulk = resp.request, resp.bulk
local ROOM = 16384

-- Sends a PING, a command and a PING: all that comes back up to the end.
local function around(source, more)
  local client, server = resp.serve(("DO = { 1, function(conn) %s end },"):format(source), more)
  client:send("PING\r\nDO\r\nPING\r\n")
  return client, server
end

describe("gathered output", function()
  it("goes out in front of a close, in every form", function()
    for source, expected in pairs({
      ["return 1, 'close'"] = "+PONG\r\n:1\r\n",
      ["return nil, 'close'"] = "+PONG\r\n$-1\r\n",
      ["return resp.none, 'close'"] = "+PONG\r\n",
      ["conn:close() return 1"] = "+PONG\r\n:1\r\n",
      ["conn:write('x') conn:close() return resp.none"] = "+PONG\r\nx",
      ["evio.conn(conn.id):close() return resp.none"] = "+PONG\r\n",
      ["conn:fail('words') return resp.none"] = "+PONG\r\n",
      ["return 1, 'shutdown'"] = "+PONG\r\n:1\r\n",
      ["evio.shutdown() return resp.none, 'close'"] = "+PONG\r\n",
      ["conn.server:close() return 1, 'close'"] = "+PONG\r\n:1\r\n",
    }) do
      local client = around(source)
      local got, code = client:receive_all()
      assert.equal(expected, got, source)
      assert.is_nil(code)
    end
  end)

  it("goes out where a command ends the whole program", function()
    local client, server = around("evio.shutdown() return 1")
    local got = client:receive_all()
    assert.equal("+PONG\r\n:1\r\n", got:sub(1, 11))
    assert.equal(0, server:wait().status)
  end)

  it("is in front of FIN with the rest of its event, and nothing goes behind that", function()
    local client, server = around("conn:finish() return resp.none")
    assert.equal("+PONG\r\n+PONG\r\n", (client:receive_all()))
    for _, bytes in ipairs({ request("ECHO", "a"), request("PING"):rep(3), request("BIG", "20000"), request("FOO"),
      request("ADD", "1", "2") }) do
      client:send(bytes)
      support.pass(0.005)
    end
    client:finish()
    assert.equal("closed\tnil\tnil", server:expect("^closed"))
  end)

  it("is counted as pending", function()
    local client = around([[
      local before = conn:pending()
      return { before, conn:write("+more\r\n") - before }]])
    local answer = "+PONG\r\n+more\r\n*2\r\n:7\r\n:7\r\n+PONG\r\n"
    assert.equal(answer, client:receive(#answer))
  end)

  it("is not lost where the events are swapped, with what is left of the input", function()
    local client = around([[
      conn:handler({ data = function(_, input) return "got " .. input end })
      return 1]])
    assert.equal("+PONG\r\n:1\r\ngot PING\r\n", client:receive(21))
  end)

  it("passes no translator that was pushed behind it", function()
    local client = scripts.serve_one(translators .. resp.COMMANDS:format(
      "DO = { 1, function(conn) conn:push(rot()) return resp.status('Hello') end },"))
    client:send("PING\r\nDO\r\n")
    assert.equal("+PONG\r\n+Uryyb\r\n", client:receive(15))
  end)

  it("is sent before a socket is detached", function()
    local client, server = around("conn:detach() return resp.none", [[
      function events.detached(_, socket) print("detached") socket:close() end]])
    assert.equal("+PONG\r\n", (client:receive_all()))
    server:expect("^detached$")
  end)

  it("stops at a pause", function()
    local client = around([[
      conn:pause()
      evio.after(0.02, function() conn:write("+later\r\n") conn:resume() end)
      return 1]])
    assert.equal("+PONG\r\n:1\r\n+later\r\n+PONG\r\n", client:receive(26))
  end)

  it("is one of two outputs where commands write to each other's connections", function()
    local client, server = resp.serve([[
      TELL = { 1, function() for c in evio.connections() do c:write("+told\r\n") end return 1 end },]])
    local other = support.connect(server:address())
    other:send("PING\r\n")
    assert.equal("+PONG\r\n", other:receive(7))
    client:send("PING\r\nTELL\r\nPING\r\n")
    assert.equal("+PONG\r\n+told\r\n:1\r\n+PONG\r\n", client:receive(25))
    assert.equal("+told\r\n", other:receive(7))
  end)

  it("may be of any size around what there is room for", function()
    local client = resp.serve()
    for first = ROOM - 30, ROOM + 3 do
      local wire, answer = request("BIG", tostring(first)), bulk(("x"):rep(first))
      for _, second in ipairs({ 0, 1, 5, 16, ROOM - 9, ROOM }) do
        wire = wire .. request("BIG", tostring(second)) .. "PING\r\n"
        answer = answer .. bulk(("x"):rep(second)) .. "+PONG\r\n"
      end
      client:send(wire)
      support.same_bytes(answer, client:receive(#answer))
    end
    -- In front of room that is just filled: "$n", an end, n bytes and an end.
    for left = 1, 40 do
      local wire = request("BIG", tostring(ROOM - 9 - left)) .. request("ECHO", "01234567") .. request("ADD", "1", "2")
      local answer = bulk(("x"):rep(ROOM - 9 - left)) .. bulk("01234567") .. ":3\r\n"
      client:send(wire .. wire)
      support.same_bytes(answer .. answer, client:receive(2 * #answer))
    end
  end)

  it("keeps to small marks", function()
    for _, high in ipairs({ 2, 6, 7, 8, 100, ROOM - 1, ROOM, ROOM + 1 }) do
      local client = resp.serve(nil, ("events.options = { high = %d, low = 1 }"):format(high))
      local wire, answer = request("PING") .. request("BIG", "20") .. request("WRITE", "+w\r\n"),
        "+PONG\r\n" .. bulk(("x"):rep(20)) .. "+w\r\n"
      client:send(wire:rep(500))
      support.same_bytes(answer:rep(500), client:receive(500 * #answer))
    end
  end)

  it("is seen by prewrite and postwrite, whose own writes come behind it", function()
    local client, server = resp.serve(nil, [[
      local sum, written = 0, 0
      function events.prewrite(conn, amount)
        if not conn.said then conn.said = true conn:write("+before\r\n") end
        sum = sum + amount
      end
      function events.postwrite(conn, amount, remaining)
        written = written + amount
        if conn.said == true then conn.said = 1 conn:write("+after\r\n") end
        if remaining == 0 then print("written", written) end
      end]])
    client:send(request("PING"):rep(10))
    assert.equal(("+PONG\r\n"):rep(10) .. "+before\r\n+after\r\n", client:receive(70 + 17))
    assert.equal("written\t87", server:expect("^written\t87$"))
    client:send(request("PING"):rep(5000))
    support.same_bytes(("+PONG\r\n"):rep(5000), client:receive(35000))
  end)

  it("arrives where an error is raised behind it", function()
    local client, server = resp.serve()
    client:send(request("BIG", "10000") .. request("BIG", "10000") .. request("PING") .. request("FAIL"))
    assert.equal(2 * #bulk(("x"):rep(10000)) + 7, #client:receive_all())
    assert.matches("on purpose", server:expect("^closed\t(.*)"))
  end)
end)
