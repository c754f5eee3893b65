-- What is called, written and received while a translator's handshake is under way.
local scripts = require("spec.support.scripts")
local support = require("spec.support")
local translators = require("spec.support.translators")

local REPORT = [[
function events.data(_, input) print("data", input) end
function events.eof() print("eof") end
function events.closed(_, err, code) print("closed", err, code) end
function events.failed(_, err, code) print("failed", err, code) end
]]

local function serve(source, maker)
  return scripts.serve(translators .. REPORT .. source .. ([[

    function events.serving(server) print(table.concat(server.addresses, "\n")) end
    events = evio.translate(events, nil, %s)]]):format(maker or "frame('HAND')"))
end

local function serve_one(source, maker)
  local server = serve(source, maker)
  return support.connect(server:address()), server
end

describe("before a handshake is over", function()
  for _, how in ipairs({ "close", "abort" }) do
    it(("a maker, and what chooses, may %s the connection"):format(how), function()
      for _, makers in ipairs({
        ("nil, function(conn) conn:%s() return frame('A')(conn) end"):format(how),
        ("function(conn) conn:%s() return true end, frame('A')"):format(how),
      }) do
        local server = scripts.serve(translators .. REPORT .. ([[
          function events.serving(server) print(server.addresses[1]) end
          events = evio.translate(events, %s)]]):format(makers))
        for _ = 1, 3 do
          local client = support.try_connect(server:address())
          if client then
            client:receive_all()
          end
          assert.equal("failed\tclosed before it opened\tECANCELED", server:line())
        end
      end
    end)
  end

  it("more may be written than the high mark", function()
    local server = serve("function events.data(conn, input) conn.got = (conn.got or 0) + #input end\n"
      .. "function events.eof(conn) print('got', conn.got) end")
    support.start(translators .. ([[
      local evio = require("evio")
      local conn = evio.dial(evio.translate({}, nil, frame("HAND")), "%s")
      print(conn:write(("x"):rep(3 * 1024 * 1024)))
      conn:finish()]]):format(server:address()))
    assert.equal("got\t3145728", server:line(20))
  end)

  it("the connection may be paused, and finished", function()
    local server = serve("function events.data(_, input) return input:upper() end")
    local script = support.start(translators .. ([[
      local evio = require("evio")
      local events = {}
      function events.opened(conn) print("opened") end
      function events.data(conn, input) print(input) end
      function events.closed(_, err) print("closed", err) end
      local conn = evio.dial(evio.translate(events, nil, frame("HAND")), "%s")
      conn:pause()
      conn:write("hello")
      conn:finish()
      evio.after(0.1, function() conn:resume() end)]]):format(server:address()))
    for _, line in ipairs({ "opened", "HELLO", "closed\tnil" }) do
      assert.equal(line, script:line())
    end
  end)

  it("detaching does nothing", function()
    local _, server = serve_one([[
      events.options = { handshake = 0.6 }
      function events.detached() print("detached") end
      local looks
      looks = evio.every(0.01, function()
        for conn in evio.connections() do
          looks:cancel()
          print(conn:detach())
        end
      end)]])
    assert.equal("false", server:line())
    assert.matches("^failed\thandshake time%-out", server:line())
  end)

  it("what is returned counts for options.queue", function()
    local client, server = serve_one([[
      events.options = { queue = 200000, high = 100000 }
      function events.woken() return ("x"):rep(100000) end
      function events.data(conn)
        conn:push(frame("MORE"))
        evio.every(0.01, function() conn:wake() end)
      end]], "rot()")
    client:send("go")
    server:expect("^closed\toutput queue full: 300000 pending bytes, options.queue allows 200000\tENOBUFS$")
  end)

  it("a half-closed peer costs nothing", function()
    local client, server = serve_one("", [[function() return {
      opening = true,
      receive = function() end,
      send = function(_, plain) return plain end,
    } end]])
    client:finish()
    assert.equal("failed\ttranslator: the peer cut the connection in the handshake\tECUT", server:line())
  end)
end)

describe("with a handshake", function()
  it("what a filter kept comes in front of what ends it", function()
    local client, server = serve_one("", [[function() return {
      opening = true,
      receive = function(self, wire)
        print("received", wire)
        if wire == "b" then self.opening = false end
        return wire
      end,
      send = function(_, plain) return plain end,
    } end]])
    client:send("a")
    assert.equal("received\ta", server:line())
    client:send("b")
    assert.equal("received\tb", server:line())
    assert.equal("data\tab", server:line())
  end)

  it("ready fires at its end, also when it was pushed in opened", function()
    local client, server = serve_one([[
      function events.opened(conn) conn:push(frame("B"), function() print("ready") end) end]], "rot()")
    assert.equal("O", client:receive(1)) -- "B", turned
    client:send("x") -- not the handshake
    assert.equal("closed\tframe B: not B\tEPROTO", server:line())
    client = support.connect(server:address())
    client:send("O")
    assert.equal("ready", server:line())
  end)

  it("nothing that came with it passes for what a push in opened lets through", function()
    local client, server = serve_one([[
      function events.opened(conn) print(conn:push(frame("B"))) end]])
    client:send("HAND4:evil")
    assert.equal("false", server:line())
    assert.equal("closed\tplaintext came in front of the translator that was pushed\tEPROTO", server:line())
  end)

  it("what came with it goes along when opened detaches", function()
    local client, server = serve_one([[
      function events.opened(conn)
        conn:pop()
        return nil, "detach"
      end
      function events.detached(_, socket)
        evio.spawn(function(it) return it:read(4) end, socket):done(print)
      end]])
    client:send("HAND4:more")
    assert.equal("true\tmore", server:line())
  end)
end)

describe("the end of the plaintext", function()
  it("comes behind what a paused connection has not read", function()
    local client, server = serve_one([[
      function events.opened(conn)
        conn:pause()
        evio.after(0.1, function() print("resume") conn:resume() end)
      end]], "frame('A')")
    client:send("A4:last;")
    for _, line in ipairs({ "resume", "data\tlast", "eof" }) do
      assert.equal(line, server:line())
    end
  end)

  it("comes behind what a paused connection has not read, without translators, too", function()
    local client, server = scripts.serve_one(REPORT .. [[
      function events.opened(conn)
        conn:pause()
        evio.after(0.1, function() print("resume") conn:resume() end)
      end]])
    client:send("last")
    client:finish()
    for _, line in ipairs({ "resume", "data\tlast", "eof" }) do
      assert.equal(line, server:line())
    end
  end)

  it("has the last bytes of translators also when observers close", function()
    local client = serve_one([[
      function events.data() return "bye" end
      function events.postwrite(conn) conn:close() end]], "frame('A')")
    client:send("A1:x")
    assert.equal("A3:bye;", (client:receive_all()))
  end)
end)

describe("a translator", function()
  it("whose object raises on unknown fields fails alone", function()
    local client, server = serve_one("", [[function()
      return setmetatable({
        receive = function(_, wire) return wire end, send = function(_, plain) return plain end,
      }, { __index = function(_, name) error("no field " .. name, 0) end })
    end]])
    client:receive_all()
    assert.matches("^failed\tno field ", server:line())
    assert.is_true(server:alive())
  end)

  it("may return a string.buffer, which is empty afterwards", function()
    local client = serve_one("function events.data(_, input) return input end", [[function()
      local buffer = require("string.buffer").new()
      return {
        receive = function(_, wire) return wire and buffer:put(wire) end,
        send = function(_, plain) return buffer:put(plain) end,
      }
    end]])
    for _, text in ipairs({ "one", "two" }) do
      client:send(text)
      assert.equal(text, client:receive(3))
    end
  end)

  it("that was popped is out of the way of the next one", function()
    local client = serve_one([[
      function events.data(conn, input)
        if input == "off" then conn:pop() return "gone" end
        conn:write("clear ")
        conn:push(frame("B"))
      end]], "rot()")
    client:send("bss")
    assert.equal("gone", client:receive(4))
    client:send("on")
    assert.equal("clear B", client:receive(7))
  end)
end)
