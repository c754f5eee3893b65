local scripts = require("spec.support.scripts")
local support = require("spec.support")

describe("ticks", function()
  it("begin when the loop does, however long the script took to get there", function()
    local server = scripts.serve([[
      local began = evio.now()
      while evio.now() - began < 0.4 do end
      began = evio.now()
      function events.tick()
        print(("tick %.3f"):format(evio.now() - began))
        return 0.2
      end]])
    server:expect("^tick ")
    assert.is_true(tonumber((server:expect("^tick (.*)$"))) >= 0.2)
    server:stop()
  end)

  it("end with evio.shutdown()", function()
    local client, server = scripts.serve_one([[
      events.options = { linger = 0.5 }
      function events.opened() return ("x"):rep(20000000) end
      local stopped
      function events.tick()
        if stopped then print("tick after the end") end
        if next({ evio.connections()() }) then stopped = true evio.shutdown() end
        return 0.01
      end]])
    server:wait()
    assert.not_matches("after the end", (server:output()))
    client:close()
  end)

  it("of delay 0 come once an iteration, whatever other timers there are", function()
    local server = scripts.serve([[
      events.options = { linger = 100 }
      local ticks, before, most, writes = 0, 0, 0, 0
      function events.tick() ticks = ticks + 1 return 0 end
      function events.opened(conn)
        if conn.index == 1 then return ("x"):rep(20000000), "close" end -- its linger timer is set
        return "."
      end
      function events.postwrite(conn)
        if conn.index == 1 then return end
        writes = writes + 1
        if writes > 10 then most = math.max(most, ticks - before) end
        before = ticks
        if writes == 500 then print("most", most) return end
        conn:write(".") -- goes out in one of the next two iterations
      end]], { addresses = { "tcp://127.0.0.1:0", "tcp://127.0.0.1:0" } })
    local lingering = {}
    for i = 1, 20 do
      lingering[i] = support.connect(server:address(1))
    end
    support.connect(server:address(2))
    local most = tonumber((server:expect("^most\t(%d+)$")))
    assert.is_true(most <= 2, most .. " ticks an iteration")
    for i = 1, 20 do
      lingering[i]:close()
    end
    server:kill()
  end)
end)

describe("server:close()", function()
  it("before the loop ends the loop at once", function()
    local result = support.run({ "-e", [[
      local evio = require("evio")
      local server = evio.listen({}, "tcp://127.0.0.1:0")
      server:close()
      evio.run()
      print("over")]] })
    assert.equal("over\n", result.stdout)
    assert.equal(0, result.status)
  end)
end)

describe("a shortage of descriptors", function()
  it("is told of once, however often it comes and goes (seed 2)", function()
    local server = scripts.serve("function events.data(_, input) return input end",
      { limits = { nofile = 20 } })
    local told
    local deadline = support.clock() + 1.5
    while support.clock() < deadline do
      local clients = {}
      for i = 1, 30 do
        clients[i] = support.connect(server:address())
      end
      told = told or server:expect_error("cannot accept")
      for i = 1, 30 do
        clients[i]:close()
      end
    end
    local _, stderr = server:output()
    local _, lines = stderr:gsub("cannot accept", "")
    assert.equal(1, lines, stderr)
    server:stop()
  end)
end)

describe("an error in serving", function()
  it("ends the program also when its text cannot be had", function()
    local status = scripts.run([[
      function events.serving()
        error(setmetatable({}, { __tostring = function() error("no text") end }))
      end
      evio.serve(events, "tcp://127.0.0.1:0")]])
    assert.equal(1, status)
  end)
end)

describe("a finalizer that is older than evio", function()
  it("may call evio at the end", function()
    local result = support.run({ "-e", [[
      local object = newproxy(true)
      local conn
      local evio = require("evio")
      getmetatable(object).__gc = function()
        print(pcall(evio.shutdown))
        print(pcall(evio.listen, {}, "tcp://127.0.0.1:0"))
      end
      evio.listen({ serving = function() error("enough") end }, "tcp://127.0.0.1:0")]] })
    assert.equal(1, result.status)
    assert.is_nil(result.signal)
  end)
end)

describe("an error", function()
  it("after conn:close() in the same callback reaches closed", function()
    local client, server = scripts.serve_one([[
      function events.data(conn) conn:close() error("late") end
      function events.closed(_, err) print("closed", err) end]])
    client:send("x")
    server:expect("^closed\t.*late$")
    server:stop()
  end)

  it("of the socket is not hidden by output that does not fit", function()
    local client, server = scripts.serve_one([[
      events.options = { high = 1000, low = 100, queue = 1000000 }
      local first
      function events.opened(conn)
        if first then return first:resume() and nil end
        first = conn
        conn:pause()
        return "hi"
      end
      function events.data() return ("x"):rep(2000000) end
      function events.closed(_, _, code) print("closed", code) end]])
    assert.equal("hi", client:receive(2))
    client:send("x")
    client:reset()
    support.pass(0.05) -- that the reset is there
    support.connect(server:address())
    local code = server:expect("^closed\t(.*)$")
    assert.is_true(code == "ECONNRESET" or code == "EPIPE", code)
    server:stop()
  end)
end)
