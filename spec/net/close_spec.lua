-- Closing: the order of events, what still arrives, and how long it may take.
local scripts = require("spec.support.scripts")
local support = require("spec.support")

local MIB = 1024 * 1024

local CLOSED = [[
function events.closed(conn, err, code) print("closed", err, code) end
]]

-- A client for which the system keeps little, so that the host has to.
local function connect_narrow(address)
  return support.connect(address, { receive_buffer = 65536 })
end

describe("a close", function()
  it("ends the events but prewrite, postwrite and one closed", function()
    local client, server = scripts.serve_one([[
      local ticks
      function events.data() print("data") ticks = 0 return "bye", "close" end
      function events.prewrite(_, amount) print("prewrite", amount) end
      function events.postwrite(_, amount, rest) print("postwrite", amount, rest) end
      function events.eof() print("eof") end
      function events.drained() print("drained") end
      function events.closed(_, err, code) print("closed", err, code) end
      function events.tick()
        ticks = ticks and ticks + 1
        return 0.05, ticks == 10 and "shutdown" or nil
      end]])
    client:send("go")
    assert.equal("bye", client:receive_all())
    client:try_send("more")
    client:finish()
    server:wait()
    assert.matches("\ndata\nprewrite\t3\npostwrite\t3\t0\nclosed\tnil\tnil\n$", (server:output()))
  end)

  for _, scheme in ipairs({ "tcp", "unix" }) do
    it("lets the reply in front of it arrive though input is unread, on " .. scheme .. " (seed 7)",
      function()
        local address = scheme == "tcp" and "tcp://127.0.0.1:0"
          or "unix://" .. support.tmpdir() .. "/socket"
        local server = scripts.serve(CLOSED .. [[
          local reply = ("r"):rep(200000)
          function events.data() return reply, "close" end]], { addresses = { address } })
        for _ = 1, 20 do
          local client = support.connect(server:address())
          client:send(("x"):rep(MIB))
          local bytes, code = client:receive_all()
          assert.same({ 200000, nil }, { #bytes, code })
          assert.equal("closed\tnil\tnil", server:line())
          client:close()
        end
      end)
  end

  it("lets the reply arrive at a client that reads late (seed 7)", function()
    local server = scripts.serve(CLOSED .. [[
      function events.data() return ("r"):rep(4 * 1024 * 1024), "close" end]])
    local client = connect_narrow(server:address())
    client:send("go")
    for _ = 1, 100 do
      client:try_send("more")
      support.pass(0.005)
    end
    local bytes, code = client:receive_all()
    assert.same({ 4 * MIB, nil }, { #bytes, code })
    assert.equal("closed\tnil\tnil", server:line())
  end)

  it("takes effect for a connection other than the event's, its output first", function()
    local server = scripts.serve(CLOSED .. [[
      function events.opened() return "hello" end
      function events.data(conn)
        for other in evio.connections() do
          if other ~= conn then
            other:write("bye")
            print(other:close(), other:close(), other:write("never"))
          end
        end
      end]])
    local one, two = support.connect(server:address()), support.connect(server:address())
    assert.equal("hellohello", one:receive(5) .. two:receive(5))
    one:send("x")
    assert.equal("bye", two:receive_all())
    assert.equal("true\tfalse\tfalse", server:line())
    assert.equal("closed\tnil\tnil", server:line())
  end)

  it("from opened needs no input", function()
    for _, answer in ipairs({ [["busy", "close"]], [[conn:close() and "busy"]] }) do
      local client, server = scripts.serve_one(CLOSED
        .. "function events.opened(conn) return " .. answer .. " end")
      assert.equal("busy", client:receive_all())
      assert.equal("closed\tnil\tnil", server:line())
    end
  end)

  it("waits for a peer that takes nothing only for the linger time (seed 8)", function()
    local server = scripts.serve(CLOSED .. [[
      events.options = { linger = 0.3 }
      function events.data() return ("x"):rep(16 * 1024 * 1024), "close" end]])
    local client = connect_narrow(server:address())
    local before = support.clock()
    client:send("go")
    local message, code = server:expect("^closed\t(.+)\t(%u+)$")
    assert.equal("ETIMEDOUT", code)
    assert.matches("linger", message, 1, true)
    local waited = support.clock() - before
    assert.is_true(waited > 0.25 and waited < 5, waited .. " s")
  end)

  it("gives up at once where the linger time is 0", function()
    local server = scripts.serve(CLOSED .. [[
      events.options = { linger = 0 }
      function events.data() return ("x"):rep(16 * 1024 * 1024), "close" end]])
    local client = connect_narrow(server:address())
    client:send("go")
    server:expect("^closed\t.*ETIMEDOUT$")
  end)

  it("does not hold the descriptor when the peer stays and says nothing", function()
    local server = scripts.serve("function events.data() return 'bye', 'close' end")
    server:address()
    local before = support.descriptors(server.pid)
    local client = support.connect(server:address())
    client:send("go")
    assert.equal("bye", client:receive_all())
    support.eventually(function()
      local now = support.descriptors(server.pid)
      return now == before, now .. " descriptors"
    end, 3)
  end)

  it("does not listen for ever to a peer that goes on sending", function()
    local client = scripts.serve_one("function events.data() return 'bye', 'close' end")
    client:send("go")
    assert.equal("bye", client:receive_all())
    local block, code = ("x"):rep(MIB), nil
    support.eventually(function()
      local sent, why = client:try_send(block)
      code = not sent and why ~= "EAGAIN" and why or nil
      return code
    end)
    assert.is_true(code == "ECONNRESET" or code == "EPIPE", code)
  end)

  it("ends with the peer's reset as its error", function()
    local server = scripts.serve(CLOSED .. [[
      function events.data() return ("x"):rep(16 * 1024 * 1024), "close" end
      function events.postwrite(_, _, rest) if rest > 0 then print("held") end end]])
    local client = connect_narrow(server:address())
    client:send("go")
    server:expect("held")
    client:reset()
    local code = server:expect("^closed\t.+\t(%u+)$")
    assert.is_true(code == "ECONNRESET" or code == "EPIPE", code)
  end)

  it("fires closed once for each of many connections that end in every way", function()
    local server = scripts.serve([[
      function events.data(conn, input)
        if input == "abort" then conn:abort() end
        if input == "error" then error("on purpose") end
        return input, input == "close" and "close" or nil
      end
      function events.closed(conn) print("closed", conn.id) end]])
    local seen = {}
    for number = 1, 60 do
      local client = support.connect(server:address())
      client:send(({ "close", "abort", "error", "reset", "leave" })[number % 5 + 1])
      if number % 5 == 3 then
        client:reset()
      else
        client:close()
      end
      local id = server:expect("^closed\t(%d+)$")
      assert.is_nil(seen[id])
      seen[id] = true
    end
    server:stop()
    assert.equal(60, select(2, (server:output()):gsub("closed", "")))
  end)
end)

describe("conn:abort", function()
  it("resets the connection at once, dropping what is pending", function()
    local server = scripts.serve([[
      function events.data(conn)
        conn:write(("x"):rep(16 * 1024 * 1024))
        print(conn:abort(), conn:abort(), conn:write("x"), conn:close())
        return "never"
      end
      function events.postwrite() print("postwrite") end
      function events.closed(conn) print("closed") end]])
    local client = support.connect(server:address())
    client:send("go")
    local bytes, code = client:receive_all()
    assert.same({ "", "ECONNRESET" }, { bytes, code })
    assert.equal("true\tfalse\tfalse\tfalse", server:line())
    assert.equal("closed", server:line())
  end)

  it("ends a close that waits for its peer", function()
    local server = scripts.serve([[
      local closing
      function events.data(conn)
        closing = conn
        return ("x"):rep(16 * 1024 * 1024), "close"
      end
      function events.tick()
        if closing then print("abort", closing:abort()) closing = nil end
        return 0.05
      end
      function events.closed(conn) print("closed") end]])
    local client = connect_narrow(server:address())
    client:send("go")
    assert.equal("abort\ttrue", server:line())
    assert.equal("closed", server:line())
    local _, code = client:receive_all()
    assert.equal("ECONNRESET", code)
  end)
end)
