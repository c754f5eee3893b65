-- Half-closed connections: the eof event, and conn:finish.
local scripts = require("spec.support.scripts")
local support = require("spec.support")

local MIB = 1024 * 1024

local CLOSED = [[
function events.closed(_, err, code) print("closed", err, code) end
]]

local function expect_lines(server, lines)
  for _, line in ipairs(lines) do
    assert.equal(line, server:line())
  end
end

-- Sends nothing but the end, to a server whose eof handler is this: what comes back.
local function answer_to_end(handler)
  local client, server = scripts.serve_one(CLOSED .. handler)
  client:finish()
  local bytes, code = client:receive_all()
  assert.is_nil(code)
  assert.equal("closed\tnil\tnil", server:line())
  return bytes
end

describe("the peer's end", function()
  it("closes where there is no eof handler", function()
    assert.equal("", answer_to_end(""))
  end)

  it("closes after what eof returned, where there is no action", function()
    assert.equal("bye", answer_to_end("function events.eof() return 'bye' end"))
  end)

  it("closes after what eof wrote", function()
    assert.equal("abc", answer_to_end(
      "function events.eof(conn) conn:write('a') conn:write('b') return 'c' end"))
  end)

  it("closes when eof returns close", function()
    assert.equal("bye", answer_to_end("function events.eof() return 'bye', 'close' end"))
  end)

  it("keeps the connection open for writing when eof returns none", function()
    assert.equal("onetwothree", answer_to_end([[
      local half
      function events.eof(conn) half = conn return "one", "none" end
      function events.tick()
        if half then half:write("two") half:write("three") half:close() half = nil end
        return 0.02
      end]]))
  end)

  it("fires once, however long the connection stays", function()
    local client, server = scripts.serve_one(CLOSED .. [[
      local half, ticks = nil, 0
      function events.eof(conn) print("eof") half = conn return nil, "none" end
      function events.tick()
        if half then ticks = ticks + 1 end
        if ticks == 20 then half:close() end
        return 0.01
      end]])
    client:finish()
    assert.equal("", client:receive_all())
    expect_lines(server, { "eof", "closed\tnil\tnil" })
  end)

  it("costs no CPU while the connection stays #timing", function()
    local client, server = scripts.serve_one([[
      function events.eof(conn) print("eof") return nil, "none" end]])
    client:finish()
    server:expect("eof")
    local before = support.cpu_seconds(server.pid)
    support.pass(1)
    assert.is_true(support.cpu_seconds(server.pid) - before <= 0.02)
  end)

  it("comes after all data", function()
    local client, server = scripts.serve_one([[
      local total = 0
      function events.data(_, input) total = total + #input end
      function events.eof() print(total) end]])
    client:send(("x"):rep(3 * MIB))
    client:finish()
    assert.equal(tostring(3 * MIB), server:line())
  end)

  it("drops no pending output (seed 5)", function()
    local client, server = scripts.serve_one([[
      events.options = { high = 32 * 1024 * 1024, low = 16 * 1024 * 1024 }
      function events.data() return ("x"):rep(16 * 1024 * 1024) end
      function events.eof(conn) print("eof", conn:pending() > 1024 * 1024) end]] .. "\n" .. CLOSED)
    client:send("go")
    client:finish()
    assert.equal("eof\ttrue", server:line())
    local bytes, code = client:receive_all(30)
    assert.same({ 16 * MIB, nil }, { #bytes, code })
    assert.equal("closed\tnil\tnil", server:line())
  end)
end)

describe("conn:finish", function()
  it("sends FIN behind the pending output, and reading goes on", function()
    local client, server = scripts.serve_one(CLOSED .. [[
      function events.data(conn, input)
        print("data", input)
        if input == "go" then
          conn:finish()
          return ("x"):rep(1024 * 1024)
        end
      end
      function events.eof() print("eof") end]])
    client:send("go")
    local bytes, code = client:receive_all()
    assert.same({ MIB, nil }, { #bytes, code })
    client:send("more")
    expect_lines(server, { "data\tgo", "data\tmore" })
    client:finish()
    expect_lines(server, { "eof", "closed\tnil\tnil" })
  end)

  it("keeps the connection until the peer ends it too", function()
    local client, server = scripts.serve_one(CLOSED .. [[
      function events.opened(conn) conn:finish() end
      function events.tick()
        local count = 0
        for _ in evio.connections() do count = count + 1 end
        print("connections", count)
        return 0.02
      end]])
    assert.equal("", client:receive_all())
    server:expect("connections\t1")
    client:close()
    server:expect("closed\tnil\tnil")
    server:expect("connections\t0")
  end)

  it("after the peer's end is the end of the connection", function()
    assert.equal("rest", answer_to_end([[
      function events.eof(conn)
        conn:finish()
        return "rest", "none"
      end]]))
  end)

  it("makes returned bytes of a later event an error", function()
    local client, server = scripts.serve_one(CLOSED .. [[
      function events.data(conn, input)
        conn:finish()
        return input
      end]])
    client:send("one")
    assert.equal("one", client:receive_all())
    client:send("two")
    server:expect_error("data returned bytes as out, expected nil after conn:finish%(%)")
    assert.matches("^closed\t.+after conn:finish", server:line())
  end)
end)
