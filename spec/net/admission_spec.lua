-- How many connections a server takes: from everybody, and from one address.
local scripts = require("spec.support.scripts")
local support = require("spec.support")

local GREETING = [[
  function events.opened() return "hello\n" end
  function events.data(_, input) return input end
  function events.failed(_, err) print("failed", err) end
]]

local function serve(options, opts)
  return scripts.serve(("events.options = { %s }\n%s"):format(options, GREETING), opts)
end

-- So many clients that were greeted.
local function greeted(server, count)
  local clients = {}
  for i = 1, count do
    clients[i] = support.connect(server:address())
    assert.equal("hello", clients[i]:receive_line())
  end
  return clients
end

-- Whether a server that answers everybody else says nothing to this one: another client is asked twice.
local function waits(client, other)
  for _ = 1, 2 do
    other:send("ping")
    assert.equal("ping", other:receive(4))
  end
  local bytes, code = client:try_receive()
  return bytes == nil and code == "EAGAIN"
end

describe("a server with as many connections as it may have", function()
  it("leaves the next one waiting, and takes it when one is gone", function()
    local server = serve("connections = 5")
    local clients = greeted(server, 5)
    local next_one = support.connect(server:address())
    assert.is_true(waits(next_one, clients[1]))
    server:expect_error("tcp://127.0.0.1:%d+: cannot accept: 5 connections are open, and no more may be")
    table.remove(clients):close()
    assert.equal("hello", next_one:receive_line())
  end)

  it("has the same limit for all addresses of its own, and none for another server", function()
    local server = support.start([[
      local evio = require("evio")
      local events = { options = { connections = 2 } }
      function events.opened() return "hello\n" end
      function events.data(_, input) return input end
      local path = arg[0] .. ".socket"
      local first = evio.listen(events, "tcp://127.0.0.1:0", "unix://" .. path)
      local second = evio.listen(events, "tcp://127.0.0.1:0")
      print(first.addresses[1])
      print(first.addresses[2])
      print(second.addresses[1])]])
    local tcp, unix, second = server:line(), server:line(), server:line()
    local client = support.connect(tcp)
    assert.equal("hello", client:receive_line())
    local local_client = support.connect(unix)
    assert.equal("hello", local_client:receive_line())
    local third = support.connect(unix)
    assert.is_true(waits(third, client))
    assert.equal("hello", support.connect(second):receive_line())
    client:close()
    assert.equal("hello", third:receive_line())
  end)

  it("keeps 64 descriptors for other things where nothing is set", function()
    local server = serve("", { limits = { nofile = 140 } })
    local clients = greeted(server, 76)
    local next_one = support.connect(server:address())
    assert.is_true(waits(next_one, clients[1]))
    server:expect_error("cannot accept: 76 connections are open")
    clients[1]:close()
    assert.equal("hello", next_one:receive_line())
  end)

  it("takes the default from the command line", function()
    local server = serve("", { options = { "--limit", "connections=3" } })
    local clients = greeted(server, 3)
    assert.is_true(waits(support.connect(server:address()), clients[1]))
  end)
end)

describe("an address with as many connections as one may have", function()
  it("has the next one closed, and another one's is served", function()
    local server = serve("per_address = 3", { addresses = { "tcp://0.0.0.0:0" } })
    local port = server:address():match("%d+$")
    local clients = {}
    for i = 1, 3 do
      clients[i] = support.connect("tcp://127.0.0.1:" .. port)
      assert.equal("hello", clients[i]:receive_line())
    end
    local fourth = support.connect("tcp://127.0.0.1:" .. port)
    local _, code = fourth:receive(1)
    assert.is_true(code == "EOF" or code == "ECONNRESET", tostring(code))
    server:expect_error("127.0.0.1 has 3 connections, and no more may be from one address %(options.per_address%)")
    clients[1]:close()
    support.eventually(function()
      local client = support.connect("tcp://127.0.0.1:" .. port)
      return client:receive(5) == "hello"
    end)
    server:stop()
    local out = server:output()
    assert.is_nil(out:match("failed")) -- no event tells of one that was not let in
  end)

  it("is not asked for its number on a unix socket", function()
    local server = support.start([[
      local evio = require("evio")
      local events = { options = { per_address = 1 } }
      function events.opened() return "hello\n" end
      local server = evio.listen(events, "unix://" .. arg[0] .. ".socket")
      print(server.addresses[1])]])
    greeted(server, 3)
  end)
end)

describe("the limits of connections", function()
  it("are whole numbers", function()
    for _, case in ipairs({
      { "connections = 0", "options.connections is 0, expected a whole number from 1 to 10^6" },
      { "connections = 1.5", "options.connections is 1.5, expected a whole number from 1 to 10^6" },
      { "per_address = '3'", 'options.per_address is "3", expected a whole number from 1 to 10^6' },
      { "per_address = false", "options.per_address is false, expected a whole number from 1 to 10^6" },
    }) do
      local line = scripts.fail(("events.options = { %s } evio.listen(events, 'tcp://127.0.0.1:0')")
        :format(case[1]))
      assert.matches(case[2], line, 1, true)
    end
  end)
end)
