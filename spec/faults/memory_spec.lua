-- Allocations of ours that fail, at places where that was once not seen.

local faults = require("spec.support.faults")
local support = require("spec.support")
local translators = require("spec.support.translators")

-- Runs source to its end with each allocation failing in turn: what `check` gets is the result and the number.
local function each_run(source, check)
  local report = support.tmpdir() .. "/report"
  for n = 1, 100 do
    os.remove(report)
    local settings = ("malloc=ENOMEM@%d,report=%s"):format(n, report)
    local result = support.run({ "-e", source }, { env = { EVIO_FAULTS = settings } })
    if faults.counts(report).malloc.faulty == 0 then
      return n - 1
    end
    check(result, n)
  end
  error("there is no end of allocations")
end

describe("without memory", function()
  it("the program ends with status 1 and says why", function()
    local count = each_run("require('evio')", function(result, n)
      assert.equal(1, result.status, "allocation " .. n)
      assert.matches("^evio%-lua: .*memory", result.stderr)
    end)
    assert.is_true(count >= 4, count .. " allocations")
  end)

  it("evio.listen says so, and leaves nothing behind", function()
    local failed = 0
    each_run([[
      local evio = require("evio")
      local ffi = require("ffi")
      ffi.cdef("int fcntl(int, int, ...);")
      local function count()
        local open = 0
        for fd = 0, 63 do open = open + (ffi.C.fcntl(fd, 1) >= 0 and 1 or 0) end
        return open
      end
      local before = count()
      local server, message, code = evio.listen({}, "tcp://127.0.0.1:0", "udp://127.0.0.1:0", "unix://@evio-" .. before)
      if server then server:close() else print(message, code, count() - before) end]],
      function(result)
        if result.stdout ~= "" then
          assert.matches("^[^\t]*memory\tENOMEM\t0\n$", result.stdout)
          failed = failed + 1
        end
      end)
    assert.is_true(failed >= 12, failed .. " failed")
  end)

  it("a shutdown closes every connection all the same, newest first", function()
    faults.each("malloc", "ENOMEM", [[
      function events.opened(conn) return "hello" end
      function events.closed(conn, err) print("closed", conn.id, err) end]],
      function(server)
        local clients = {}
        for i = 1, 3 do
          clients[i] = support.connect(server:address())
          assert.equal("hello", clients[i]:receive(5))
        end
        return clients
      end,
      function(server)
        server:stop()
        for id = 3, 1, -1 do
          assert.equal(("closed\t%d\tnil"):format(id), server:line())
        end
      end)
  end)

  it("a client that cannot be taken is turned away, with one line on stderr", function()
    local count = faults.each("malloc", "ENOMEM", "function events.opened() return 'hello', 'close' end",
      function(server)
        return server:address()
      end,
      function(server, address, fails)
        local bytes = support.connect(address):receive_all()
        if fails and bytes == "" then
          server:expect_error(
            "^evio: tcp://[^ ]+: cannot accept: cannot allocate memory; the client was turned away\n$")
        end
      end)
    assert.is_true(count >= 2, count .. " allocations")
  end)

  it("evio.spawn returns nil, message and code", function()
    local failed = 0
    each_run([[
      local evio = require("evio")
      local job, message, code = evio.spawn(function() return 1 end)
      if job then job:done(print) else print(message, code) end]],
      function(result)
        if result.stdout:find("^cannot") then
          assert.equal("cannot allocate memory\tENOMEM\n", result.stdout)
          failed = failed + 1
        end
      end)
    assert.is_true(failed >= 4, failed .. " failed")
  end)

  it("evio.nameservers does not go back to the system's", function()
    local refused
    each_run([[
      local evio = require("evio")
      print(pcall(evio.nameservers, "127.0.0.1:1"))]],
      function(result)
        refused = refused or result.stdout == "false\tout of memory\n"
      end)
    assert.is_true(refused)
  end)

  it("evio.connections raises, and does not leave connections out", function()
    local count = faults.each("malloc", "ENOMEM", [[
      function events.opened() return "hello" end
      function events.data()
        local n = 0
        local ok, message = pcall(function() for _ in evio.connections() do n = n + 1 end end)
        return ok and n .. "\n" or message .. "\n"
      end]],
      function(server)
        local client
        for _ = 1, 2 do
          client = support.connect(server:address())
          assert.equal("hello", client:receive(5))
        end
        return client
      end,
      function(_, client, fails)
        client:send("x")
        assert.matches(fails and "out of memory$" or "^2$", client:receive_line())
      end)
    assert.equal(1, count)
  end)

  it("an error in a handler is no clean end", function()
    local count = faults.each("malloc", "ENOMEM", [[
      function events.opened() return "hello" end
      function events.data() error("no") end
      function events.closed(_, err) print(err) end]],
      function(server)
        local client = support.connect(server:address())
        assert.equal("hello", client:receive(5))
        return client
      end,
      function(server, client, fails)
        client:send("x")
        assert.matches(fails and "^cannot allocate memory$" or "no$", server:line())
      end)
    assert.equal(1, count)
  end)

  it("an error in serving ends the program", function()
    local source = [[
      local evio = require("evio")
      assert(evio.listen({ serving = function() error("no") end }, "tcp://127.0.0.1:0"))]]
    local count = each_run(source, function(result, n)
      assert.equal(1, result.status, "allocation " .. n)
    end)
    assert.is_true(count >= 10, count .. " allocations")
  end)

  it("what came with a handshake is not lost in silence when opened detaches", function()
    local count = faults.each("malloc", "ENOMEM", translators .. [[
      function events.opened(conn)
        conn:pop()
        return nil, "detach"
      end
      function events.closed(_, err) print("closed", err) end
      function events.failed(_, err) print("failed", err) end
      function events.detached(_, socket)
        local job, message = evio.spawn(function(it) return assert(it:read(4)) end, socket)
        if not job then return print(message) end
        job:done(print)
      end
      function events.serving(server) print(table.concat(server.addresses, "\n")) end
      events = evio.translate(events, nil, function(conn)
        print("made")
        return frame("HAND")(conn)
      end)]],
      function(server)
        local client = support.connect(server:address())
        server:expect("^made$")
        return client
      end,
      function(server, client, fails)
        client:send("HAND4:more")
        local line = server:line()
        assert.is_true(line == "true\tmore" or (fails and line:find("memory") ~= nil), line)
      end)
    assert.is_true(count >= 5, count .. " allocations")
  end)

  it("a server goes on ticking", function()
    local result = support.run({ "-e", [[
      local evio = require("evio")
      local count, refused = 0, 0
      assert(evio.listen({ tick = function()
        count = count + 1
        if not pcall(evio.after, 100, print) then refused = refused + 1 end
        if count < 40 then return 0.001 end
        print(count, refused > 0)
        evio.shutdown()
      end }, "tcp://127.0.0.1:0"))]] }, { -- which takes eleven allocations
      env = { EVIO_BACKEND = "epoll", EVIO_FAULTS = "malloc=ENOMEM@12-1000000" },
    })
    assert.same({ 0, "40\ttrue\n" }, { result.status, result.stdout })
  end)

  it("a wake arrives", function()
    faults.each("malloc", "ENOMEM", [[
      function events.opened() return "hello" end
      function events.data(conn) print(conn:wake()) end
      function events.woken() print("woken") end]],
      function(server)
        local client = support.connect(server:address())
        assert.equal("hello", client:receive(5))
        return client
      end,
      function(server, client)
        client:send("x")
        assert.equal("true", server:line())
        assert.equal("woken", server:line())
      end)
  end)
end)
