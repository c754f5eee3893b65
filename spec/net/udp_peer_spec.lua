-- Peers of datagrams as connections: when they open and close, what their methods do.
local datagrams = require("spec.support.datagrams")
local scripts = require("spec.support.scripts")
local support = require("spec.support")

local UDP = { addresses = { "udp://127.0.0.1:0" } }

local asking = datagrams.ask
local dialing = datagrams.dial

describe("a peer", function()
  it("is a connection: opened at its first datagram, the same one at the next", function()
    local server = scripts.serve([[
      function events.opened(conn)
        conn.count = 0
        print("opened", conn.id, conn.index, conn.remote_address)
      end
      function events.data(conn, input)
        conn.count = conn.count + 1
        print(conn.id, conn.count, input, evio.conn(conn.id) == conn)
      end]], { addresses = { "tcp://127.0.0.1:0", "udp://127.0.0.1:0" } })
    asking({ "one", "two" }, server:address(2))
    assert.matches("^opened\t1\t2\tudp://127.0.0.1:%d+$", server:line())
    assert.equal("1\t1\tone\ttrue", server:line())
    assert.equal("1\t2\ttwo\ttrue", server:line())
    asking({ "three" }, server:address(2))
    assert.matches("^opened\t2\t2\tudp://127.0.0.1:%d+$", server:line())
    assert.equal("2\t1\tthree\ttrue", server:line())
  end)

  it("is forgotten when it is quiet, which is a clean end", function()
    local server = scripts.serve([[
      events.options = { idle = 0.2 }
      function events.closed(conn, err, code) print("closed", err, code, evio.conn(conn.id)) end]], UDP)
    local script = asking({ "x" }, server:address())
    assert.equal("closed\tnil\tnil\tnil", server:line())
    assert.is_true(script:alive())
  end)

  it("may be closed by the script, and is a new one when it comes again", function()
    local server = scripts.serve([[
      function events.opened(conn) print("opened", conn.id) end
      function events.data(conn, input) return input, "close" end
      function events.closed(conn, err) print("closed", conn.id, err) end]], UDP)
    local script = dialing([[
      local count = 0
      function events.opened() return "a" end
      function events.data(conn, input)
        count = count + 1
        if count < 3 then evio.after(0.02, function() conn:write("b") end) end
      end]], server:address())
    for id = 1, 3 do
      assert.equal("opened\t" .. id, server:line())
      assert.equal(("closed\t%d\tnil"):format(id), server:line())
    end
    assert.is_true(script:alive())
  end)

  it("that sent longest ago makes room when 65,536 are there", function()
    -- The peers are one client with many local addresses.
    local server = scripts.serve([[
      local closed = 0
      events.options = { idle = 1000 } -- room is made, however long it takes until it is needed
      function events.data(conn, input) if input == "keep" then keep = conn.id end return input end
      function events.closed(conn)
        closed = closed + 1
        if closed == 1 then print("first", conn.id, keep) end
        if closed == 1000 then print("many", evio.conn(keep) ~= nil, evio.conn(66000) ~= nil) end
      end]], UDP)
    local address, port = server:address(), server:address():match("%d+$")
    support.start(([[
      local ffi = require("ffi")
      ffi.cdef("int socket(int, int, int); int bind(int, const void *, unsigned); int close(int);"
        .. "int connect(int, const void *, unsigned); long send(int, const void *, size_t, int);"
        .. "long recv(int, void *, size_t, int);")
      local reply = ffi.new("char[16]")
      local function sockaddr(a, b, c, d, port)
        return ffi.new("unsigned char[16]", 2, 0, math.floor(port / 256), port %% 256, a, b, c, d)
      end
      local port = %s -- no other spec has it at the same time
      local server = sockaddr(127, 0, 0, 1, port)
      local function open(i)
        local fd = ffi.C.socket(2, 2, 0)
        local mine = sockaddr(127, 1 + math.floor(i / 65536), math.floor(i / 256) %% 256, i %% 256, port)
        assert(ffi.C.bind(fd, mine, 16) == 0 and ffi.C.connect(fd, server, 16) == 0)
        return fd
      end
      local function ask(fd, text)
        assert(ffi.C.send(fd, text, #text, 0) == #text)
        assert(ffi.C.recv(fd, reply, 16, 0) == #text)
      end
      local kept = open(0)
      ask(kept, "keep")
      for i = 1, 66600 do
        local fd = open(i)
        ask(fd, "x")
        ffi.C.close(fd)
        if i %% 10000 == 0 then ask(kept, "keep") end
      end]]):format(port), { command = { "luajit" } })
    assert.equal("first\t2\t1", server:expect("^first.*", 60))
    assert.equal("many\ttrue\ttrue", server:expect("^many.*", 60))
    assert.matches("^udp://", address)
  end)

  it("may be woken, and written to from elsewhere", function()
    local server = scripts.serve([[
      function events.woken() return "woken" end
      function events.data(conn)
        print(conn:wake())
        evio.after(0.01, function() conn:write("timer") end)
      end]], UDP)
    local script = asking({ "x" }, server:address())
    assert.equal("true", server:line())
    assert.equal("5\twoken", script:line())
    assert.equal("5\ttimer", script:line())
  end)

  it("has an error in its handler closed with it, and nobody else", function()
    local server = scripts.serve([[
      function events.data(_, input) if input == "bad" then error("bad datagram") end return input end
      function events.closed(_, err) print("closed", err) end]], UDP)
    asking({ "bad" }, server:address())
    assert.matches("^closed\t.*bad datagram$", server:line())
    server:expect_error("error in data, connection 1 from udp://127.0.0.1:%d+: .*bad datagram")
    assert.equal("4\tgood", asking({ "good" }, server:address()):line())
  end)

  it("has no stream's methods", function()
    local server = scripts.serve([[
      function events.data(conn)
        print(conn:finish(), conn:pause(), conn:resume(), conn:pending())
        print(conn:nodelay(true))
        print(conn:keepalive(1))
      end]], UDP)
    asking({ "x" }, server:address())
    assert.equal("false\tfalse\tfalse\t0", server:line())
    assert.equal("nil\toperation not supported\tEOPNOTSUPP", server:line())
    assert.equal("nil\toperation not supported\tEOPNOTSUPP", server:line())
  end)

  it("has prewrite and postwrite around each datagram", function()
    local server = scripts.serve([[
      function events.prewrite(_, amount) print("pre", amount) end
      function events.postwrite(_, amount, remaining) print("post", amount, remaining) end
      function events.data() return "abc" end]], UDP)
    asking({ "x" }, server:address())
    assert.equal("pre\t3", server:line())
    assert.equal("post\t3\t0", server:line())
  end)

  it("has them around what its methods write, too, after the callback", function()
    local server = scripts.serve([[
      local depth = 0
      function events.prewrite(_, amount) print("pre", amount, depth) end
      function events.postwrite(_, amount, remaining) print("post", amount, remaining, depth) end
      function events.data(conn, input)
        depth = 1
        print(conn:write("abc"), conn:write("de"), conn:pending())
        depth = 0
        if input == "error" then error("behind a write") end
        return require("string.buffer").new():put("f")
      end]], UDP)
    local script = asking({ "x" }, server:address())
    assert.equal("3\t5\t5", server:line())
    for _, amount in ipairs({ 3, 2, 1 }) do
      assert.equal(("pre\t%d\t0"):format(amount), server:line())
      server:expect(("^post\t%d\t%%d\t0$"):format(amount))
    end
    for _, line in ipairs({ "3\tabc", "2\tde", "1\tf" }) do
      assert.equal(line, script:line())
    end
    asking({ "error" }, server:address())
    server:expect_error("error in data, .*behind a write")
  end)

  it("that was quiet only because the loop was late is not forgotten", function()
    local sent = support.tmpdir() .. "/sent"
    local server = scripts.serve(([[
      local first
      function events.opened(conn)
        first = first or conn
        print("opened")
      end
      function events.closed(conn) print("closed") end
      function events.data(_, input)
        if input == "stall" then
          first:timeout({ idle = 0.2 })
          local finish = evio.now() + 0.3
          while evio.now() < finish do end
          repeat local file = io.open(%q) until file
        end
        return input
      end]]):format(sent), UDP)
    local script = dialing(([[
      function events.opened(conn)
        conn:write("one")
        evio.dial({ opened = function() return "stall" end }, address)
        evio.after(0.1, function()
          conn:write("two")
          evio.after(0, function() io.open(%q, "w"):close() end)
        end)
      end
      function events.data(_, input) print(input) end]]):format(sent), server:address())
    assert.equal("one", script:line())
    assert.equal("two", script:line())
    assert.equal("opened", server:line())
    assert.equal("opened", server:line())
    assert.equal("closed", server:line()) -- a third one would have opened before
  end)

  it("may change its handlers", function()
    local server = scripts.serve([[
      function events.data(conn, input)
        conn:handler({ data = function(_, again) return "new " .. again end })
        print(pcall(conn.handler, conn, { eof = print }))
      end]], UDP)
    local script = asking({ "one", "two" }, server:address())
    assert.equal("7\tnew two", script:line())
    assert.matches("^false\t.*events.eof does not apply to udp addresses$", server:line())
  end)
end)
