-- The connection object: its fields, the script's fields, finding and walking, what is gone.
local scripts = require("spec.support.scripts")
local support = require("spec.support")

-- Sends a line and checks the lines that the server prints.
local function expect(server, lines)
  for _, line in ipairs(lines) do
    assert.equal(line, server:line())
  end
end

-- Socket options as the system has them, of the connection's descriptor: the one socket with a
-- peer in a server with one client.
local OPTIONS = [[
local ffi = require("ffi")
ffi.cdef("int getsockopt(int, int, int, void *, unsigned int *);"
  .. "int getpeername(int, void *, unsigned int *);")
local number, length = ffi.new("int[1]"), ffi.new("unsigned int[1]")
local function option(level, name)
  local address = ffi.new("char[128]")
  for fd = 3, 63 do
    length[0] = 128
    if ffi.C.getpeername(fd, address, length) == 0 then
      length[0] = 4
      assert(ffi.C.getsockopt(fd, level, name, number, length) == 0)
      return number[0]
    end
  end
end
local SOL_SOCKET, SO_KEEPALIVE, IPPROTO_TCP, TCP_NODELAY, TCP_KEEPIDLE = 1, 9, 6, 1, 4
]]

describe("a connection", function()
  it("knows its own addresses, not the listener's (seed 15)", function()
    local server = scripts.serve([[
      function events.opened(conn)
        return ("%s %s %s %d\n"):format(conn.local_address, conn.remote_address, conn.remote_ip,
          conn.remote_port)
      end]], { addresses = { "tcp4://0.0.0.0:0" } })
    local port = server:address():match("%d+$")
    for _, ip in ipairs({ "127.0.0.1", "127.0.0.2" }) do
      local client = support.connect(("tcp://%s:%s"):format(ip, port))
      local here, there, remote_ip, remote_port =
        client:receive_line():match("^tcp://(%S+) tcp://(%S+) (%S+) (%d+)$")
      assert.equal(ip .. ":" .. port, here)
      assert.equal(remote_ip .. ":" .. remote_port, there)
      assert.equal(client:port(), tonumber(remote_port))
    end
  end)

  it("through a unix socket is known by the server's address", function()
    local address = "unix://" .. support.tmpdir() .. "/socket"
    local _, server = scripts.serve_one([[
      function events.opened(conn)
        print(conn.local_address, conn.remote_address, conn.remote_ip, conn.remote_port)
      end]], { addresses = { address } })
    expect(server, { ("%s\t%s\tnil\tnil"):format(address, address) })
  end)

  it("keeps its addresses after a reset", function()
    local client, server = scripts.serve_one([[
      function events.opened() return "hello\n" end
      function events.closed(conn, _, code)
        print(code, conn.remote_port, conn.index, conn.local_address)
      end]])
    local port = client:port()
    client:receive_line()
    client:reset()
    expect(server, { ("ECONNRESET\t%d\t1\t%s"):format(port, server:address()) })
  end)

  it("takes the script's own fields, which stay in and after closed", function()
    local client, server = scripts.serve_one([[
      local last
      function events.opened(conn) conn.name = "bob" conn[1] = "first" end
      function events.data(conn, input) conn.name = conn.name .. input end
      function events.closed(conn) print(conn.name, conn[1], (evio.conn(conn.id))) last = conn end
      function events.tick()
        if not last then return 0.01 end
        collectgarbage()
        print(last.name, last[1], last.id == 1, last.index, last.nothing)
      end]])
    client:send("by")
    client:finish()
    expect(server, { "bobby\tfirst\tnil", "bobby\tfirst\ttrue\t1\tnil" })
  end)

  it("is the same table in every event", function()
    local client, server = scripts.serve_one([[
      local seen
      local function check(name)
        return function(conn)
          seen = seen or conn
          print(name, rawequal(seen, conn), rawequal(conn, (evio.conn(conn.id))))
        end
      end
      for _, name in ipairs({ "opened", "data", "eof", "closed" }) do
        events[name] = check(name)
      end]])
    client:send("x")
    server:expect("opened\ttrue\ttrue")
    server:expect("data\ttrue\ttrue")
    client:finish()
    server:expect("eof\ttrue\ttrue")
    server:expect("closed\ttrue\tfalse")
  end)

  it("has an id that is never used again", function()
    local server = scripts.serve([[
      local old = {}
      function events.opened(conn)
        for id in pairs(old) do assert(evio.conn(id) == nil) end
        assert(not old[conn.id])
        return conn.id .. "\n", "close"
      end
      function events.closed(conn) old[conn.id] = true end]])
    local seen = {}
    for _ = 1, 200 do
      local client = support.connect(server:address())
      local id = tonumber((client:receive_line()))
      assert.is_nil(seen[id])
      seen[id] = true
      assert.equal("", client:receive_all())
      client:close()
    end
    assert.equal("", (select(2, server:output())))
  end)

  it("can be found by its id, nothing else can", function()
    local client, server = scripts.serve_one([[
      function events.data(conn)
        print(evio.conn(conn.id) == conn, evio.conn(0), evio.conn(-1), evio.conn(1.5),
          evio.conn(0/0), evio.conn(1/0), evio.conn(2^53), evio.conn(conn.id + 2^32))
        print(pcall(evio.conn, "x"))
      end]])
    client:send("x")
    expect(server, { "true" .. ("\tnil"):rep(7) })
    assert.matches("^false\t.*number expected", server:line())
  end)

  it("sends small writes at once, unless it is told not to (seed 19)", function()
    local client, server = scripts.serve_one(OPTIONS .. [[
      function events.data(conn)
        print(option(IPPROTO_TCP, TCP_NODELAY) ~= 0, conn:nodelay(false),
          option(IPPROTO_TCP, TCP_NODELAY) ~= 0, conn:nodelay(true),
          option(IPPROTO_TCP, TCP_NODELAY) ~= 0)
      end]])
    client:send("x")
    expect(server, { "true\ttrue\tfalse\ttrue\ttrue" })
  end)

  it("takes a keepalive below one second (seed 3)", function()
    local client, server = scripts.serve_one(OPTIONS .. [[
      local function show() return option(SOL_SOCKET, SO_KEEPALIVE) ~= 0 end
      function events.data(conn, input)
        print(show(), conn:keepalive(0.5), show(), option(IPPROTO_TCP, TCP_KEEPIDLE),
          conn:keepalive(30), option(IPPROTO_TCP, TCP_KEEPIDLE), conn:keepalive(false), show())
        return input
      end]])
    client:send("x")
    expect(server, { "false\ttrue\ttrue\t1\ttrue\t30\ttrue\tfalse" })
    assert.equal("x", client:receive(1))
  end)

  it("that has no such option says so and lives on (seed 3)", function()
    local client, server = scripts.serve_one([[
      function events.data(conn, input)
        print(select(3, conn:nodelay(true)))
        for _, seconds in ipairs({ 0, -1, 1e9, 0/0 }) do
          print(pcall(conn.keepalive, conn, seconds))
        end
        return input
      end]], { addresses = { "unix://" .. support.tmpdir() .. "/socket" } })
    client:send("x")
    expect(server, { "EOPNOTSUPP" })
    for _ = 1, 4 do
      assert.matches("^false\t.*expected seconds", server:line())
    end
    assert.equal("x", client:receive(1))
  end)
end)
