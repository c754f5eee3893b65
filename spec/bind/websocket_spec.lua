-- evio.websocket.server on connections: messages, control frames and the end.
local scripts = require("spec.support.scripts")
local support = require("spec.support")
local websocket = require("spec.support.websocket")

local ECHO = [[
  local settings = { %s }
  events = evio.http.server(evio.websocket.server({
    opened = function(ws, request) print("opened", request.path, ws.protocol) end,
    message = function(ws, data, kind)
      if data == "error" then error("on purpose") end
      if data == "bye" then print("close", (ws:close(4000, "later")) ~= false, ws:close(), ws:send("x"), ws:ping()) end
      ws:send(data, kind)
    end,
    closed = function(ws, code, reason) print("closed", code, reason, ws:send("x")) end,
    pong = function(ws, data) print("pong", data) end,
  }, settings))
  function events.serving(server) print(server.addresses[1]) end
]]

local frame, text = websocket.frame, websocket.text

local function serve(settings)
  return scripts.serve(ECHO:format(settings or ""))
end

local function start(settings)
  local server = serve(settings)
  local client = websocket.connect(server:address())
  server:expect("^opened\t/")
  return client, server
end

describe("evio.websocket.server", function()
  it("echoes texts and bytes of all lengths, in any pieces", function()
    local client = start()
    for _, size in ipairs({ 0, 1, 125, 126, 127, 65535, 65536, 70000, 300000 }) do
      local data = ("x"):rep(size)
      client:send(frame(websocket.TEXT, data, { mask = "\0\0\0\0" }))
      local opcode, got = websocket.receive(client)
      assert.equal(websocket.TEXT, opcode)
      support.same_bytes(data, got)
    end
    local all = text("h\195\164llo") .. frame(websocket.BINARY, "\255\0\1") .. text("")
    for _, size in ipairs({ 1, 2, 3, 7, #all }) do
      for at = 1, #all, size do
        client:send(all:sub(at, at + size - 1))
        support.pass(0.0003)
      end
      websocket.expect(client, websocket.TEXT, "h\195\164llo")
      websocket.expect(client, websocket.BINARY, "\255\0\1")
      websocket.expect(client, websocket.TEXT, "")
    end
  end)

  it("answers many messages of one packet in one", function()
    local client = start()
    client:send(text("0123456789"):rep(2000))
    support.same_bytes("\129\10" .. ("0123456789\129\10"):rep(1999) .. "0123456789", client:receive(2000 * 12))
  end)

  it("takes what comes with the request for its first message", function()
    local server = serve()
    local client = support.connect(server:address())
    client:send(websocket.request("/first") .. text("a") .. text("b"))
    websocket.read_head(client)
    server:expect("^opened\t/first")
    websocket.expect(client, websocket.TEXT, "a")
    websocket.expect(client, websocket.TEXT, "b")
  end)

  it("joins fragments, and answers pings between them", function()
    local client = start()
    client:send(frame(websocket.TEXT, "Hel", { more = true }) .. frame(websocket.PING, "p")
      .. frame(0, "", { more = true }) .. frame(websocket.PING, "") .. frame(0, "lo") .. text("x"))
    websocket.expect(client, websocket.PONG, "p")
    websocket.expect(client, websocket.PONG, "")
    websocket.expect(client, websocket.TEXT, "Hello")
    websocket.expect(client, websocket.TEXT, "x")
    client:send(frame(websocket.BINARY, "\200", { more = true }) .. frame(0, "\201", { more = true }) .. frame(0, ""))
    websocket.expect(client, websocket.BINARY, "\200\201")
  end)

  it("splits no character that fragments split", function()
    local client = start()
    client:send(frame(websocket.TEXT, "\206\186\225", { more = true }) .. frame(0, "\189", { more = true })
      .. frame(0, "\185"))
    websocket.expect(client, websocket.TEXT, "\206\186\225\189\185")
  end)

  it("tells of pongs", function()
    local client, server = start()
    client:send(frame(websocket.PONG, "unasked"))
    server:expect("^pong\tunasked$")
    client:send(text("on"))
    websocket.expect(client, websocket.TEXT, "on")
  end)

  it("answers a close with its code, and tells of it once", function()
    for _, case in ipairs({ { 1000, "" }, { 1000, "done" }, { 4999, ("x"):rep(123) }, { 1007, "" }, { 1014, "" } }) do
      local client, server = start()
      client:send(websocket.close(case[1], case[2]) .. text("behind it"))
      websocket.expect_close(client, case[1])
      server:expect(("^closed\t%d\t%s\tfalse$"):format(case[1], case[2]))
    end
    local client, server = start()
    client:send(websocket.close())
    websocket.expect_close(client, nil)
    server:expect("^closed\t1005\t\tfalse$")
  end)

  it("says 1006 where there was no close", function()
    local client, server = start()
    client:finish()
    assert.equal("", (client:receive_all()))
    server:expect("^closed\t1006\t\tfalse$")
    client, server = start()
    client:reset()
    server:expect("^closed\t1006\tconnection reset by peer\tfalse$")
  end)

  it("closes with a code and a reason, and waits for the answer", function()
    local client, server = start()
    client:send(text("bye") .. text("not told of"))
    server:expect("^close\ttrue\tfalse\tfalse\tfalse$")
    websocket.expect(client, websocket.CLOSE, "\15\160later")
    client:send(text("neither") .. frame(websocket.PING, "nor answered") .. websocket.close(4000, "all right"))
    assert.equal("", (client:receive_all()))
    server:expect("^closed\t4000\tall right\tfalse$")
  end)

  it("ends a peer that does not answer a close", function()
    local client, server = start("seconds = 0.1")
    client:send(text("bye"))
    websocket.expect(client, websocket.CLOSE, "\15\160later")
    assert.equal("", (client:receive_all()))
    server:expect("^close\ttrue")
    server:expect("^closed\t1006\t\tfalse$")
  end)

  it("pings a peer that is quiet, and ends it where it does not answer", function()
    local client, server = start("ping = 0.8")
    websocket.expect(client, websocket.PING, "")
    client:send(frame(websocket.PONG, ""))
    server:expect("^pong\t$")
    websocket.expect(client, websocket.PING, "")
    server:expect("^closed\t1006\tthe peer did not answer a ping within 0.8 s\tfalse$")
  end)

  it("does not take one for gone whose answer came while it stood still", function()
    local client, server = start("ping = 0.8")
    websocket.expect(client, websocket.PING, "")
    server:signal("STOP")
    client:send(frame(websocket.PONG, ""))
    support.pass(1)
    server:signal("CONT")
    server:expect("^pong\t$")
    client:send(text("here"))
    websocket.expect(client, websocket.TEXT, "here")
  end)

  it("does not take one for gone that it does not read from itself", function()
    local server = scripts.serve([[
      events = evio.http.server(evio.websocket.server({
        message = function(ws, data) for _ = 1, 100 do ws:send(data) end end,
        closed = function(ws, code, reason) print("closed", code, reason) end,
      }, { ping = 0.8 }))]])
    local client = websocket.connect(server:address())
    local large = ("x"):rep(100000)
    client:send(frame(websocket.BINARY, large, { mask = "\0\0\0\0" })) -- 10 MB come back
    support.pass(2.6) -- in which it would be found to be gone
    local count = 0
    while count < 100 do
      local opcode, data = websocket.receive(client)
      if opcode == websocket.TEXT then
        count = count + 1
        support.same_bytes(large, data)
      else
        assert.equal(websocket.PING, opcode)
        client:send(frame(websocket.PONG, ""))
      end
    end
  end)

  it("closes with 1011 where a handler fails, says why, and serves the others", function()
    local client, server = start()
    local other = websocket.connect(server:address())
    client:send(text("one") .. text("error") .. text("two"))
    websocket.expect(client, websocket.TEXT, "one")
    websocket.expect_close(client, 1011, "error")
    server:expect_error("error in data, connection 1 from .*on purpose\nstack traceback:")
    server:expect("^closed\t1011\t.*on purpose\tfalse$")
    other:send(text("still here"))
    websocket.expect(other, websocket.TEXT, "still here")
  end)
end)
