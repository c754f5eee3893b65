-- evio.websocket.dial, and broadcasts.
local certificates = require("spec.support.certificates")
local scripts = require("spec.support.scripts")
local support = require("spec.support")
local websocket = require("spec.support.websocket")

-- A script that dials arg[1] and prints what happens.
local HANDLERS = [[
  local handlers = {
    opened = function(ws, answer) print("opened", answer.status, ws.protocol, answer.headers.upgrade) end,
    message = function(ws, data, kind) print("message", kind, #data < 100 and data or #data) end,
    closed = function(ws, code, reason) print("closed", code, reason) end,
    failed = function(ws, message, code) print("failed", message, code, ws:send("x")) end,
    pong = function(ws, data) print("pong", data) end,
  }
]]

local ECHO = [[
  events = evio.http.server(evio.websocket.server({
    message = function(ws, data, kind)
      if data == "bye" then ws:close(4001, "bye") else ws:send(data, kind) end
    end,
    closed = function(_, code, reason) print("closed", code, reason) end,
  }, { protocols = { "chat" }, origins = { "http://a" } }))
]]

local function dial(source, address, host)
  return support.start("local evio = require('evio')\n" .. HANDLERS .. source,
    { args = { (host or "ws://127.0.0.1:") .. address:match("%d+$") } })
end

-- A server that answers the first bytes with these, and no more.
local function answers(bytes)
  return scripts.serve(("function events.data() return %q end"):format(bytes)):address()
end

describe("evio.websocket.dial", function()
  it("opens a WebSocket, which echoes", function()
    local server = scripts.serve(ECHO)
    local client = dial([[
      local ws = evio.websocket.dial(arg[1] .. "/path?x=1", handlers, { protocols = { "other", "chat" },
        headers = { Origin = "http://a", ["X-Y"] = 5 } })
      print(ws:send("early"))
      local opened = handlers.opened
      handlers.opened = nil
      function handlers.opened(ws, answer)
        opened(ws, answer)
        ws:send("h\195\164llo")
        ws:send("\0\255", "binary")
        ws:send(("x"):rep(100000))
        ws:ping("p")
        ws:send("bye")
      end]], server:address())
    client:expect("^false$")
    client:expect("^opened\t101\tchat\twebsocket$")
    client:expect("^message\ttext\th\195\164llo$")
    client:expect("^message\tbinary\t%z\255$")
    client:expect("^message\ttext\t100000$")
    client:expect("^pong\tp$")
    client:expect("^closed\t4001\tbye$")
    server:expect("^closed\t4001\t$")
    assert.equal(0, client:wait().status)
  end)

  it("closes with a code", function()
    local server = scripts.serve(ECHO)
    local client = dial([[
      handlers.opened = function(ws) print(ws:close(4002, "enough") ~= false, ws:send("x")) end
      evio.websocket.dial(arg[1], handlers)]], server:address())
    client:expect("^true\tfalse$")
    server:expect("^closed\t4002\tenough$")
    client:expect("^closed\t4002\t$")
  end)

  it("ends a handshake that is closed", function()
    local client = dial([[
      local ws = evio.websocket.dial(arg[1], handlers)
      evio.after(0.05, function() print(ws:close()) end)]], answers(""))
    client:expect("^false$")
    client:expect("^failed\t")
    assert.equal(0, client:wait().status)
  end)

  it("says why there is no WebSocket", function()
    local head = "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
    for bytes, message in pairs({
      ["HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n"] = "the server answered 404 Not Found, expected 101",
      ["HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"] = "the server answered 200 OK, expected 101",
      ["HTTP/1.1 101 \r\n\r\n"] = "the server answered 101 without an upgrade to \"websocket\"",
      [head .. "Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n\r\n"]
        = "the server answered with another Sec-WebSocket-Accept than the key's",
      ["HTTP/1.1 102 Processing\r\n\r\nHTTP/1.0 403 No\r\n\r\n"] = "the server answered 403 No, expected 101",
      ["hello\r\n"] = "the server's answer is no HTTP: the first line has no version of HTTP",
    }) do
      local client = dial("evio.websocket.dial(arg[1], handlers)", answers(bytes))
      client:expect("^failed\t" .. message:gsub("%p", "%%%0") .. "\tEPROTO\tfalse$")
      assert.equal(0, client:wait().status)
    end
    local server = scripts.serve("function events.data() return nil, 'close' end")
    local client = dial("evio.websocket.dial(arg[1], handlers)", server:address())
    client:expect("^failed\tthe server closed the connection in the handshake\tECONNRESET\tfalse$")
    server:stop()
    client = dial("evio.websocket.dial(arg[1], handlers)", server:address())
    client:expect("^failed\tcannot connect to .*: connection refused\tECONNREFUSED\tfalse$")
    client = dial("handlers.failed = nil; evio.websocket.dial(arg[1], handlers)", server:address())
    client:expect_error("evio: connection 1 failed: cannot connect to .*: connection refused\n")
    client = dial("evio.websocket.dial(arg[1], handlers, { seconds = 0.1 })", answers(""))
    client:expect("^failed\tthe server did not answer the handshake within 0.1 s\tEPROTO\tfalse$")
  end)

  it("takes no protocol that it did not offer", function()
    local server = scripts.serve([[
      function events.data(_, request)
        local key = request:match("Sec%-WebSocket%-Key: (%S+)")
        return "HTTP/1.1 101 x\r\nConnection: upgrade\r\nUpgrade: WebSocket\r\nSec-WebSocket-Accept: "
          .. require("evio.websocket.handshake").accept(key) .. "\r\nSec-WebSocket-Protocol: b\r\n\r\n"
      end]])
    local client = dial("evio.websocket.dial(arg[1], handlers, { protocols = { 'a' } })", server:address())
    client:expect('^failed\tthe server chose the protocol "b", which was not offered\tEPROTO')
    client = dial("evio.websocket.dial(arg[1], handlers, { protocols = { 'a', 'b' } })", server:address())
    client:expect("^opened\t101\tb\tWebSocket$")
  end)

  it("speaks TLS for wss", function()
    local server = scripts.serve(ECHO .. ([[events = evio.translate(events, nil, evio.tls({ %s }))]]):format(
      certificates.fields("server")))
    local client = dial(([[
      handlers.opened = function(ws) ws:send("hello") ws:send("bye") end
      evio.websocket.dial(arg[1], handlers, { tls = evio.tls({ ca = %q }) })]]):format(certificates.path("ca.pem")),
      server:address(), "wss://localhost:")
    client:expect("^message\ttext\thello$")
    client:expect("^closed\t4001\tbye$")
    client = dial("evio.websocket.dial(arg[1], handlers)", server:address(), "wss://localhost:")
    client:expect("^failed\t.*certificate") -- nobody knows our authority
  end)

  it("names what is wrong with its arguments", function()
    local function fails(source, message)
      message = "evio-lua: server.lua:1: evio.websocket.dial: " .. message
      local line = scripts.fail("evio.websocket.dial(" .. source .. ")")
      assert.equal(message, line:sub(1, #message))
    end
    for url, shown in pairs({ ["'http://a'"] = '"http://a"', ["'ws://'"] = '"ws://"', ["'ws://a:0'"] = '"ws://a:0"',
      ["'ws://a/#x'"] = '"ws://a/#x"', ["'ws://u@a'"] = '"ws://u@a"', ["'ws://a:b'"] = '"ws://a:b"', ["{}"] = "a table",
      ["'ws://a/ b'"] = '"ws://a/ b"' }) do
      fails(url .. ", {}", ("the URL is %s, expected one as \"ws://host:port/path\" or \"wss://host/path\""):format(
        shown))
    end
    fails("'ws://a'", "the handlers are a nil, expected a table")
    fails("'ws://a', {}, 5", "the settings are a number, expected a table")
    fails("'ws://a', {}, { origins = {} }",
      'unknown setting "origins", expected deflate, headers, message, options, ping, protocols, seconds or tls')
    fails("'ws://a', {}, { headers = { Upgrade = 'x' } }", "headers.Upgrade is evio's own")
    fails("'ws://a', {}, { headers = { ['a b'] = 'x' } }", 'headers has "a b", which is no name')
    fails("'ws://a', {}, { headers = { a = 'x\\ny' } }", 'headers["a"] is "x\\')
    fails("'ws://a', {}, { seconds = 0 }", "seconds is 0, expected seconds above 0")
    fails("'ws://a', {}, { protocols = { 5 } }", "protocols[1] is a number, expected a name")
    fails("'ws://a', {}, { options = { queu = 1 } }", 'unknown option "queu"')
  end)
end)

describe("evio.websocket.broadcast", function()
  it("sends to a list or a set, of both sides, what is open", function()
    local server = scripts.serve([[
      local all, list = {}, {}
      events = evio.http.server(evio.websocket.server({
        opened = function(ws) all[ws], list[#list + 1] = true, ws end,
        closed = function(ws) all[ws] = nil end,
        message = function(ws, data)
          ws:send("first")
          local frame = evio.websocket.encode("frame")
          print(evio.websocket.broadcast(all, data), evio.websocket.broadcast(list, "b", "binary"),
            ws:send_frame(frame) ~= false)
        end,
      }))]])
    local one, two = websocket.connect(server:address()), websocket.connect(server:address())
    local gone = websocket.connect(server:address())
    gone:send(websocket.close())
    websocket.expect_close(gone)
    one:send(websocket.text("hi"))
    server:expect("^2\t2\ttrue$")
    websocket.expect(one, websocket.TEXT, "first")
    for _, client in ipairs({ one, two }) do
      websocket.expect(client, websocket.TEXT, "hi")
      websocket.expect(client, websocket.BINARY, "b")
    end
    websocket.expect(one, websocket.TEXT, "frame")
  end)
end)
