-- evio.websocket.session and evio.websocket.connect.
local scripts = require("spec.support.scripts")
local support = require("spec.support")
local websocket = require("spec.support.websocket")

local text = websocket.text

local function serve(body, settings)
  return scripts.serve(([[
    events = evio.http.server(evio.websocket.session(function(ws, request)
      %s
    end, { %s }))]]):format(body, settings or ""))
end

local ECHO = "for data, kind in ws:messages() do ws:send(data, kind) end"

describe("evio.websocket.session", function()
  it("echoes in a loop, and ends with the peer", function()
    local server = serve("print(request.path) " .. ECHO .. " print('over', ws:send('x'))")
    local client = websocket.connect(server:address(), "/path")
    server:expect("^/path$")
    client:send(text("a"):rep(1000) .. websocket.frame(websocket.BINARY, "\255") .. websocket.close(1000))
    for _ = 1, 1000 do
      websocket.expect(client, websocket.TEXT, "a")
    end
    websocket.expect(client, websocket.BINARY, "\255")
    websocket.expect_close(client, 1000)
    server:expect("^over\tfalse")
  end)

  it("tells how it ended, once", function()
    local server = serve("print(ws:receive()) print(ws:receive()) print(pcall(ws.receive, ws))")
    local client = websocket.connect(server:address())
    client:send(text("a") .. websocket.close(4000, "done"))
    server:expect("^a\ttext$")
    server:expect("^nil\tdone\t4000$")
    server:expect("^false\t.*ws:receive: a call before said that nothing more comes$")
    websocket.connect(server:address()):reset()
    server:expect("^nil\tconnection reset by peer\t1006$")
  end)

  it("closes with 1000 where the function returns, with 1011 where it fails", function()
    local server = serve("local what = ws:receive() if what == 'fail' then error('on purpose') end")
    local client = websocket.connect(server:address())
    client:send(text("end") .. text("nobody reads this"))
    websocket.expect(client, websocket.CLOSE, "\3\232")
    client:send(websocket.close(1000))
    assert.equal("", (client:receive_all()))
    client = websocket.connect(server:address())
    client:send(text("fail"))
    websocket.expect_close(client, 1011, "error")
    server:expect_error("error in session, connection 2 from .*on purpose\nstack traceback:")
  end)

  it("waits for other things, while messages wait for it, and the peer when they are many", function()
    local server = serve([[
      ws:receive()
      local start = evio.now()
      evio.sleep(0.1)
      print(evio.now() - start > 0.09)
      local total = 0
      for data in ws:messages() do
        total = total + #data
        if data == "." then break end
      end
      print(total)]])
    local client = websocket.connect(server:address())
    client:send(text("begin") .. text("x"):rep(500) .. websocket.frame(websocket.PING, "p"))
    client:send(websocket.frame(2, ("y"):rep(1000000), { mask = "\0\0\0\0" }) .. text("."))
    server:expect("^true$")
    server:expect("^1000501$")
    websocket.expect(client, websocket.PONG, "p")
    websocket.expect(client, websocket.CLOSE, "\3\232")
  end)

  it("waits in send while the peer does not read", function()
    local server = serve([[
      local block, most = ("x"):rep(100000), 0
      for _ = 1, 300 do
        ws:send(block)
        most = math.max(most, ws:pending())
      end
      print(most < 3e6)]])
    local client = websocket.connect(server:address())
    support.pass(0.1)
    for _ = 1, 300 do
      local _, got = websocket.receive(client)
      assert.equal(100000, #got)
    end
    server:expect("^true$")
  end)

  it("names mistakes", function()
    assert.equal("evio-lua: server.lua:1: evio.websocket.session: a table, expected a function(ws, request)",
      (scripts.fail("evio.websocket.session({})")))
    assert.equal('evio-lua: server.lua:1: evio.websocket.session: unknown setting "x", expected deflate, message, '
      .. "origins, ping, protocols or seconds", (scripts.fail("evio.websocket.session(print, { x = 1 })")))
    assert.matches("^evio%-lua: server.lua:1: evio.websocket.connect waits, which the loop must not do",
      (scripts.fail("evio.websocket.connect('ws://a')")))
    local server = scripts.serve([[
      events = evio.http.server(evio.websocket.server({ message = function(ws)
        print(pcall(ws.receive, ws))
      end }))]])
    websocket.connect(server:address()):send(text("a"))
    server:expect("^false\tws:receive waits, which the loop must not do: only sessions may, see evio.session$")
  end)
end)

describe("evio.websocket.connect", function()
  local function run(address, source)
    return support.start(([[
      local evio = require("evio")
      local port = %q
      local events = evio.session(function(conn)
        %s
      end)
      function events.serving(server)
        evio.dial({}, server.addresses[1])
      end
      evio.listen(events, "tcp://127.0.0.1:0")]]):format(address:match("%d+$"), source))
  end

  it("dials in a session, which sends and receives", function()
    local server = serve(ECHO .. " print('closed', select(2, pcall(ws.receive, ws)))", "deflate = true")
    local client = run(server:address(), [[
      local ws = assert(evio.websocket.connect("ws://127.0.0.1:" .. port, { deflate = { threshold = 1 } }))
      for _, text in ipairs({ "one", "two", ("x"):rep(100000) }) do
        ws:send(text)
        print(ws:receive() == text)
      end
      ws:close(4000, "enough")
      print(ws:receive())
      print(evio.websocket.connect("ws://127.0.0.1:" .. port, { seconds = 5, protocols = { "none" } }) ~= nil)]])
    for _ = 1, 3 do
      client:expect("^true$")
    end
    client:expect("^nil\t\t4000$")
    client:expect("^true$")
    server:expect("^closed\t")
  end)

  it("says why it failed, and closes what the session leaves open", function()
    local server = scripts.serve([[
      local chat = evio.websocket.server({ closed = function(_, code) print("closed", code) end })
      events = evio.http.server(function(request)
        return request.path == "/chat" and chat(request) or { status = 404 }
      end)]])
    local client = run(server:address(), [[
      print(evio.websocket.connect("ws://127.0.0.1:" .. port .. "/none"))
      print(pcall(evio.websocket.connect, "http://a"))
      evio.websocket.connect("ws://127.0.0.1:" .. port .. "/chat")]])
    client:expect("^nil\tthe server answered 404 Not Found, expected 101\tEPROTO$")
    client:expect('^false\tevio.websocket.connect: the URL is "http://a", expected')
    server:expect("^closed\t1000$")
  end)
end)
