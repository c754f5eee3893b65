-- Sessions: coroutines that read and write as if connections blocked.
local certificates = require("spec.support.certificates")
local scripts = require("spec.support.scripts")
local support = require("spec.support")

-- A server whose connections run `body`, a function's with `conn`; `more` is source behind it.
local function serve(body, more, opts)
  return scripts.serve(([[
    events = evio.session(function(conn) %s end)
    function events.closed(_, err, code) print("closed", err, code) end
    function events.serving(server) print(table.concat(server.addresses, "\n")) end
    %s]]):format(body, more or ""), opts)
end

local READS = [[
  print(conn:readline())
  print(conn:read(4))
  print(conn:readuntil("::"))
  print(conn:read(evio.framing.prefix({ size = 1 })))
  for line in conn:lines() do print("line " .. line) end
  print("over")]]
local BYTES = "hello\r\nabcdup to::\3xyzone\ntwo\n"
local EXPECTED = { "hello", "abcd", "up to", "xyz", "line one", "line two", "over", "closed\tnil\tnil" }

describe("a session", function()
  it("reads lines, counts, up to a delimiter and messages, however they are cut", function()
    local server = serve(READS)
    for _, size in ipairs({ #BYTES, 1, 3 }) do
      local client = support.connect(server:address())
      for at = 1, #BYTES, size do
        client:send(BYTES:sub(at, at + size - 1))
        support.pass(size < 10 and 0.002 or 0)
      end
      client:finish()
      for _, line in ipairs(EXPECTED) do
        assert.equal(line, server:line())
      end
      assert.equal("", client:receive_all())
    end
  end)

  it("reads what is there, and writes through TLS and deflate", function()
    local stack = "evio.translate(evio.translate(events, nil, evio.deflate()), nil, evio.tls({ %s }))"
    local server = serve([[
      while true do
        local bytes = conn:read()
        if not bytes then break end
        conn:write(bytes:upper())
      end]], "events = " .. stack:format(certificates.fields("server")))
    local script = support.start(([[
      local evio = require("evio")
      local events = evio.session(function(conn)
        conn:write("over")
        print(conn:read(4), conn.tls.version)
      end)
      evio.dial(%s, "%s")]]):format(stack:format("verify = false"), server:address()))
    assert.equal("OVER\tTLSv1.3", script:line())
    assert.equal("closed\tnil\tnil", server:line())
  end)

  it("is told the peer's end once, and how much came in vain", function()
    local server = serve([[
      print(conn:read(3))
      print(conn:read(10))
      print(pcall(conn.read, conn, 1))]])
    local client = support.connect(server:address())
    client:send("abc")
    client:finish()
    assert.equal("abc", server:line())
    assert.equal("nil", server:line())
    server:expect("^false\t.*conn:read: a read before said that nothing more comes$")
    assert.equal("closed\tnil\tnil", server:line())
    client = support.connect(server:address())
    client:send("abcde")
    client:finish()
    assert.equal("abc", server:line())
    assert.equal("nil\tthe peer finished behind 2 bytes of what was to be read\tECUT", server:line())
    server:expect("^false")
    server:expect("^closed")
    client = support.connect(server:address())
    client:send("abc")
    assert.equal("abc", server:line())
    client:reset()
    assert.equal("nil\tconnection reset by peer\tECONNRESET", server:line())
    server:expect("^false")
    assert.equal("closed\tconnection reset by peer\tECONNRESET", server:line())
  end)

  it("waits in write while the peer does not read", function()
    local server = serve([[
      local bytes, sent = ("x"):rep(100000), 0
      evio.after(0.3, function() print(sent < 200, conn:pending() < 300000) end)
      for _ = 1, 200 do
        conn:write(bytes)
        sent = sent + 1
      end
      print("written")]], "events.options = { high = 100000, low = 1000 }")
    local client = support.connect(server:address(), { receive_buffer = 4096 })
    assert.equal("true\ttrue", server:line())
    assert.equal(20000000, #client:receive_all(30))
    assert.equal("written", server:line())
    assert.equal("closed\tnil\tnil", server:line())
  end)

  it("keeps its peer waiting while it does something else", function()
    local server = serve([[
      print(conn:read(1))
      evio.sleep(0.3)
      local total = 1
      while true do
        local bytes = conn:read()
        if not bytes then break end
        total = total + #bytes
      end
      print(total)]], "events.options = { input = 100000 }")
    local client = support.connect(server:address())
    local bytes = ("x"):rep(3000000)
    client:send(bytes, 20)
    client:finish()
    assert.equal("x", server:line())
    assert.equal("3000000", server:line(20))
    assert.equal("closed\tnil\tnil", server:line())
  end)

  it("sleeps, awaits jobs and dials, and what it dialed ends with it", function()
    local server = serve([[
      if conn.index == 2 then
        conn:write("second\n")
        print("second ends", conn:read())
        return
      end
      local start = evio.now()
      evio.sleep(0.05)
      print(evio.now() - start >= 0.05)
      print(evio.spawn(function(a) return a + 1 end, 41):await())
      print(evio.connect("unix:///no/such/socket"))
      local other = evio.connect(conn.server.addresses[2])
      print(other:readline())]], nil, { addresses = { "tcp://127.0.0.1:0", "tcp://127.0.0.1:0" } })
    server:address(2)
    support.connect(server:address(1))
    assert.equal("true", server:line())
    assert.equal("true\t42", server:line())
    server:expect("^nil\t.*ENOENT$")
    assert.equal("second", server:line())
    local lines = { server:line(), server:line(), server:line() }
    table.sort(lines)
    assert.same({ "closed\tnil\tnil", "closed\tnil\tnil", "second ends\tnil" }, lines)
  end)

  it("that raises is reported, and closes its connection alone", function()
    local server = serve([[
      if conn:readline() == "boom" then error("on purpose") end
      conn:write("fine\n")]])
    local other, client = support.connect(server:address()), support.connect(server:address())
    client:send("boom\n")
    assert.equal("", client:receive_all())
    server:expect("^closed\t.*server.lua:%d+: on purpose\tnil$")
    server:expect_error("error in session, connection 2 from tcp://127.0.0.1:%d+: .*on purpose")
    other:send("x\n")
    assert.equal("fine", other:receive_line())
  end)

  it("ends before closed fires", function()
    local server = serve([[
      conn:readline()
      print("read")
      evio.sleep(0.2)
      print("ended", conn:write("x"))]])
    local client = support.connect(server:address())
    client:send("x\n")
    assert.equal("read", server:line())
    client:reset()
    assert.matches("^ended", server:line())
    assert.matches("^closed", server:line())
  end)

  it("takes over a connection, and gives it to a handler", function()
    local client, server = scripts.serve_one([[
      local plain = { data = function(_, input) return "plain " .. input end }
      function events.data(conn, input)
        conn:handler(evio.session(function(c)
          for line in c:lines() do
            if line == "back" then
              c:handler(plain)
              return
            end
            c:write("session " .. line .. "\n")
          end
        end), input)
      end]])
    client:send("a\nb\n")
    assert.equal("session a", client:receive_line())
    assert.equal("session b", client:receive_line())
    client:send("back\nrest")
    assert.equal("plain rest", client:receive(10))
    server:stop()
  end)

  it("reads datagrams of a udp peer", function()
    local server = serve([[
      for _ = 1, 2 do conn:write(conn:read():upper()) end]], nil, { addresses = { "udp://127.0.0.1:0" } })
    local script = support.start(([[
      local evio = require("evio")
      evio.dial(evio.session(function(conn)
        conn:write("one")
        print(conn:read())
        conn:write("two")
        print(conn:read())
      end), "%s")]]):format(server:address()))
    assert.equal("ONE", script:line())
    assert.equal("TWO", script:line())
    assert.equal("closed\tnil\tnil", server:line())
  end)

  it("leaves nothing behind, however it ended", function()
    local server = serve([[
      seen[conn], seen[coroutine.running()] = true, true
      if conn:readline() == "boom" then error("on purpose") end]], [[
      seen = setmetatable({}, { __mode = "k" })
      evio.every(0.05, function()
        collectgarbage()
        if next(seen) == nil and count == 3 then print("nothing left") end
      end)
      count = 0
      function events.closed() count = count + 1 end]])
    for _, line in ipairs({ "fine", "boom" }) do
      local client = support.connect(server:address())
      client:send(line .. "\n")
      assert.equal("", client:receive_all())
    end
    support.connect(server:address()):finish()
    assert.equal("nothing left", server:line())
  end)

  it("is told that its connection was detached, or given to a handler", function()
    local server = serve([[
      print("told", conn:readline())]], [[
      function events.detached(_, socket) socket:close() print("detached") end
      function events.opened(conn)
        evio.after(0.05, function()
          if conn.id == 1 then
            conn:detach()
          else
            conn:handler({ data = function(_, input) return "plain " .. input end })
          end
        end)
      end]])
    support.connect(server:address())
    assert.equal("told\tnil\tthe connection was detached\tEPIPE", server:line())
    assert.equal("detached", server:line())
    local client = support.connect(server:address())
    assert.equal("told\tnil\tthe connection was given to a handler\tEPIPE", server:line())
    client:send("x")
    assert.equal("plain x", client:receive(7))
  end)

  it("starts beside an opened that returns an action that does nothing", function()
    local server = serve([[print("started")]], [[function events.opened() return nil, "none" end]])
    support.connect(server:address())
    assert.equal("started", server:line())
  end)

  it("that sleeps does not hold up a shutdown, and closed fires all the same", function()
    for _, before in ipairs({ "", "conn:close()" }) do
      local server = serve(before .. [[
        evio.after(0.1, evio.shutdown)
        while true do evio.sleep(100) end]])
      support.connect(server:address())
      assert.equal("closed\tnil\tnil", server:line())
      assert.equal(0, server:wait().status)
    end
  end)
end)
