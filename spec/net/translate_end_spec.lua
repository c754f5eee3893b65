-- Translators at the beginning and the end: handshakes, broken ones, closing, detaching.
local scripts = require("spec.support.scripts")
local support = require("spec.support")
local translators = require("spec.support.translators")

local REPORT = [[
function events.opened() print("opened") end
function events.data(_, input) print("data", input) end
function events.closed(_, err, code) print("closed", err, code) end
function events.failed(_, err, code) print("failed", err, code) end
]]

-- A server with one translator whose maker is source; a client of it.
local function serve_one(maker, source, opts)
  local server = scripts.serve(translators .. REPORT .. (source or "") .. ([[

    function events.serving(server) print(table.concat(server.addresses, "\n")) end
    events = evio.translate(events, nil, %s)]]):format(maker), opts)
  return support.connect(server:address()), server
end

-- A maker whose object has these fields beside a receive and a send that change nothing.
local function maker(fields)
  return ([[function()
    local self = {
      name = "broken",
      receive = function(_, wire) return wire end,
      send = function(_, plain) return plain end,
    }
    for key, value in pairs({ %s }) do self[key] = value end
    return self
  end]]):format(fields)
end

describe("a translator's handshake", function()
  it("that stalls ends at the time-out, and nothing else fires", function()
    for _, sent in ipairs({ "", "HA", "HAN" }) do
      local client, server = serve_one("frame('HAND')", "events.options = { handshake = 0.2 }")
      client:send(sent)
      assert.equal("failed\thandshake time-out: it was not over for 0.2 s\tETIMEDOUT", server:line())
      assert.equal("HAND", (client:receive_all()))
      server:stop()
      assert.not_matches("opened", (server:output()))
    end
  end)

  it("that goes wrong is told to failed, at once", function()
    local client, server = serve_one("frame('HAND')")
    client:send("GET / HTTP/1.1\r\n\r\n")
    assert.equal("failed\tframe HAND: not HAND\tEPROTO", server:line())
    assert.equal("HAND", (client:receive_all()))
  end)

  it("in which the peer finishes or resets is told to failed", function()
    local client, server = serve_one("frame('HAND')")
    client:send("HA")
    client:finish()
    assert.equal("failed\tframe HAND: cut\tEPROTO", server:line())
    client = support.connect(server:address())
    client:receive(4)
    client:reset()
    assert.equal("failed\tconnection reset by peer\tECONNRESET", server:line())
  end)

  it("ends with a shutdown", function()
    local client, server = serve_one("frame('HAND')")
    client:receive(4)
    server:stop()
    assert.matches("failed\tclosed before it opened\tECANCELED", (server:output()))
  end)

  it("that the peer finishes in ends at once, and turns no loop", function()
    local server = scripts.serve([[
      function events.serving(server) print(table.concat(server.addresses, "\n")) end
      function events.failed(_, err, code) print("failed", err, code) end
      local quiet = { name = "quiet", opening = true }
      function quiet:receive() end
      function quiet:send() end
      events = evio.translate(events, nil, function() return quiet end)]])
    local client = support.connect(server:address())
    client:finish()
    assert.equal("failed\tquiet: the peer cut the connection in the handshake\tECUT", server:line())
  end)

  it("is no time to change the events, which have translators that are still to be made", function()
    local client, server = serve_one("frame('HAND')", [[
      events.options = { handshake = 0.3 }
      local looks
      looks = evio.every(0.01, function()
        for conn in evio.connections() do
          looks:cancel()
          print(pcall(conn.handler, conn, {}))
        end
      end)]])
    client:receive(4)
    assert.matches("^false.*conn:handler before the connection opened, which would lose its translators",
      server:line())
    assert.matches("^failed\thandshake time%-out", server:line())
  end)

  it("of garbage without end takes no memory", function()
    local client, server = serve_one("frame('HAND')")
    local before = support.rss(server.pid)
    local garbage, sent = ("x"):rep(65536), 0
    while sent < 64 * 1024 * 1024 do
      local count = client:send(garbage)
      if not count then break end
      sent = sent + #garbage
    end
    assert.equal("failed\tframe HAND: not HAND\tEPROTO", server:line())
    local grown = support.rss(server.pid) - before
    assert.is_true(support.sanitized or grown < 4 * 1024 * 1024, grown .. " bytes")
  end)
end)

describe("a translator that is broken", function()
  local CASES = {
    ["returns a number from receive"] = { "receive = function() return 5 end",
      "closed\tbroken: receive returned a number, expected a string, a string.buffer or nil\tEPROTO" },
    ["raises in receive"] = { "receive = function() error('on purpose', 0) end",
      "closed\tbroken: on purpose\tEPROTO" },
    ["raises what is no string"] = { "receive = function() error({}) end",
      "closed\tbroken: (error object is a table)\tEPROTO" },
    ["returns an error"] = { "receive = function() return nil, nil, 'bad wire' end",
      "closed\tbroken: bad wire\tEPROTO" },
  }
  for what, case in pairs(CASES) do
    it(what .. " closes its connection and names itself", function()
      local client, server = serve_one(maker(case[1]))
      assert.equal("opened", server:line())
      client:send("x")
      assert.equal(case[2], server:line())
      assert.equal("", (client:receive_all()))
      client = support.connect(server:address()) -- the server lives on
      assert.equal("opened", server:line())
      client:close()
    end)
  end

  it("prints a traceback when it raises", function()
    local client, server = serve_one(maker("receive = function() error('on purpose') end"))
    client:send("x")
    server:expect_error("evio: error in receive of broken, connection 1: [^\n]*on purpose\nstack traceback:")
  end)

  it("in send closes its connection after what went out before", function()
    local client, server = serve_one(maker([[
      send = function(self, plain)
        self.count = (self.count or 0) + 1
        if self.count == 2 then error("second", 0) end
        return plain
      end]]), "function events.data(_, input) return input end")
    client:send("one")
    assert.equal("one", client:receive(3))
    client:send("two")
    assert.equal("", (client:receive_all()))
    server:expect("^closed\tbroken: second\tEPROTO$")
  end)

  it("in start fails before it opened", function()
    local _, server = serve_one(maker("start = function() return nil, 'no start' end"))
    assert.equal("failed\tbroken: no start\tEPROTO", server:line())
  end)

  it("in finish is told to closed", function()
    local client, server = serve_one(maker("finish = function() error('last', 0) end"),
      "function events.data() return 'bye', 'close' end")
    client:send("x")
    assert.equal("bye", (client:receive_all()))
    server:expect("^closed\tbroken: last\tEPROTO$")
  end)

  it("is one that its maker did not make", function()
    for source, message in pairs({
      ["function() error('no maker', 0) end"] = "no maker",
      ["function() end"] = "the maker returned a nil, expected a translator: a table with receive and send",
      ["function() return { receive = print } end"] = "the translator's send is a nil, expected a function",
    }) do
      local _, server = serve_one(source)
      local line = server:line()
      assert.matches("^failed\t", line)
      assert.matches(message, line, 1, true)
      server:expect_error("error in translate, connection 1 from ")
    end
  end)
end)

describe("a translated connection", function()
  it("sends the translators' last bytes in front of FIN", function()
    local client, server = serve_one("frame('A')", [[
      function events.data() return "bye", "close" end]])
    client:send("A1:x")
    assert.equal("A3:bye;", (client:receive_all()))
    server:expect("^closed\tnil\tnil$")
  end)

  it("has an eof when the peer's plaintext ended, before its FIN", function()
    local client, server = serve_one("frame('A')", [[
      function events.eof() print("eof") return "seen" end]])
    client:send("A2:hi;")
    server:expect("^data\thi$")
    assert.equal("eof", server:line())
    assert.equal("A4:seen;", (client:receive_all()))
  end)

  it("that is cut tells so", function()
    local client, server = serve_one("frame('A')")
    client:send("A2:hi5:ab")
    client:finish()
    server:expect("^data\thi$")
    assert.equal("closed\tframe A: cut\tEPROTO", server:line())
  end)

  it("keeps plaintext that came while it was paused", function()
    local client, server = serve_one("frame('A')", [[
      function events.opened(conn)
        conn:pause()
        evio.after(0.1, function() print("resumed") conn:resume() end)
      end]])
    client:send("A2:hi")
    assert.equal("resumed", server:line())
    assert.equal("data\thi", server:line())
  end)

  it("takes its translators along when it is detached, and jobs refuse it", function()
    local client, server = serve_one("frame('A')", [[
      function events.data() return "bye", "detach" end
      function events.detached(_, socket)
        print(pcall(evio.spawn, function() end, socket))
        print(socket:close())
      end]])
    client:send("A1:x")
    assert.matches("argument 1 is a socket with a translator in Lua on it %(frame A%), which cannot "
      .. "leave the loop", (server:expect("^false.*")))
    assert.equal("true", server:line())
    assert.equal("A3:bye;", (client:receive_all()))
  end)

  it("keeps its translators: other events have to wait until it opened", function()
    local server = scripts.serve("")
    local first = scripts.fail(translators .. ([[
      local conn = evio.dial(evio.translate({}, nil, rot()), "%s")
      conn:handler({})]]):format(server:address()))
    assert.matches("conn:handler before the connection opened, which would lose its translators", first, 1, true)
  end)

  it("dialed, passes what was written before it was connected", function()
    local server = scripts.serve([[
      function events.data(_, input) print(input) end]])
    support.start(translators .. ([[
      local evio = require("evio")
      local conn = evio.dial(evio.translate({}, nil, rot()), "%s")
      conn:write("Early ")
      evio.after(0.1, function() conn:write("late") end)]]):format(server:address()))
    local got = ""
    repeat
      got = got .. server:line()
    until #got >= 10
    assert.equal("Rneyl yngr", got)
  end)
end)
