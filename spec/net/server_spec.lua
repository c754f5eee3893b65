-- Several servers and several addresses on one loop.
local scripts = require("spec.support.scripts")
local support = require("spec.support")

local ANY = "tcp://127.0.0.1:0"

-- Two servers; each prints its address and answers with its name, "end" being a shutdown.
local TWO = [[
for _, name in ipairs({ "one", "two" }) do
  assert(evio.listen({
    serving = function(server) print(server.addresses[1]) end,
    data = function(_, input)
      if input == "end" then return "bye", "shutdown" end
      return name .. ":" .. input
    end,
    closed = function() print("closed " .. name) end,
  }, "tcp://127.0.0.1:0"))
end
evio.run()
print("the end")
]]

local function ask(client, text, answer)
  client:send(text)
  assert.equal(answer, client:receive(#answer))
end

local function refused(address)
  local client, code = support.try_connect(address)
  return not client and code == "ECONNREFUSED"
end

describe("several servers", function()
  it("are served by one loop; a shutdown action ends only its own", function()
    local host = support.start("local evio = require('evio')\n" .. TWO)
    local one, two = support.connect(host:address(1)), support.connect(host:address(2))
    local bystander = support.connect(host:address(1))
    ask(one, "a", "one:a")
    ask(two, "b", "two:b")
    ask(bystander, "c", "one:c")
    one:send("end")
    assert.equal("bye", one:receive_all())
    assert.equal("", bystander:receive_all())
    assert.equal("closed one", host:line())
    assert.equal("closed one", host:line())
    ask(two, "d", "two:d")
    assert.is_true(refused(host:address(1)))
    ask(support.connect(host:address(2)), "e", "two:e")
    two:send("end")
    host:expect("the end")
    assert.same({ status = 0 }, host:wait())
  end)

  it("may be added by a callback", function()
    local server = scripts.serve([[
      function events.data(conn, input)
        local added = assert(evio.listen({
          data = function(_, text) return "added:" .. text end,
        }, "tcp://127.0.0.1:0"))
        return added.addresses[1] .. "\n"
      end]])
    local client = support.connect(server:address())
    client:send("x")
    ask(support.connect(client:receive_line()), "y", "added:y")
  end)

  it("run by evio.serve end with the one that it started", function()
    local host = support.start([[
      local evio = require("evio")
      local function echo(_, input) return input, input == "end" and "shutdown" or nil end
      local other = assert(evio.listen({ data = echo }, "tcp://127.0.0.1:0"))
      print(other.addresses[1])
      evio.serve({ data = echo, serving = function(s) print(s.addresses[1]) end },
        "tcp://127.0.0.1:0")
      print("served")]])
    ask(support.connect(host:address(1)), "a", "a")
    ask(support.connect(host:address(2)), "end", "end")
    host:expect("served")
    ask(support.connect(host:address(1)), "b", "b")
    ask(support.connect(host:address(1)), "end", "end")
    assert.same({ status = 0 }, host:wait())
  end)

  it("can be served one after the other", function()
    local status, stderr, stdout = scripts.run([[
      local tick = function() return nil, "shutdown" end
      for number = 1, 3 do
        evio.serve({ tick = tick, serving = function() print("serving", number) end },
          "tcp://127.0.0.1:0")
      end]])
    assert.same({ 0, "", "serving\t1\nserving\t2\nserving\t3\n" }, { status, stderr, stdout })
  end)
end)

describe("several addresses", function()
  it("fire serving once, with all of them bound", function()
    local addresses = { ANY, ANY, "unix://" .. support.tmpdir() .. "/socket" }
    local server = scripts.serve([[
      function events.serving(server)
        for number, address in ipairs(server.addresses) do print(number, address) end
      end]], { addresses = addresses })
    assert.matches("^1\ttcp://127.0.0.1:%d+$", server:line())
    assert.matches("^2\ttcp://127.0.0.1:%d+$", server:line())
    assert.equal("3\t" .. addresses[3], server:line())
  end)

  it("accept nothing before serving returned", function()
    local server = scripts.serve([[
      function events.serving(server)
        print(server.addresses[1])
        local until_then = evio.now() + 0.2
        while evio.now() < until_then do end
        print("served")
      end
      function events.opened() print("opened") end]])
    support.connect(server:address())
    assert.equal("served", server:line())
    assert.equal("opened", server:line())
  end)
end)

describe("server:close", function()
  it("stops accepting and nothing else", function()
    local client, server = scripts.serve_one([[
      function events.data(conn, input)
        if input == "close" then print(conn.server:close()) end
        return input
      end
      function events.closed() print("closed") end]])
    ask(client, "close", "close")
    assert.equal("true", server:line())
    assert.is_true(refused(server:address()))
    ask(client, "still here", "still here")
    client:finish()
    assert.equal("", client:receive_all())
    assert.equal("closed", server:line())
    assert.same({ status = 0 }, server:wait())
  end)

  it("ends a server without connections, and returns false after that", function()
    local status, stderr, stdout = scripts.run([[
      local server
      function events.serving(s) server = s s:close() end
      evio.serve(events, "tcp://127.0.0.1:0")
      print("ended", server:close())]])
    assert.same({ 0, "", "ended\tfalse\n" }, { status, stderr, stdout })
  end)

  it("refuses the clients that were waiting to be accepted", function()
    local connected = support.tmpdir() .. "/connected"
    local server = scripts.serve(([[
      function events.serving(s)
        print(s.addresses[1])
        repeat local file = io.open(%q) until file
        s:close()
      end
      function events.opened() print("opened") end]]):format(connected))
    local client = support.connect(server:address())
    support.write_file(connected, "")
    local bytes = client:receive_all()
    assert.equal("", bytes)
    assert.same({ status = 0 }, server:wait())
    assert.is_nil((server:output()):find("opened"))
  end)
end)
