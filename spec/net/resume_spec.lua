local scripts = require("spec.support.scripts")
local support = require("spec.support")

describe("a stream", function()
  it("is delivered again after a resume, though its handler declined and paused", function()
    local client, server = scripts.serve_one([[
      local busy = true
      events.data = evio.stream(function(conn, stream)
        if busy then conn:pause() print("busy") return end
        return stream:take()
      end)
      function events.tick()
        for conn in evio.connections() do busy = false conn:resume() end
        return 0.05
      end]])
    client:send("hello")
    assert.equal("hello", client:receive(5))
    server:stop()
  end)

  it("goes on after conn:finish()", function()
    local client, server = scripts.serve_one([[
      function events.opened(conn) conn:finish() return "bye" end
      events.data = evio.stream(function(_, stream) print("got", stream:take()) end)
      function events.closed(_, err) print("closed", err) end]])
    assert.equal("bye", (client:receive_all()))
    client:send("more")
    server:expect("^got\tmore$")
    client:close()
    assert.equal("closed\tnil", server:line())
    server:stop()
  end)

  it("finds what conn:handler put in front of the unread bytes", function()
    local client, server = scripts.serve_one([[
      local other = { data = evio.stream(function(_, stream)
        local line = stream:line()
        return line and line .. "|"
      end) }
      events.data = evio.stream(function(conn, stream)
        if not stream:line() then conn.waiting = true end
      end)
      function events.tick()
        for conn in evio.connections() do
          if conn.waiting then conn.waiting = false conn:handler(other, "head\n") end
        end
        return 0.02
      end]])
    client:send("partial line here")
    assert.equal("head|", client:receive(5))
    client:send(" done\n")
    assert.equal("partial line here done|", client:receive(23))
    server:stop()
  end)

  it("is not read on after the output queue is full", function()
    local client, server = scripts.serve_one([[
      events.options = { high = 1000, low = 100, queue = 1000 }
      local calls = 0
      events.data = evio.stream(function(conn, stream)
        calls = calls + 1
        stream:skip(1)
        return ("x"):rep(600)
      end)
      function events.closed(_, _, code) print("closed", code, calls) end]])
    client:send(("."):rep(100))
    assert.equal("closed\tENOBUFS\t2", server:expect("^closed.*"))
  end)

  it("leaves an integer beyond 2^53 where it is", function()
    local client = scripts.serve_one([[
      events.data = evio.stream(function(_, stream)
        if #stream < 8 then return end
        print(pcall(stream.u64, stream))
        return stream:take(8)
      end)]])
    client:send(("\255"):rep(8))
    assert.equal(("\255"):rep(8), client:receive(8))
  end)

  it("reads on beyond four gigabytes (#timing)", function()
    local client, server = scripts.serve_one([[
      local total = 0
      events.data = evio.stream(function(_, stream)
        if stream:find("\n") then return "found" end
        total = total + #stream
        stream:skip(#stream)
        stream:commit()
      end)]])
    local block = ("x"):rep(1048576)
    for _ = 1, 4200 do
      client:send(block)
    end
    client:send("end\n")
    assert.equal("found", client:receive(5))
    server:stop()
  end)
end)

describe("a text of the peer's", function()
  it("that looks like luajit's interruption ends no server", function()
    local client, server = scripts.serve_one([[
      function events.data(_, input) error(input) end]])
    client:send("a:1: interrupted!")
    server:expect_error("a:1: interrupted!")
    local other = support.connect(server:address())
    other:send("again")
    server:expect_error("again")
    server:stop()
  end)
end)

describe("what is cut off", function()
  it("by the linger time does not look like a whole answer", function()
    local client, server = scripts.serve_one([[
      events.options = { linger = 0.2 }
      function events.data() return ("x"):rep(30000000), "close" end
      function events.closed(_, _, code) print("closed", code) end]])
    client:send("go")
    server:expect("^closed\tETIMEDOUT$")
    local bytes, code = client:receive_all()
    assert.is_true(#bytes < 30000000)
    assert.equal("ECONNRESET", code)
    server:stop()
  end)
end)

describe("the server's table", function()
  it("may be changed by the script", function()
    local path = support.tmpdir() .. "/s.sock"
    local client, server = scripts.serve_one([[
      function events.data(conn)
        conn.server.addresses = nil
        print("address", conn.remote_address)
      end]], { addresses = { "unix://" .. path } })
    client:send("x")
    assert.equal("address\tnil", server:expect("^address.*"))
    server:stop()
  end)
end)
