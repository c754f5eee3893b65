-- Reading: pieces, pause and resume, what a peer's end or reset does to a paused connection.
local scripts = require("spec.support.scripts")
local support = require("spec.support")

local MIB = 1024 * 1024

-- The second address commands the first connection of the first one.
local COMMANDED = [[
local first
function events.opened(conn) if conn.index == 1 then first = conn end end
function events.data(conn, input)
  if conn.index == 1 then print("data", input) return end
  return tostring(first[input](first)) .. "\n"
end
function events.eof(conn) if conn.index == 1 then print("eof") end end
function events.closed(conn, err, code)
  if conn.index == 1 then print("closed", err, code, conn.remote_port) end
end
]]

-- A client, what commands its connection, and the server.
local function serve(address)
  address = address or "tcp://127.0.0.1:0"
  local server = scripts.serve(COMMANDED, { addresses = { address, "tcp://127.0.0.1:0" } })
  local client, other = support.connect(server:address(1)), support.connect(server:address(2))
  local function command(name)
    other:send(name)
    return other:receive_line()
  end
  client:send("first")
  assert.equal("data\tfirst", server:line())
  return client, command, server
end

describe("reading", function()
  it("takes at most 64 KiB at once, in order", function()
    local client, server = scripts.serve_one([[
      local largest = 0
      function events.data(_, input) largest = math.max(largest, #input) return input end
      function events.eof() print(largest) end]])
    local bytes = support.random_bytes(MIB)
    support.same_bytes(bytes, support.exchange(client, bytes))
    client:finish()
    local largest = tonumber(server:line())
    assert.is_true(largest <= 65536 and largest > 1024, largest .. " bytes at once")
  end)

  it("gives everybody a turn while one client floods", function()
    local server = scripts.serve([[
      function events.data(conn, input) if conn.index == 2 then return input end end]],
      { addresses = { "tcp://127.0.0.1:0", "tcp://127.0.0.1:0" } })
    local flood, other = support.connect(server:address(1)), support.connect(server:address(2))
    local block = ("x"):rep(MIB)
    for _ = 1, 20 do
      flood:try_send(block)
      other:send("ping")
      assert.equal("ping", other:receive(4))
    end
  end)

  it("drops input that no handler wants", function()
    local client = scripts.serve_one("function events.eof() return 'bye' end")
    assert.is_true(client:send(("x"):rep(4 * MIB)))
    client:finish()
    assert.equal("bye", client:receive_all())
  end)
end)

describe("a paused connection", function()
  it("gets nothing until it is resumed, then all of it", function()
    local client, command, server = serve()
    assert.equal("true", command("pause"))
    client:send("second")
    for _ = 1, 5 do
      command("pending")
    end
    assert.equal("true", command("resume"))
    assert.equal("data\tsecond", server:line())
  end)

  it("holds its peer back", function()
    local client, command = serve()
    command("pause")
    local bytes, sent, last = ("x"):rep(65536), 0, support.clock()
    while support.clock() - last < 0.2 do
      local count = client:try_send(bytes)
      if count then
        sent, last = sent + count, support.clock()
        assert.is_true(sent < 64 * MIB, "more was taken than the system can hold")
      else
        support.pass(0.005)
      end
    end
  end)

  it("gets what was here before the peer's end", function()
    local client, command, server = serve()
    command("pause")
    client:send("last words")
    client:close()
    command("pending")
    command("resume")
    assert.equal("data\tlast words", server:line())
    assert.equal("eof", server:line())
    assert.matches("^closed\tnil\tnil", server:line())
  end)

  it("gets what was here before the peer's reset, then closed with ECONNRESET", function()
    local client, command, server = serve()
    local port = client:port()
    command("pause")
    client:send("last words")
    client:reset()
    for _ = 1, 5 do
      assert.equal("0", command("pending"))
    end
    command("resume")
    assert.equal("data\tlast words", server:line())
    assert.matches("^closed\t.+\tECONNRESET\t" .. port .. "$", server:line())
  end)

  for _, how in ipairs({ "reset", "close" }) do
    it("does not spin after the peer's " .. how .. " #timing", function()
      local client, command, server = serve()
      command("pause")
      client:send("last words")
      client[how](client)
      local before = support.cpu_seconds(server.pid)
      support.pass(1)
      assert.is_true(support.cpu_seconds(server.pid) - before <= 0.05)
      command("resume")
      assert.equal("data\tlast words", server:line())
      server:expect("^closed")
    end)
  end

  it("does not spin after a unix peer's close #timing", function()
    local client, command, server = serve("unix://" .. support.tmpdir() .. "/socket")
    command("pause")
    client:close()
    local before = support.cpu_seconds(server.pid)
    support.pass(1)
    assert.is_true(support.cpu_seconds(server.pid) - before <= 0.05)
    command("resume")
    server:expect("^closed\tnil")
  end)

  it("can be written to", function()
    local client, command = serve()
    command("pause")
    command("finish")
    assert.equal("", client:receive_all())
  end)

  it("closes when it is told to", function()
    local client, command, server = serve()
    command("pause")
    client:send("unread")
    command("close")
    local bytes, code = client:receive_all()
    assert.same({ "", nil }, { bytes, code })
    assert.matches("^closed\tnil", server:line())
  end)

  it("that pauses itself in opened starts when it is resumed", function()
    local client, server = scripts.serve_one([[
      local paused
      function events.opened(conn) conn:pause() paused = conn end
      function events.data(_, input) print(input) end
      function events.tick() if paused then paused:resume() end return 0.05 end]])
    client:send("patience")
    assert.equal("patience", server:line())
  end)
end)
