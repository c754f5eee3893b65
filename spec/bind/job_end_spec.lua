-- Background jobs at the end: a shutdown, signals, the end of the Lua state, of the process.
local posix_signal = require("posix.signal")
local posix_unistd = require("posix.unistd")
local scripts = require("spec.support.scripts")
local support = require("spec.support")

-- A server with a job that goes on for ever; it said "running" from its thread.
local BUSY = [[
  local job
  function events.serving(server)
    job = evio.spawn(function()
      evio.post("running")
      while true do evio.sleep(0.01) end
    end)
    job:message(print):done(function() print("done") end)
    print(server.addresses[1])
  end
]]

local function run(source, opts)
  local script = support.start('local evio = require("evio"); ' .. source, opts)
  local result = script:wait()
  local stdout, stderr = script:output()
  return stdout, stderr, result
end

-- opts for a plain LuaJIT that finds evio.so, which the sanitizers' builds have elsewhere.
local function plain()
  return {
    command = { "luajit" },
    env = { LUA_CPATH = posix_unistd.getcwd() .. "/?.so" },
  }
end

describe("at a shutdown #threads", function()
  it("jobs that wait are dropped, and told so", function()
    local stdout, stderr, result = run(([[
      evio.pool({ threads = 1 })
      local path, dropped = "%s/go", 0
      local first = evio.spawn(function(path)
        evio.post(1)
        while not io.open(path) do evio.sleep(0.002) end
        return "whole"
      end, path)
      first:done(print)
      for _ = 1, 2 do
        evio.spawn(function() error("it ran") end):done(function(...)
          print(...)
          dropped = dropped + 1
          if dropped == 2 then assert(io.open(path, "w")):close() end
        end)
      end
      evio.spawn(function() error("it ran") end)
      first:message(function() evio.shutdown() end)]]):format(support.tmpdir()))
    assert.equal("", stderr)
    assert.equal(0, result.status)
    assert.equal("false\tcancelled\tECANCELED\nfalse\tcancelled\tECANCELED\ntrue\twhole\n", stdout)
  end)

  it("jobs that run may end, and evio.serve returns after them", function()
    local stdout, stderr = run([[
      local events = {}
      function events.serving()
        evio.spawn(function() evio.post(1) evio.sleep(0.2) return "whole" end)
          :message(function() evio.shutdown() end):done(print)
      end
      evio.serve(events, "tcp://127.0.0.1:0")
      print("after")]])
    assert.equal("", stderr)
    assert.equal("true\twhole\nafter\n", stdout)
  end)

  it("a line says after half a second what is waited for", function()
    local _, stderr = run([[
      evio.pool({ linger = 1.2 })
      evio.spawn(function() evio.post(1) while true do evio.sleep(0.01) end end)
        :message(function() evio.shutdown() end)]])
    assert.equal("evio: background jobs: 1 still at work, 0.7 s are left to them; another signal "
      .. "ends the process at once\nevio: background jobs: 1 of them did not end within 1.2 s of "
      .. "the shutdown\n", stderr)
  end)

  it("jobs that take too long are left behind, and a line says so", function()
    for _, how in ipairs({ "evio.sleep(0.01)", "local x = 1" }) do
      local before = support.clock()
      local stdout, stderr, result = run(([[
        evio.pool({ linger = 0.3 })
        for _ = 1, 2 do
          evio.spawn(function() while true do %s end end):done(function() print("done") end)
        end
        evio.spawn(function() return "quick" end):done(function(...)
          print(...)
          evio.shutdown()
        end)]]):format(how))
      local took = support.clock() - before
      assert.equal("true\tquick\n", stdout)
      assert.equal("evio: background jobs: 2 of them did not end within 0.3 s of the shutdown\n",
        stderr)
      assert.same({ status = 0 }, result)
      assert.is_true(took > 0.29, took .. " s")
    end
  end)

  it("of one server only, jobs go on", function()
    local stdout, stderr = run([[
      evio.pool({ linger = 0 })
      local events = {}
      function events.serving()
        evio.spawn(function() evio.sleep(0.1) return "whole" end):done(print)
        return "shutdown"
      end
      evio.serve(events, "tcp://127.0.0.1:0")
      print("after")]])
    assert.equal("", stderr)
    assert.equal("after\ntrue\twhole\n", stdout)
  end)

  it("a script that spawns again and again ends all the same", function()
    local stdout, stderr, result = run([[
      evio.pool({ linger = 0.2 })
      local function again() evio.spawn(function() end):done(again) end
      again()
      evio.after(0.05, evio.shutdown)]])
    assert.equal("", stdout)
    assert.equal("evio: background jobs: 1 of them did not end within 0.2 s of the shutdown\n", stderr)
    assert.same({ status = 0 }, result)
  end)

  it("a post that still comes is delivered", function()
    local stdout, stderr = run([[
      evio.spawn(function() evio.post(1) evio.sleep(0.1) evio.post(2) return 3 end)
        :message(function(value) print(value) if value == 1 then evio.shutdown() end end)
        :done(print)]])
    assert.equal("", stderr)
    assert.equal("1\n2\ntrue\t3\n", stdout)
  end)

  it("a job may be spawned from closed, and ends", function()
    local client, server = scripts.serve_one([[
      function events.data() return "x" end
      function events.closed()
        evio.spawn(function() evio.sleep(0.05) return "closed" end):done(print)
      end]])
    client:send("x")
    assert.equal("x", client:receive(1))
    server:stop()
    assert.matches("true\tclosed\n$", (server:output()))
  end)

  it("again after another one, the time counts anew", function()
    local stdout, stderr = run([[
      evio.pool({ linger = 1 })
      for i = 1, 2 do
        evio.spawn(function() evio.sleep(0.05) return "whole" end):done(print)
        evio.shutdown()
        evio.run()
        evio.after(i == 1 and 1.1 or 0, function() print(i) end)
        evio.run()
      end]])
    assert.equal("", stderr)
    local once = "true\twhole\n"
    assert.equal("false\tcancelled\tECANCELED\n1\nfalse\tcancelled\tECANCELED\n2\n",
      (stdout:gsub(once, "false\tcancelled\tECANCELED\n")))
  end)
end)

describe("a signal while a job runs #threads", function()
  it("is a shutdown; a second one ends the process at once", function()
    for _, name in ipairs({ "INT", "TERM" }) do
      local server = scripts.serve(BUSY)
      server:expect("^running$")
      server:signal(name)
      server:expect_error("another signal ends the process at once")
      assert.is_true(server:alive())
      server:signal(name)
      assert.same({ signal = posix_signal["SIG" .. name] }, server:wait())
    end
  end)

  it("ends the process with status 0 after the time for jobs", function()
    local server = scripts.serve("evio.pool({ linger = 0.1 })\n" .. BUSY)
    server:expect("^running$")
    server:stop()
    assert.is_nil(server:output():find("done"))
  end)
end)

describe("the end of the Lua state #threads", function()
  it("leaves jobs that run and wait to themselves", function()
    for _, how in ipairs({ "os.exit(3)", "error('x')" }) do
      for _, work in ipairs({ "evio.sleep(0.001)", "evio.post(('x'):rep(100))",
        "evio.wake(1)", "local x = { {} }" }) do
        local _, _, result = run(([[
          for _ = 1, 8 do
            evio.spawn(function() evio.post(1) while true do %s end end)
              :message(function(value) if value == 1 then %s end end)
          end
          evio.after(0.05, function() os.exit(3) end)]]):format(work, how))
        assert.same({ status = 3 }, result)
      end
    end
  end)

  it("is safe at any moment of a job", function()
    for delay = 0, 20 do
      local _, stderr, result = run(([[
        for _ = 1, 20 do
          evio.spawn(function(t) evio.post(t) evio.sleep(0.001) evio.post(t) return t end, { 1 })
        end
        evio.after(%g, function() os.exit(3) end)]]):format(delay / 4000))
      assert.equal("", stderr)
      assert.same({ status = 3 }, result)
    end
  end)

  it("in a plain LuaJIT keeps the module's code for them", function()
    local _, stderr, result = run([[
      for _ = 1, 8 do
        evio.spawn(function() while true do evio.sleep(0.0001) evio.post(1) evio.wake(1) end end)
          :message(function() evio.shutdown() end)
      end
      evio.pool({ linger = 0 })
      evio.run()
      for _ = 1, 1000 do evio.spawn(function() end) end]], plain())
    assert.matches("^evio: background jobs: [1-4] of them did not end within 0 s of the shutdown\n$", stderr)
    assert.same({ status = 0 }, result)
  end)

  it("in a plain LuaJIT may come before the loop ever ran", function()
    local _, stderr, result = run([[
      for _ = 1, 100 do evio.spawn(function() evio.post(1) return 1 end) end]], plain())
    assert.equal("", stderr)
    assert.same({ status = 0 }, result)
  end)

  it("has evio.post and evio.wake return false", function()
    local path = support.tmpdir() .. "/result"
    local script = support.start(([[
      local path = "%s"
      local last = newproxy(true) -- made first, so its finalizer comes after evio's
      getmetatable(last).__gc = function()
        local finish = os.time() + 5
        while os.time() < finish and not io.open(path .. ".ready") do end
      end
      local evio = require("evio")
      evio.pool({ linger = 0 })
      evio.spawn(function(path)
        evio.post("running")
        while evio.post(1) do evio.sleep(0.001) end
        local file = io.open(path, "w")
        file:write(tostring(evio.post(2)), " ", tostring(evio.wake(1)))
        file:close()
        os.rename(path, path .. ".ready")
      end, path):message(function() evio.shutdown() end)
      evio.run()]]):format(path), plain())
    assert.same({ status = 0 }, script:wait())
    assert.equal("false false", support.read_file(path .. ".ready"))
  end)
end)
