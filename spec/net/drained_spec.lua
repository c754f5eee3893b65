-- The `drained` event, and the marks at which reading stops and goes on.
local scripts = require("spec.support.scripts")

local MIB = 1024 * 1024

local MARKS = "events.options = { high = 65536, low = 16384 }\n"

-- Says when the system takes no more for now.
local HELD = MARKS .. [[
local held = false
function events.postwrite(_, _, remaining)
  if remaining > 65536 and not held then
    held = true
    print("held")
  end
end
]]

describe("drained", function()
  it("fires once the low mark is reached; reading stops in between", function()
    local client, server = scripts.serve_one(HELD .. [[
      function events.data(conn, input)
        print("data", input)
        if input == "go" then return ("x"):rep(16 * 1024 * 1024) end
      end
      function events.drained(conn) print("drained", conn:pending() <= 16384) end]])
    client:send("go")
    server:expect("held")
    client:send("more")
    assert.is_truthy(client:receive(16 * MIB))
    assert.equal("drained\ttrue", server:line())
    assert.equal("data\tmore", server:line())
  end)

  it("does not fire below the high mark", function()
    local client, server = scripts.serve_one(MARKS .. [[
      function events.data(_, input)
        print(input)
        return ("x"):rep(60000)
      end
      function events.drained(conn) print("drained") end]])
    client:send("one")
    assert.is_truthy(client:receive(60000))
    client:send("two")
    assert.is_truthy(client:receive(60000))
    assert.equal("one", server:line())
    assert.equal("two", server:line())
    server:stop()
    assert.is_nil((server:output()):find("drained"))
  end)

  it("fires when a write passed the high mark, though all of it left at once", function()
    local client, server = scripts.serve_one(MARKS .. [[
      function events.data(conn) print("pending", conn:write(("x"):rep(100000))) end
      function events.drained(conn) print("drained", conn:pending()) end]])
    client:send("go")
    assert.is_truthy(client:receive(100000))
    assert.equal("pending\t100000", server:line())
    assert.equal("drained\t0", server:line())
  end)

  it("fires again each time that the high mark was passed", function()
    local client, server = scripts.serve_one(MARKS .. [[
      local rounds = 0
      local function big(conn) assert(conn:write(("x"):rep(1024 * 1024)) >= 65536) end
      function events.data(conn) big(conn) end
      function events.drained(conn)
        rounds = rounds + 1
        print("drained", rounds)
        if rounds == 20 then return "end", "close" end
        big(conn)
      end]])
    client:send("go")
    local bytes, code = client:receive_all()
    assert.same({ 20 * MIB + 3, nil }, { #bytes, code })
    for round = 1, 20 do
      assert.equal("drained\t" .. round, server:line())
    end
  end)

  it("comes before the peer's end", function()
    local client, server = scripts.serve_one(HELD .. [[
      function events.data() return ("x"):rep(16 * 1024 * 1024) end
      function events.drained() print("drained") end
      function events.eof() print("eof") end
      function events.closed(_, err) print("closed", err) end]])
    client:send("go")
    server:expect("held")
    client:finish()
    local bytes, code = client:receive_all()
    assert.same({ 16 * MIB, nil }, { #bytes, code })
    assert.equal("drained", server:line())
    assert.equal("eof", server:line())
    assert.equal("closed\tnil", server:line())
  end)

  it("does not undo a pause of the script's own", function()
    local client, server = scripts.serve_one(HELD .. [[
      local id
      function events.data(conn, input)
        print("data", input)
        if input == "go" then
          id = conn.id
          conn:pause()
          return ("x"):rep(16 * 1024 * 1024)
        end
      end
      local ticks = 0
      function events.drained() print("drained") ticks = 1 end
      function events.tick()
        if ticks > 0 then ticks = ticks + 1 end
        if ticks == 20 then print("resume") evio.conn(id):resume() end
        return 0.01
      end]])
    client:send("go")
    server:expect("held")
    client:send("more")
    assert.is_truthy(client:receive(16 * MIB))
    assert.equal("drained", server:line())
    assert.equal("resume", server:line())
    assert.equal("data\tmore", server:line())
  end)
end)
