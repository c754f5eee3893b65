-- The last words of connections that a shutdown closes.
local datagrams = require("spec.support.datagrams")
local scripts = require("spec.support.scripts")
local support = require("spec.support")
local websocket = require("spec.support.websocket")

local SOURCE = [[
  function events.opened() return "hello\n" end
  function events.stopping(conn) print("stopping", conn.id) return "bye " .. conn.id .. "\n" end
  function events.closed(conn, err) print("closed", conn.id, err) end
]]

local function connect(server)
  local client = support.connect(server:address())
  assert.equal("hello", client:receive_line())
  return client
end

describe("stopping", function()
  it("says the last words to each connection, newest first, in front of its end", function()
    local server = scripts.serve(SOURCE .. "function events.data() return 'data\\n' end")
    local first, second = connect(server), connect(server)
    first:send("x")
    assert.equal("data", first:receive_line())
    server:signal("TERM")
    assert.equal("bye 1\n", first:receive_all())
    assert.equal("bye 2\n", second:receive_all())
    assert.same({ status = 0 }, server:wait())
    local stdout = server:output()
    assert.matches("stopping\t2\nstopping\t1\nclosed", stdout, 1, true)
    assert.matches("closed\t1\tnil\n", stdout, 1, true)
    assert.matches("closed\t2\tnil\n", stdout, 1, true)
  end)

  it("comes behind what the shutdown's own event returned", function()
    local client = scripts.serve_one(SOURCE .. "function events.data() return 'down\\n', 'shutdown' end")
    assert.equal("hello", client:receive_line())
    client:send("x")
    assert.equal("down\nbye 1\n", client:receive_all())
  end)

  it("is only for those of the server that shuts down, and once", function()
    local server = scripts.serve(SOURCE .. [[
      evio.listen({ opened = function() return "other\n" end, stopping = function() return "later" end,
        data = function() evio.shutdown() end, serving = function(s) print(s.addresses[1]) end }, "tcp://127.0.0.1:0")
      function events.data() return nil, "shutdown" end]])
    local addresses = { server:address(), server:line() }
    table.sort(addresses, function(a) return a == addresses[1] end)
    local clients = { support.connect(addresses[1]), support.connect(addresses[2]) }
    local greetings = { clients[1]:receive_line(), clients[2]:receive_line() }
    local mine = greetings[1] == "hello" and 1 or 2
    assert.same({ "hello", "other" }, { greetings[mine], greetings[3 - mine] })
    clients[mine]:send("x")
    assert.matches("^bye %d\n$", clients[mine]:receive_all())
    clients[3 - mine]:send("x")
    assert.equal("later", clients[3 - mine]:receive_all())
  end)

  it("has no say in the end: neither by an action nor by an error", function()
    for body, words in pairs({ ["return 'bye', 'none'"] = "bye", ["return 'bye', 'close'"] = "bye",
      ["conn:write('b') return 'ye', 'shutdown'"] = "bye", ["conn:abort()"] = "", ["error('on purpose')"] = "" }) do
      local server = scripts.serve("function events.opened() return 'hello\\n' end function events.stopping(conn) "
        .. body .. " end function events.closed(conn, err) print('closed', err) end")
      local client = connect(server)
      server:signal("TERM")
      assert.equal(words, (client:receive_all()))
      assert.same({ status = 0 }, server:wait())
      local stdout, stderr = server:output()
      assert.matches(body:find("error") and "closed\t[^\n]*on purpose" or "closed\tnil", stdout)
      assert.equal(body:find("error") and 1 or nil, stderr:find("error in stopping, connection 1 from", 1, true) and 1)
    end
  end)

  it("may detach, and close others", function()
    local server = scripts.serve(SOURCE .. [[
      function events.stopping(conn)
        if conn.id == 2 then evio.conn(1):close() return "kept\n", "detach" end
        return "not reached"
      end
      function events.detached(conn, socket) print("detached", conn.id) socket:close() end]])
    local first, second = connect(server), connect(server)
    server:signal("TERM")
    assert.equal("", first:receive_all())
    assert.equal("kept\n", second:receive_all())
    assert.same({ status = 0 }, server:wait())
    local stdout = server:output()
    assert.matches("detached\t2\n", stdout, 1, true)
    assert.matches("closed\t1\tnil\n", stdout, 1, true)
    assert.is_nil(stdout:find("closed\t2", 1, true))
  end)

  it("is not for who closes already, or never opened", function()
    local server = scripts.serve(SOURCE .. [[
      events.options = { linger = 60 }
      function events.data(_, input)
        print("closing")
        return ("x"):rep(16 * 1024 * 1024), "close"
      end]])
    local client = support.connect(server:address(), { receive_buffer = 65536 })
    assert.equal("hello", client:receive_line())
    client:send("x")
    server:expect("^closing$")
    server:signal("TERM")
    assert.equal(16 * 1024 * 1024, #client:receive_all())
    assert.same({ status = 0 }, server:wait())
    assert.is_nil(server:output():find("stopping", 1, true))
  end)

  it("is the last datagram to a peer", function()
    local server = scripts.serve([[
      function events.data(_, input) return input end
      function events.stopping() return "bye" end]], { addresses = { "udp://127.0.0.1:0" } })
    local script = datagrams.ask({ "x" }, server:address())
    assert.equal("1\tx", script:line())
    server:signal("TERM")
    assert.equal("3\tbye", script:line())
  end)

  it("closes WebSockets with 1001, accepted and dialed ones", function()
    local server = scripts.serve([[
      events = evio.http.server(evio.websocket.server({
        message = function(ws, data) ws:send(data) end,
        closed = function(ws, code, reason) print("closed", code, reason) end,
      }))
      function events.serving(server) print(server.addresses[1]) end]])
    local client, closing = websocket.connect(server:address()), websocket.connect(server:address())
    local dialed = support.start(([[
      local evio = require("evio")
      evio.websocket.dial("ws://%s", {
        opened = function(ws) ws:send("hello") end,
        message = function(ws, data) print(data) end,
        closed = function(ws, code, reason) print("closed", code, reason) end,
      })]]):format(server:address():match("//(.*)")))
    assert.equal("hello", dialed:line())
    closing:send(websocket.close(1000))
    websocket.expect_close(closing, 1000)
    server:expect("^closed\t1000\t$")
    server:signal("TERM")
    websocket.expect_close(client, 1001)
    assert.equal("closed\t1001\t", dialed:line())
    server:expect("^closed\t1001\t$")
    server:expect("^closed\t1001\t$")
    assert.same({ status = 0 }, server:wait())
  end)
end)
