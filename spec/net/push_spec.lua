-- conn:push and conn:pop: translators that come and go in the middle of a conversation.
local scripts = require("spec.support.scripts")
local translators = require("spec.support.translators")

local function serve_one(source)
  return scripts.serve_one(translators .. [[
    function events.closed(_, err, code) print("closed", err, code) end
  ]] .. source)
end

-- A line protocol with a command that puts a translator on.
local STARTTLS = [[
events.data = evio.stream(function(conn, stream)
  local line = stream:line()
  if not line then return end
  if line == "START" then
    conn:write("go\n")
    conn:push(frame("T"), function(ready_conn)
      print("ready", ready_conn == conn)
      return "welcome\n"
    end)
    return
  end
  print("line", line)
  return "got " .. line .. "\n"
end)
]]

describe("conn:push", function()
  it("changes what follows, after what was written before it", function()
    local client, server = serve_one(STARTTLS)
    client:send("one\nSTART\n")
    assert.equal("got one", client:receive_line())
    assert.equal("go", client:receive_line())
    assert.equal("T", client:receive(1))
    client:send("T4:two\n")
    server:expect("^ready\ttrue$")
    assert.equal("8:welcome\n8:got two\n", client:receive(20))
    assert.equal("line\ttwo", server:line())
  end)

  it("refuses plaintext that came in front of the translator", function()
    local client, server = serve_one(STARTTLS)
    client:send("START\nEVIL\n")
    server:expect("^closed\tplaintext came in front of the translator that was pushed\tEPROTO$")
    client:receive_all()
    server:stop()
    assert.not_matches("EVIL", (server:output()))
  end)

  it("refuses a rest that was handed on before", function()
    local client, server = serve_one([[
      function events.data(conn)
        conn:handler({ data = function(_, input) print("data", input) end, closed = events.closed }, "rest")
        print(conn:push(rot()))
      end]])
    client:send("x")
    assert.equal("false", server:line())
    server:expect("^closed\tplaintext came in front of the translator that was pushed\tEPROTO$")
  end)

  it("holds back what is written until the handshake is over", function()
    local client, server = serve_one([[
      function events.data(conn, input)
        if input == "go" then
          conn:push(frame("T"))
          conn:write("waits")
          print(conn:pending())
        end
      end]])
    client:send("go")
    assert.equal("6", server:line()) -- with the handshake's one byte
    assert.equal("T", client:receive(1))
    client:send("T")
    assert.equal("5:waits", client:receive(7))
  end)

  it("has a handshake that ends at the time-out", function()
    local client, server = serve_one([[
      events.options = { handshake = 0.2 }
      function events.data(conn) conn:push(frame("T")) end]])
    client:send("go")
    server:expect("^closed\thandshake time%-out: it was not over for 0.2 s\tETIMEDOUT$")
  end)

  it("stacks on the ones that are there, and pop takes the last one off", function()
    local client = serve_one([[
      function events.data(conn, input)
        if input == "on" then
          conn:write("ok")
          conn:push(rot())
          return
        end
        if input == "off" then
          conn:write("abc")
          conn:pop()
          return "abc"
        end
        return input
      end]])
    client:send("on")
    assert.equal("ok", client:receive(2))
    client:send("x")
    assert.equal("x", client:receive(1))
    client:send("bss") -- "off" turned
    assert.equal("nopabc", client:receive(6))
    client:send("plain")
    assert.equal("plain", client:receive(5))
  end)

  it("works without a translator's handshake, and calls ready then, too", function()
    local client, server = serve_one([[
      function events.data(conn) conn:push(rot(), function() print("ready") return "abc" end) end]])
    client:send("x")
    assert.equal("ready", server:line())
    assert.equal("nop", client:receive(3))
  end)

  it("is misuse inside of a translator, and before the last one is open", function()
    local client, server = serve_one([[
      function events.data(conn, input)
        if input == "one" then
          conn:write("ok")
          conn:push(function() return {
            receive = function(_, wire) print(pcall(conn.push, conn, rot())) return wire end,
            send = function(_, plain) return plain end,
          } end)
        elseif input == "two" then
          conn:push(frame("T"))
          print(pcall(conn.push, conn, rot()))
          print(pcall(conn.pop, conn))
        end
      end]])
    client:send("one")
    assert.equal("ok", client:receive(2))
    client:send("two")
    server:expect("^false.*conn:push in a translator, or in the handshake of one")
    server:expect("^false.*conn:push in a translator, or in the handshake of one")
    server:expect("^false.*conn:pop in a translator, or in the handshake of one")
  end)

  it("after finish leaves nothing to be sent behind the FIN", function()
    local client, server = serve_one([[
      function events.data(conn, input)
        if input == "x" then
          conn:finish()
        else
          print(conn:push(evio.deflate()), conn:pop())
          return nil, "close"
        end
      end]])
    client:send("x")
    assert.equal("", client:receive_all())
    client:send("y")
    assert.equal("true\ttrue", server:line())
    assert.equal("closed\tnil\tnil", server:line())
  end)

  it("sends what is returned behind conn:finish() in the same event", function()
    local client = serve_one([[
      function events.data(conn)
        conn:write("plain ")
        conn:finish()
        conn:push(rot())
        return "hello"
      end]])
    client:send("x")
    assert.equal("plain uryyb", client:receive_all())
  end)

  it("on a connection without translators leaves pop nothing to do", function()
    local client = serve_one("function events.data(conn) return tostring(conn:pop()) end")
    client:send("x")
    assert.equal("false", client:receive(5))
  end)

  it("puts no more than 16 on one connection", function()
    local client = serve_one([[
      function events.data(conn, input)
        local count, ok, message = 0
        repeat
          ok, message = pcall(conn.push, conn, rot())
          count = count + 1
        until not ok or count == 20
        for _ = 1, count - 1 do conn:pop() end
        return ("%d %s\n"):format(count - 1, message)
      end]])
    client:send("x")
    assert.equal("16 conn:push: a connection has at most 16 translators", client:receive_line())
    assert.matches("server.lua:1: evio.translate: a connection has at most 16 translators",
      scripts.fail("for _ = 1, 17 do events = evio.translate(events, nil, print) end"), 1, true)
  end)

  it("refuses what is no maker", function()
    local client = serve_one([[
      function events.data(conn)
        local _, one = pcall(conn.push, conn, {})
        local _, two = pcall(conn.push, conn, rot(), 5)
        local _, three = pcall(conn.push, conn, function() return 5 end)
        return one .. "\n" .. two .. "\n" .. three .. "\n"
      end]])
    client:send("x")
    assert.matches("function expected, got table", client:receive_line())
    assert.matches("function expected, got number", client:receive_line())
    assert.matches("the maker returned a number, expected a translator", client:receive_line())
  end)
end)
