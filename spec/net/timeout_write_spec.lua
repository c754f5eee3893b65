-- Time-outs of connections whose output waits, or that close, and what holds for all of them.
local scripts = require("spec.support.scripts")
local support = require("spec.support")
local timeouts = require("spec.support.timeouts")

local MIB = 1024 * 1024
local with, narrow, expect_end = timeouts.with, timeouts.narrow, timeouts.expect_end

describe("options.write", function()
  it("ends a connection that takes nothing #timing", function()
    local server = scripts.serve(with("write = 0.3", [[
      function events.data() print("go") return ("x"):rep(16 * 1024 * 1024) end]]))
    local client = narrow(server)
    local before = support.clock()
    client:send("x")
    server:expect("go")
    assert.equal("write time-out: the peer took nothing for 0.3 s", expect_end(server, "write"))
    local waited = support.clock() - before
    assert.is_true(waited > 0.25 and waited < 1.5, waited .. " s")
  end)

  it("does not end one that takes it slowly #timing", function()
    local server = scripts.serve(with("write = 0.7", [[
      function events.data() return ("x"):rep(16 * 1024 * 1024), "none" end]]))
    local client = narrow(server)
    client:send("x")
    local finish, total = support.clock() + 2, 0
    while support.clock() < finish do
      total = total + #assert(client:receive_some(131072))
      support.pass(0.025)
    end
    assert.is_true(total < 16 * MIB, "it was too fast to tell")
    assert.equal(16 * MIB - total, #assert(client:receive(16 * MIB - total)))
  end)

  it("counts only while output is pending #timing", function()
    local client = scripts.serve_one(with("write = 0.1"))
    for _ = 1, 3 do
      assert.equal("x", support.exchange(client, "x"))
      support.pass(0.3)
    end
    assert.equal("x", support.exchange(client, "x"))
  end)
end)

describe("options.linger", function()
  it("ends a close that its peer does not let finish", function()
    local server = scripts.serve(with("linger = 0.3", [[
      function events.data(conn)
        conn:timeout({ idle = 0.1, write = 0.1 }) -- not before, as the client may be late
        return ("x"):rep(16 * 1024 * 1024), "close"
      end]]))
    local client = narrow(server)
    client:send("x")
    expect_end(server, "linger")
  end)
end)

describe("a time-out", function()
  it("gives way to an orderly close", function()
    for _, option in ipairs({ "idle", "read", "write" }) do
      local server = scripts.serve(with("", ([[
        function events.data(conn)
          conn:timeout({ %s = 0.1 }) -- not before, as the client may be late
          return ("x"):rep(8 * 1024 * 1024), "close"
        end]]):format(option)))
      local client = narrow(server)
      client:send("go")
      support.pass(0.4)
      assert.equal(8 * MIB, #client:receive_all())
      assert.equal("closed\tnil\tnil", server:line())
    end
  end)

  it("ends each of many connections", function()
    local server = scripts.serve(with("idle = 0.3"))
    for number = 1, 200 do
      support.exchange(support.connect(server:address()), ("x"):rep(number))
    end
    for _ = 1, 200 do
      expect_end(server, "idle")
    end
    server:stop()
  end)

  it("costs a busy connection nothing that grows", function()
    local client, server = scripts.serve_one(with("idle = 0.001, read = 100"))
    for _ = 1, 500 do
      if support.exchange(client, "x") ~= "x" then
        break
      end
    end
    expect_end(server, "idle")
  end)
end)
