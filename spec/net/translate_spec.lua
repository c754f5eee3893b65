-- Translators: what the events see, and what is on the wire. Both ends are scripts, with the same
-- translators, where the wire itself does not matter.
local scripts = require("spec.support.scripts")
local support = require("spec.support")
local translators = require("spec.support.translators")

local MIB = 1024 * 1024

-- A server whose events pass through translators: `stack` is source of makers, outermost last.
local function serve(stack, source, opts)
  local wrap = {}
  for _, make in ipairs(stack) do
    wrap[#wrap + 1] = ("events = evio.translate(events, nil, %s)"):format(make)
  end
  return scripts.serve(translators .. source .. [[

    if not events.serving then
      function events.serving(server) print(table.concat(server.addresses, "\n")) end
    end
  ]] .. table.concat(wrap, "\n"), opts)
end

-- A script that dials the address through the same translators; its handlers are in source.
local function dial(stack, source, address)
  local wrap = {}
  for _, make in ipairs(stack) do
    wrap[#wrap + 1] = ("events = evio.translate(events, nil, %s)"):format(make)
  end
  return support.start(([[
    local evio = require("evio")
    local events = {}
    local address = %q
    %s
    %s
    %s
    evio.dial(events, address)]]):format(address, translators, source, table.concat(wrap, "\n")))
end

local FRAME = { "frame('A')" }
local THREE = { "frame('A')", "rot()", "frame('CC')" }

describe("translated events", function()
  it("see plaintext, and the wire sees none", function()
    local server = serve({ "rot()" }, [[
      function events.opened() return "Hello\n" end
      function events.data(_, input) print("data", input) return input:upper() end]])
    local client = support.connect(server:address())
    assert.equal("Uryyb", client:receive_line())
    client:send("nop")
    assert.equal("ABC", (client:receive(3):gsub("%a", { N = "A", O = "B", P = "C" })))
    assert.equal("data\tabc", server:line())
  end)

  it("stack, the last one on the wire, and open from there", function()
    local server = serve({ "frame('inner')", "frame('OUTER')" }, [[
      function events.opened() return "hi" end]])
    local client = support.connect(server:address())
    assert.equal("OUTER", client:receive(5))
    client:send("OUTER")
    assert.equal("5:inner", client:receive(7))
    client:send("5:inner")
    assert.equal("4:2:hi", client:receive(6))
  end)

  it("make each when those below it are open, and lose nothing that came meanwhile", function()
    local server = scripts.serve(translators .. [[
      function events.serving(server) print(table.concat(server.addresses, "\n")) end
      function events.opened() print("opened") end
      function events.data(_, input) print(input) return nil, "close" end
      local function say(name)
        return function() print("should", name) return true end
      end
      events = evio.translate(events, say("rot"), rot())
      events = evio.translate(events, say("inner"), frame("inner"))
      events = evio.translate(events, say("OUTER"), frame("OUTER"))]])
    local client = support.connect(server:address())
    assert.equal("should\tOUTER", server:line())
    assert.equal("OUTER", client:receive(5))
    client:send("OUTER10:inner3:ury")
    assert.equal("should\tinner", server:line())
    assert.equal("should\trot", server:line())
    assert.equal("opened", server:line())
    assert.equal("hel", server:line())
  end)

  it("are those of the connections that were chosen", function()
    local server = scripts.serve(translators .. [[
      function events.serving(server) print(table.concat(server.addresses, "\n")) end
      function events.data(_, input) return input end
      events = evio.translate(events, function(conn) return conn.index == 2 end, rot())]],
      { addresses = { "tcp://127.0.0.1:0", "tcp://127.0.0.1:0" } })
    for index = 1, 2 do
      local client = support.connect(server:address(index))
      client:send("Abc")
      assert.equal("Abc", client:receive(3)) -- turned twice
    end
    server:stop()
  end)

  it("get every byte, one at a time, through three of them, in both directions", function()
    local bytes = support.random_bytes(2000)
    local server = serve(THREE, [[
      function events.data(conn, input)
        for i = 1, #input do conn:write(input:sub(i, i)) end
      end]])
    local script = dial(THREE, ([[
      local bytes, got = %q, {}
      function events.opened(conn)
        local at = 0
        conn.timer = evio.every(0, function()
          at = at + 1
          if at > #bytes then return conn.timer:cancel() and nil end
          conn:write(bytes:sub(at, at))
        end)
      end
      function events.data(conn, input)
        got[#got + 1] = input
        if #table.concat(got) == #bytes then
          print(table.concat(got) == bytes)
          return nil, "close"
        end
      end]]):format(bytes), server:address())
    assert.equal("true", script:line())
  end)

  it("get megabytes both ways", function()
    local server = serve(THREE, "function events.data(_, input) return input end")
    local script = dial(THREE, ([[
      local size, got = %d, 0
      function events.opened(conn) return ("x"):rep(size) end
      function events.data(conn, input)
        got = got + #input
        if got == size then print("all") return nil, "close" end
      end]]):format(4 * MIB), server:address())
    script:expect("^all$", 30)
  end)

  it("see wakes (seed 23), and woken answers through them", function()
    local server = serve({ "rot()" }, [[
      function events.data(conn, input) if input then conn:wake() return end return "abc" end]])
    local client = support.connect(server:address())
    client:send("x")
    assert.equal("nop", client:receive(3))
  end)

  it("may close in opened without output (seed 25)", function()
    local server = serve({ "rot()" }, [[
      function events.opened() return nil, "close" end
      function events.closed(_, err) print("closed", err) end]])
    local client = support.connect(server:address())
    assert.equal("", (client:receive_all()))
    assert.equal("closed\tnil", server:line())
  end)

  it("have 50 replies of 100 KB with a close complete (seed 22)", function()
    local server = serve(FRAME, [[
      function events.data() return ("x"):rep(102400), "close" end]])
    assert.equal("50", scripts.whole_replies("frame('A')", server:address()))
  end)

  it("see the last bytes before FIN on every connection (seed 26)", function()
    local server = serve({ "rot()" }, [[
      local good = 0
      function events.data(conn, input) conn.got = (conn.got or "") .. input end
      function events.closed(conn)
        if conn.got == ("last words "):rep(1000) then good = good + 1 end
        print(good)
      end]])
    local wire = ("last words "):rep(1000):gsub("%a", function(c)
      local base = c:byte() < 97 and 65 or 97
      return string.char(base + (c:byte() - base + 13) % 26)
    end)
    for count = 1, 50 do
      local client = support.connect(server:address())
      client:send(wire)
      client:finish()
      assert.equal(tostring(count), server:line())
    end
  end)

  it("have back-pressure that counts wire bytes", function()
    local server = serve({ [[function() return {
      receive = function(_, wire) return wire end,
      send = function(_, plain) return plain:rep(100) end } end]] }, [[
      events.options = { high = 100000, low = 1000 }
      function events.data(conn)
        conn:write(("x"):rep(90000))
        evio.after(0.05, function() print(conn:pending() > 100000) end)
      end
      function events.drained() print("drained") end]])
    local client = support.connect(server:address(), { receive_buffer = 65536 })
    client:send("x")
    assert.equal("true", server:line())
    assert.equal(9000000, #client:receive(9000000, 20))
    assert.equal("drained", server:line())
  end)

  it("have prewrite and postwrite count wire bytes", function()
    local server = serve(FRAME, [[
      function events.opened() return "hello" end
      function events.postwrite(_, amount) print("post", amount) end]])
    local client = support.connect(server:address())
    client:send("A")
    assert.equal("A5:hello" .. "", client:receive(8))
    local sum = 0
    repeat
      sum = sum + tonumber(server:expect("^post\t(%d+)$"))
    until sum >= 7
    assert.equal(7, sum) -- what opened it went out before
  end)

  it("are refused for udp, and in conn:handler", function()
    assert.matches("a translator does not apply to udp addresses",
      scripts.fail(translators .. "evio.listen(evio.translate({}, nil, rot()), 'udp://:0')"), 1, true)
    local client, server = scripts.serve_one(translators .. [[
      function events.data(conn) conn:handler(evio.translate({}, nil, rot())) end]])
    client:send("x")
    server:expect_error("conn:handler takes events without translators; conn:push puts one on")
  end)
end)

describe("evio.translate", function()
  for arguments, message in pairs({
    ["5, nil, print"] = "the events are a number, expected a table",
    ["{}, 5, print"] = "should is a number, expected a function(conn) or nil",
    ["{}, nil, {}"] = "make is a table, expected a function(conn), or what evio.tls and its like make",
    ["{}, nil, evio.deflate"] = "make is evio.deflate itself, expected what evio.deflate(...) makes",
    ["{}, nil"] = "make is a nil, expected a function(conn), or what evio.tls and its like make",
  }) do
    it("refuses " .. arguments, function()
      assert.matches("server.lua:1: evio.translate: " .. message,
        scripts.fail(("evio.translate(%s)"):format(arguments)), 1, true)
    end)
  end
end)
