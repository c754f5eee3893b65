-- Orderly ends: signals, evio.shutdown, and the "shutdown" action.
local posix_signal = require("posix.signal")
local scripts = require("spec.support.scripts")
local support = require("spec.support")

local MIB = 1024 * 1024

local CLOSED = [[
function events.closed(conn, err, code) print("closed", conn.id, err, code) end
]]

-- Clients that have all been accepted by a server that greets.
local function connect_all(server, count, opts)
  local clients = {}
  for number = 1, count do
    clients[number] = support.connect(server:address(), opts)
    assert.equal("hello", clients[number]:receive_line())
  end
  return clients
end

local function catches_int(pid)
  local caught = support.read_file("/proc/" .. pid .. "/status"):match("SigCgt:%s*(%x+)")
  return bit.band(tonumber(caught:sub(-8), 16), 2) ~= 0
end

describe("a shutdown", function()
  for _, name in ipairs({ "TERM", "INT" }) do
    it("by SIG" .. name .. " is prompt though a client stays, status 0", function()
      local server = scripts.serve(CLOSED .. "function events.opened() return 'hello\\n' end")
      local client = connect_all(server, 1)[1]
      local before = support.clock()
      server:signal(name)
      assert.same({ status = 0 }, server:wait())
      local took = support.clock() - before
      assert.is_true(support.sanitized or took < 3, took .. " s")
      assert.matches("\nclosed\t%d+\tnil\tnil\n$", (server:output()))
      assert.equal("", client:receive_all())
    end)
  end

  it("flushes what is pending on every connection (seed 6)", function()
    local server = scripts.serve(CLOSED .. [[
      local big = ("x"):rep(8 * 1024 * 1024)
      function events.opened() return "hello\n" end
      function events.data(_, input)
        print(input)
        if input == "end" then return big, "shutdown" end
        return big
      end]])
    local clients = connect_all(server, 4, { receive_buffer = 65536 })
    for number = 1, 3 do
      clients[number]:send("go")
      assert.equal("go", server:line())
    end
    clients[4]:send("end")
    assert.equal("end", server:line())
    for _, client in ipairs(clients) do
      local bytes, code = client:receive_all()
      assert.same({ 8 * MIB, nil }, { #bytes, code })
    end
    assert.same({ status = 0 }, server:wait())
    assert.equal(4, select(2, (server:output()):gsub("closed\t%d+\tnil\tnil\n", "")))
  end)

  it("closes the newest connection first", function()
    local server = scripts.serve(CLOSED .. "function events.opened() return 'hello\\n' end")
    local clients = connect_all(server, 6)
    clients[2]:close()
    local second = tonumber((server:expect("^closed\t(%d+)")))
    server:stop()
    local ids = {}
    for id in (server:output()):gmatch("closed\t(%d+)") do
      ids[#ids + 1] = tonumber(id)
    end
    assert.equal(6, #ids)
    assert.equal(second, table.remove(ids, 1))
    for i = 2, #ids do
      assert.is_true(ids[i] < ids[i - 1], table.concat(ids, " "))
    end
  end)

  it("does not accept any more while it waits for output to leave", function()
    local server = scripts.serve([[
      function events.opened() return "hello\n" end
      function events.data() return ("x"):rep(16 * 1024 * 1024), "shutdown" end]])
    local client = connect_all(server, 1, { receive_buffer = 65536 })[1]
    client:send("go")
    support.eventually(function()
      local other, code = support.try_connect(server:address())
      return not other and code == "ECONNREFUSED"
    end)
    assert.is_true(server:alive())
    assert.equal(16 * MIB, #client:receive_all())
    assert.same({ status = 0 }, server:wait())
  end)

  it("waits for a peer that takes nothing only for the linger time (seed 8)", function()
    local server = scripts.serve(CLOSED .. [[
      events.options = { linger = 0.3 }
      function events.data() return ("x"):rep(16 * 1024 * 1024), "shutdown" end]])
    local client = support.connect(server:address(), { receive_buffer = 65536 })
    client:send("go")
    server:expect("^closed\t%d+\t.*linger.*\tETIMEDOUT$")
    assert.same({ status = 0 }, server:wait())
  end)

  it("ends at once at the second signal", function()
    local server = scripts.serve([[
      events.options = { linger = 60 }
      function events.data() return ("x"):rep(16 * 1024 * 1024) end
      function events.postwrite(_, _, rest) if rest > 0 then print("held") end end]])
    local client = support.connect(server:address(), { receive_buffer = 65536 })
    client:send("go")
    server:expect("held")
    server:signal("TERM")
    support.eventually(function()
      return not support.try_connect(server:address())
    end)
    assert.is_true(server:alive())
    server:signal("TERM")
    assert.same({ signal = posix_signal.SIGTERM }, server:wait())
  end)

  it("ends a callback that never returns at the second signal", function()
    local client, server = scripts.serve_one([[
      function events.data() print("stuck") while true do end end]])
    client:send("go")
    server:expect("stuck")
    assert.is_true(catches_int(server.pid))
    server:signal("INT")
    support.eventually(function()
      return not catches_int(server.pid)
    end)
    server:signal("INT")
    assert.same({ signal = posix_signal.SIGINT }, server:wait())
  end)

  it("leaves paused and half-closed connections behind no longer than others", function()
    local server = scripts.serve(CLOSED .. [[
      function events.opened(conn) conn:pause() return "hello\n" end
      function events.eof() return nil, "none" end]])
    local clients = connect_all(server, 2)
    clients[1]:send("unread")
    clients[2]:finish()
    server:stop(3)
    assert.equal(2, select(2, (server:output()):gsub("closed\t%d+\tnil\tnil\n", "")))
  end)

  it("ends the ticks", function()
    local server = scripts.serve([[
      local ticks = 0
      function events.tick()
        ticks = ticks + 1
        print("tick", ticks)
        return 0, ticks == 3 and "shutdown" or nil
      end]])
    assert.same({ status = 0 }, server:wait())
    assert.matches("tick\t3\n$", (server:output()))
  end)
end)

describe("evio.shutdown", function()
  local events = {
    opened = "function events.opened() evio.shutdown() end",
    data = "function events.data() evio.shutdown() end",
    eof = "function events.eof() evio.shutdown() end",
    closed = "function events.closed() evio.shutdown() end",
    tick = "function events.tick() evio.shutdown() end",
    postwrite = "function events.data(_, input) return input end "
      .. "function events.postwrite() evio.shutdown() end",
    serving = "function events.serving(s) print(s.addresses[1]) evio.shutdown() end",
  }
  for name, handler in pairs(events) do
    it("ends every server from " .. name, function()
      local server = scripts.serve(handler .. [[

        assert(evio.listen({ data = function(_, input) return input end }, "tcp://127.0.0.1:0"))]])
      local client = support.try_connect(server:address())
      if client then
        client:try_send("x")
        client:finish()
      end
      assert.same({ status = 0 }, server:wait(3))
      assert.equal("", (select(2, server:output())))
    end)
  end

  it("before the loop runs ends the servers that were listening", function()
    local status, stderr, stdout = scripts.run([[
      function events.serving() print("serving") end
      evio.listen(events, "tcp://127.0.0.1:0")
      evio.shutdown()
      evio.run()
      print("ended")]])
    assert.same({ 0, "", "ended\n" }, { status, stderr, stdout })
  end)

  it("leaves what is dialed after it, as it does servers and timers", function()
    local _, stderr, stdout = scripts.run([[
      local function dial(address, name, over)
        assert(evio.dial({
          data = function(conn) print(name) conn:close() end,
          closed = function() print(name, "closed") over() end,
          failed = function() print(name, "failed") end,
        }, address))
      end
      local function again()
        local other
        evio.shutdown()
        other = evio.listen({
          opened = function() return "hi" end,
          closed = function() other:close() end,
        }, "tcp://127.0.0.1:0")
        dial(other.addresses[1], "two", function() end)
      end
      evio.shutdown()
      local server
      server = evio.listen({
        opened = function() return "hi" end,
        closed = function() server:close() end,
      }, "tcp://127.0.0.1:0")
      dial(server.addresses[1], "one", function() evio.after(0, again) end)]])
    assert.same({ "", "one\none\tclosed\ntwo\ntwo\tclosed\n" }, { stderr, stdout })
  end)
end)
