-- Datagrams: peers as connections, one datagram a write, what is refused.
local scripts = require("spec.support.scripts")
local support = require("spec.support")

local UDP = { addresses = { "udp://127.0.0.1:0" } }

-- A script that dials a udp address; its handlers are in source. It ends after some seconds.
local function dialing(source, address)
  return support.start(([[
    local evio = require("evio")
    local events = {}
    local address = %q
    evio.after(10, evio.shutdown)
  ]]):format(address) .. source .. "\nevio.dial(events, address)")
end

-- Sends datagrams (a list) from one socket and prints the length and the start of each answer.
local function asking(messages, address)
  local list = {}
  for i, message in ipairs(messages) do
    list[i] = ("%q"):format(message)
  end
  return dialing(([[
    function events.opened(conn)
      for _, message in ipairs({ %s }) do conn:write(message) end
    end
    function events.data(_, input) print(#input, input:sub(1, 20)) end
  ]]):format(table.concat(list, ", ")), address)
end

describe("a datagram", function()
  it("is one data event, and one answer", function()
    local server = scripts.serve("function events.data(_, input) return '<' .. input .. '>' end", UDP)
    local script = asking({ "one", "", "three" }, server:address())
    for _, line in ipairs({ "5\t<one>", "2\t<>", "7\t<three>" }) do
      assert.equal(line, script:line())
    end
  end)

  it("may be empty on its way back, too", function()
    local server = scripts.serve([[
      function events.data(conn, input)
        if input == "out" then return "" end
        if input == "buffer" then return require("string.buffer").new() end
        conn:write("")
      end]], UDP)
    local script = asking({ "out", "buffer", "write" }, server:address())
    for _ = 1, 3 do
      assert.equal("0\t", script:line())
    end
  end)

  it("is never joined with another one", function()
    local server = scripts.serve([[
      function events.data(conn)
        conn:write("a")
        conn:write(require("string.buffer").new():put("b"))
        return "c"
      end]], UDP)
    local script = asking({ "x" }, server:address())
    for _, line in ipairs({ "1\ta", "1\tb", "1\tc" }) do
      assert.equal(line, script:line())
    end
  end)

  it("may have 65,507 bytes and no more", function()
    local server = scripts.serve([[
      function events.data(conn)
        print(conn:write(("x"):rep(65507)))
        print(conn:write(("x"):rep(65508)))
        return ("y"):rep(65508)
      end]], UDP)
    local address = server:address()
    local script = asking({ "x" }, address)
    assert.equal("0", server:line())
    assert.equal("nil\tmessage too long\tEMSGSIZE", server:line())
    assert.equal("65507\txxxxxxxxxxxxxxxxxxxx", script:line())
    server:expect_error("dropped a datagram of 65508 bytes: message too long")
  end)

  it("comes from the address that the peer asked", function()
    local server = scripts.serve([[
      function events.data(conn, input) return conn.local_address .. " " .. input end]],
      { addresses = { "udp4://:0" } })
    local port = server:address():match("%d+$")
    for _, host in ipairs({ "127.0.0.1", "127.0.0.7" }) do
      -- A connected socket takes datagrams from its peer only.
      local script = asking({ "x" }, ("udp://%s:%s"):format(host, port))
      local text = ("udp://%s:%s x"):format(host, port)
      assert.equal(#text .. "\t" .. text:sub(1, 20), script:line())
    end
  end)

  it("comes over IPv4 and IPv6 to one address", function()
    local server = scripts.serve("function events.data(conn) return conn.remote_ip end",
      { addresses = { "udp://:0" } })
    local port = server:address():match("%d+$")
    assert.equal("9\t127.0.0.1", asking({ "x" }, "udp://127.0.0.1:" .. port):line())
    if support.has_ipv6() then
      assert.equal("3\t::1", asking({ "x" }, "udp://[::1]:" .. port):line())
    end
  end)
end)

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
