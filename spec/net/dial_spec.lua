-- Dialing out to addresses that are known: what fires, what is there when, what goes wrong.
local scripts = require("spec.support.scripts")
local support = require("spec.support")

local ECHO = "function events.data(_, input) return input end\n"

local dialing = scripts.dial
local DIAL = "evio.dial(events, arg[1])\n"

describe("a dialed connection", function()
  it("opens, and has the same events as an accepted one", function()
    local server = scripts.serve(ECHO)
    local script = dialing([[
      function events.opened(conn) print("opened") return "ping" end
      function events.data(_, input) print("data", input) return nil, "close" end]] .. "\n" .. DIAL,
      server:address())
    for _, line in ipairs({ "opened", "data\tping", "closed\tnil\tnil" }) do
      assert.equal(line, script:line())
    end
    assert.same({ status = 0 }, script:wait())
  end)

  it("has its addresses once it is connected, and no server", function()
    local server = scripts.serve([[
      function events.opened(conn) print("peer", conn.remote_address) end]])
    local script = dialing([[
      function events.opened(conn)
        print(conn.remote_address, conn.remote_ip, conn.remote_port, conn.local_address)
        print(conn.server, conn.index, tostring(conn))
        return nil, "close"
      end
      local conn = evio.dial(events, arg[1])
      print(conn.remote_address, conn.remote_ip, conn.remote_port, conn.local_address)]],
      server:address())
    local address = server:address()
    assert.equal(address .. "\tnil\tnil\tnil", script:line())
    local port = address:match("%d+$")
    local pattern = "^%s\t127.0.0.1\t%s\t(tcp://127.0.0.1:%%d+)$"
    local mine = script:line():match(pattern:format(address:gsub("%p", "%%%0"), port))
    assert.equal(mine, server:expect("^peer\t(.*)$"))
    assert.equal("nil\tnil\tconnection 1 to " .. address, script:line())
  end)

  it("fires nothing before evio.dial returned", function()
    local server = scripts.serve(ECHO)
    local script = dialing([[
      local returned
      function events.opened() print("opened", returned) return nil, "close" end
      evio.after(0, function()
        evio.dial(events, arg[1])
        returned = true
      end)]], server:address())
    assert.equal("opened\ttrue", script:line())
  end)

  it("sends what was written before it was connected, in order", function()
    local server = scripts.serve([[
      local got = {}
      function events.data(_, input) got[#got + 1] = input end
      function events.eof() print("got", table.concat(got)) end]])
    server:address()
    dialing([[
      function events.opened(conn)
        evio.after(0, function() conn:finish() end)
        return "late"
      end
      local conn = evio.dial(events, arg[1])
      print(conn:write("early "), conn:pending())]], server:address())
    assert.equal("early late", server:expect("^got\t(.*)$"))
  end)

  it("finishes when it was told to before it was connected", function()
    local server = scripts.serve("function events.eof() return 'bye' end")
    local script = dialing([[
      function events.data(_, input) print(input) end
      evio.dial(events, arg[1]):finish()]], server:address())
    assert.equal("bye", script:line())
    assert.equal("closed\tnil\tnil", script:line())
  end)

  it("has the socket options that were asked for before it was connected", function()
    local server = scripts.serve(ECHO)
    local script = dialing([[
      local ffi = require("ffi")
      ffi.cdef("int getsockopt(int, int, int, void *, unsigned *);")
      local function option(fd, level, name)
        local value, size = ffi.new("int[1]"), ffi.new("unsigned[1]", 4)
        assert(ffi.C.getsockopt(fd, level, name, value, size) == 0)
        return value[0]
      end
      function events.opened() return nil, "detach" end
      function events.detached(_, socket)
        local SOL_SOCKET, SO_KEEPALIVE, IPPROTO_TCP, TCP_NODELAY, TCP_KEEPIDLE = 1, 9, 6, 1, 4
        local fd = socket:fd()
        print(option(fd, SOL_SOCKET, SO_KEEPALIVE), option(fd, IPPROTO_TCP, TCP_KEEPIDLE),
          option(fd, IPPROTO_TCP, TCP_NODELAY))
        socket:close()
      end
      local conn = evio.dial(events, arg[1])
      print(conn:keepalive(30), conn:nodelay(false))]], server:address())
    assert.equal("true\ttrue", script:line())
    assert.equal("1\t30\t0", script:line())
  end)

  it("to a unix socket, also an abstract one", function()
    for _, address in ipairs({ "unix://" .. support.tmpdir() .. "/s", "unix://@" .. support.tmpdir() }) do
      local server = scripts.serve(ECHO, { addresses = { address } })
      local script = dialing([[
        function events.opened(conn) print(conn.remote_address, conn.remote_ip) return "x" end
        function events.data(_, input) print(input) return nil, "close" end]] .. "\n" .. DIAL,
        server:address())
      assert.equal(address .. "\tnil", script:line())
      assert.equal("x", script:line())
      assert.same({ status = 0 }, script:wait())
    end
  end)

  it("waits for room in a unix socket's backlog", function()
    local server = scripts.serve("function events.opened() return 'hello' end",
      { addresses = { ("unix://%s/s?backlog=1"):format(support.tmpdir()) } })
    local address = server:address():gsub("?.*", "")
    local script = dialing([[
      local count = 0
      function events.data(_, input)
        count = count + 1
        if count == 50 then print("all") end
        return nil, "close"
      end
      for _ = 1, 50 do evio.dial(events, arg[1]) end]], address)
    script:expect("^all$")
  end)

  it("may be detached, woken and found like any other", function()
    local server = scripts.serve(ECHO)
    local script = dialing([[
      function events.opened(conn) print(evio.conn(conn.id) == conn, conn:wake()) end
      function events.woken() return nil, "detach" end
      function events.detached(conn, socket) print("detached", socket:close()) end
      local conn = evio.dial(events, arg[1])
      print(evio.conn(conn.id) == conn, conn:wake(), conn:detach())]], server:address())
    assert.equal("true\tfalse\tfalse", script:line())
    assert.equal("true\ttrue", script:line())
    assert.equal("detached\ttrue", script:line())
    assert.same({ status = 0 }, script:wait())
  end)

  it("is one of thousands that all get their answer", function()
    local server = scripts.serve(ECHO)
    local script = dialing([[
      local MANY, good = 2000, 0
      function events.opened(conn) return tostring(conn.id) end
      function events.data(conn, input)
        if input == tostring(conn.id) then good = good + 1 end
        return nil, "close"
      end
      function events.closed()
        if next({ evio.connections()() }) == nil then print(good) end
      end
      function events.failed(_, err) print(err) end
      local function dial(n)
        for _ = 1, n do evio.dial(events, arg[1]) end
      end
      for i = 0, 9 do evio.after(i * 0.05, function() dial(MANY / 10) end) end
      evio.after(5, function() print("late", good) end)]], server:address())
    script:expect("^2000$", 20)
  end)
end)

describe("a dial that fails", function()
  it("tells failed the address and why, and fires nothing else", function()
    local address = support.dead_address()
    local script = dialing(DIAL, address)
    local line = ('failed\tcannot connect to "%s": connection refused\tECONNREFUSED'):format(address)
    assert.equal(line, script:line())
    assert.same({ status = 0 }, script:wait())
    assert.equal(line .. "\n", (script:output()))
  end)

  it("of a unix socket that is not there", function()
    local script = dialing(DIAL, "unix:///no/such/socket")
    assert.equal('failed\tcannot connect to "unix:///no/such/socket": no such file or directory\tENOENT',
      script:line())
  end)

  it("prints a line where there is no handler", function()
    local address = support.dead_address()
    local script = dialing("events.failed = nil\n" .. DIAL, address)
    assert.same({ status = 0 }, script:wait())
    local _, stderr = script:output()
    assert.equal(('evio: connection 1 failed: cannot connect to "%s": connection refused\n'):format(address),
      stderr)
  end)

  it("because the script closed it first", function()
    local server = scripts.serve(ECHO)
    for _, method in ipairs({ "close", "abort" }) do
      local script = dialing(("evio.dial(events, arg[1]):%s()"):format(method), server:address())
      assert.equal("failed\tclosed before it opened\tECANCELED", script:line())
      assert.same({ status = 0 }, script:wait())
    end
  end)

  it("because of a shutdown", function()
    local server = scripts.serve(ECHO)
    local script = dialing(DIAL .. "evio.shutdown()", server:address())
    assert.equal("failed\tclosed before it opened\tECANCELED", script:line())
  end)

  it("leaves no descriptor behind", function()
    local address = support.dead_address()
    local script = dialing([[
      local left = 200
      function events.failed()
        left = left - 1
        if left == 0 then print("over") end
      end
      for _ = 1, left do evio.dial(events, arg[1]) end
      evio.after(60, function() end)]], address)
    script:expect("^over$")
    local count = support.descriptors(script.pid)
    assert.is_true(count < 15, count .. " descriptors")
  end)

  it("does not end the script when it has an error in failed", function()
    local script = dialing([[
      function events.failed() error("in failed") end
      evio.after(0.1, function() print("lives") end)
    ]] .. DIAL, support.dead_address())
    assert.equal("lives", script:line())
    script:expect_error("error in failed, connection 1: .-in failed")
  end)
end)
