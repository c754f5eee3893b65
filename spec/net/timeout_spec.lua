-- Time-outs of open connections in which nothing comes: what each of them measures, and what closed then says.
local scripts = require("spec.support.scripts")
local support = require("spec.support")
local timeouts = require("spec.support.timeouts")

local MIB = 1024 * 1024
local with, narrow, expect_end = timeouts.with, timeouts.narrow, timeouts.expect_end

-- Exchanges a byte every so often, for some seconds.
local function talk(client, seconds, every)
  local finish = support.clock() + seconds
  while support.clock() < finish do
    assert.equal("x", support.exchange(client, "x"))
    support.pass(every)
  end
end

describe("options.idle", function()
  it("ends a connection on which nothing comes or goes #timing", function()
    local server = scripts.serve(with("idle = 0.3"))
    server:address()
    local before = support.clock()
    local client = support.connect(server:address())
    assert.equal("idle time-out: nothing came or went for 0.3 s", expect_end(server, "idle"))
    local waited = support.clock() - before
    assert.is_true(waited > 0.25 and waited < 1.5, waited .. " s")
    assert.same({ "" }, { client:receive_all() })
  end)

  it("begins anew with what comes and goes #timing", function()
    local client, server = scripts.serve_one(with("idle = 0.6"))
    talk(client, 1.4, 0.1)
    expect_end(server, "idle")
  end)

  it("counts what only comes as traffic #timing", function()
    local client, server = scripts.serve_one(with("idle = 0.6", [[
      function events.data() print("data") end]]))
    for _ = 1, 14 do
      client:send("x")
      assert.equal("data", server:line())
      support.pass(0.1)
    end
    expect_end(server, "idle")
  end)

  it("counts what only goes as traffic #timing", function()
    local client, server = scripts.serve_one(with("idle = 0.6", [[
      local left = 14
      function events.tick()
        for conn in evio.connections() do
          if left > 0 then left = left - 1 conn:write("x") end
        end
        return 0.1
      end]]))
    assert.equal(("x"):rep(14), client:receive(14))
    expect_end(server, "idle")
  end)

  it("does not take pause and resume for traffic", function()
    local _, server = scripts.serve_one(with("idle = 0.4", [[
      function events.opened(conn)
        evio.every(0.05, function() conn:pause() conn:resume() end)
      end]]))
    expect_end(server, "idle")
  end)

  it("goes on after the peer's end", function()
    local client, server = scripts.serve_one(with("idle = 1", [[
      function events.eof() print("eof") return nil, "none" end]]))
    client:finish()
    assert.equal("eof", server:line())
    expect_end(server, "idle")
  end)

  it("drops pending output with a reset", function()
    local server = scripts.serve(with("idle = 1", [[
      function events.data() return ("x"):rep(16 * 1024 * 1024) end]]))
    local client = narrow(server)
    client:send("x")
    expect_end(server, "idle")
    local bytes, code = client:receive_all()
    assert.equal("ECONNRESET", code)
    assert.is_true(#bytes < 16 * MIB)
  end)
end)

describe("options.read", function()
  it("ends a connection that sends nothing, whatever is sent to it #timing", function()
    local server = scripts.serve(with("read = 0.3", [[
      function events.tick()
        for conn in evio.connections() do conn:write("x") end
        return 0.05
      end]]))
    server:address()
    local before = support.clock()
    local client = support.connect(server:address())
    assert.equal("read time-out: nothing came for 0.3 s", expect_end(server, "read"))
    local waited = support.clock() - before
    assert.is_true(waited > 0.25 and waited < 1.5, waited .. " s")
    client:close()
  end)

  it("begins anew with what comes #timing", function()
    local client, server = scripts.serve_one(with("read = 0.6"))
    talk(client, 1.4, 0.1)
    expect_end(server, "read")
  end)

  it("does not count while the connection is paused, and begins anew at resume #timing", function()
    local client, server = scripts.serve_one(with("read = 0.6", [[
      function events.opened(conn)
        conn:pause()
        evio.after(0.9, function() print("resume", conn:resume()) end)
      end]]))
    assert.equal("resume\ttrue", server:line())
    local before = support.clock()
    support.pass(0.2)
    talk(client, 0.05, 0.05)
    expect_end(server, "read")
    assert.is_true(support.clock() - before > 0.75)
  end)

  it("does not count while the high mark holds reading back", function()
    local server = scripts.serve(with("read = 1, high = 65536, low = 1024", [[
      function events.data(conn, input)
        if input == "go" then return ("x"):rep(16 * 1024 * 1024) end
        return input
      end
      function events.drained() print("drained") end]]))
    local client = narrow(server)
    client:send("go")
    support.pass(1.4)
    assert.equal(16 * MIB, #client:receive(16 * MIB))
    assert.equal("drained", server:line())
    assert.equal("again", support.exchange(client, "again"))
    expect_end(server, "read")
  end)

  it("counts above the high mark where options.duplex keeps reading", function()
    local server = scripts.serve(with("read = 0.3, high = 65536, duplex = true", [[
      function events.data() return ("x"):rep(16 * 1024 * 1024) end]]))
    local client = narrow(server)
    client:send("go")
    expect_end(server, "read")
  end)

  it("does not count after the peer's end", function()
    local client, server = scripts.serve_one(with("read = 0.6", [[
      function events.eof(conn)
        evio.after(1, function() conn:write("late") conn:close() end)
        return nil, "none"
      end]]))
    client:finish()
    assert.equal("late", client:receive_all())
    assert.equal("closed\tnil\tnil", server:line())
  end)
end)
