-- How a program ends: signals, evio.shutdown, os.exit.
local posix_signal = require("posix.signal")
local scripts = require("spec.support.scripts")
local stat = require("posix.sys.stat")
local support = require("spec.support")

local ECHO = "function events.data(_, input) return input end"

local function assert_signal(name, process)
  assert.equal(posix_signal["SIG" .. name], process:wait().signal)
end

describe("a program", function()
  for _, name in ipairs({ "INT", "TERM" }) do
    it("ends in order after SIG" .. name, function()
      local client, server = scripts.serve_one([[
        function events.opened() return "hello" end
        function events.closed(_, err) print("closed", err) end]])
      client:receive(5)
      server:signal(name)
      assert.equal("", client:receive_all())
      assert.equal(0, server:wait().status)
      assert.matches("closed\tnil\n", server:output(), 1, true)
    end)
  end

  it("goes on in its script after evio.serve", function()
    local server = scripts.serve("function events.tick() evio.shutdown() end; local serve = " ..
      "evio.serve; evio.serve = function(...) serve(...) print('after') os.exit(3) end")
    assert.equal(3, server:wait().status)
    assert.matches("after\n", server:output(), 1, true)
  end)

  it("ends with the status that os.exit gets in a handler", function()
    local client, server = scripts.serve_one("function events.data() os.exit(5) end")
    client:send("x")
    assert.equal(5, server:wait().status)
  end)

  it("can close its state by os.exit in a handler", function()
    for _, event in ipairs({ "opened", "data", "eof", "closed", "prewrite", "postwrite" }) do
      local client, server = scripts.serve_one(
        ("function events.data() return 'x' end; function events.%s() os.exit(4, true) end")
        :format(event))
      client:send("x")
      client:finish()
      assert.equal(4, server:wait().status, event)
      local _, stderr = server:output()
      assert.equal("", stderr)
    end
  end)

  it("can close its state by os.exit in serving and tick", function()
    for _, event in ipairs({ "serving", "tick" }) do
      local server = scripts.serve(("function events.%s() os.exit(4, true) end"):format(event))
      assert.equal(4, server:wait().status, event)
    end
  end)

  it("is not ended by a peer that does not take what is written", function()
    local client, server = scripts.serve_one(ECHO)
    support.exchange(client, "x")
    client:send(("x"):rep(100000))
    client:reset()
    assert.equal("y", support.exchange(support.connect(server:address()), "y"))
    server:stop()
  end)

  it("ends at a signal that came before the loop ran, like any program", function()
    local server = support.start("print('up') while true do end")
    server:expect("up")
    server:signal("TERM")
    assert_signal("TERM", server)
  end)
end)

describe("os.exit", function()
  it("in a handler removes the files of unix sockets", function()
    local path = support.tmpdir() .. "/socket"
    local server = support.start(([[
      local evio = require("evio")
      local events = {}
      function events.serving(server) print(server.addresses[1]) end
      function events.data() os.exit(7) end
      evio.serve(events, "unix://%s")]]):format(path))
    local client = support.connect(server:address())
    assert.is_truthy((stat.lstat(path)))
    client:send("x")
    assert.equal(7, server:wait().status)
    assert.is_nil((stat.lstat(path)))
  end)
end)
