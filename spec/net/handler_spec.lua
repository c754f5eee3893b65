-- conn:handler: new events for a connection in the middle of its life.
local scripts = require("spec.support.scripts")
local support = require("spec.support")

local function expect(server, lines)
  for _, line in ipairs(lines) do
    assert.equal(line, server:line())
  end
end

-- A handler table that prints its name with every event.
local NAMED = [[
local function named(name)
  local t = {}
  function t.opened() print(name, "opened") end
  function t.data(_, input) print(name, "data", input) end
  function t.eof() print(name, "eof") end
  function t.closed() print(name, "closed") end
  return t
end
]]

describe("conn:handler", function()
  it("swaps the events from the next one on, without a second opened", function()
    local client, server = scripts.serve_one(NAMED .. [[
      events = named("old")
      function events.data(conn, input)
        print("old", "data", input, conn:handler(named("new")))
        return "swapped\n"
      end]])
    client:send("one")
    assert.equal("swapped", client:receive_line())
    client:send("two")
    expect(server, { "old\topened", "old\tdata\tone\ttrue", "new\tdata\ttwo" })
    client:finish()
    expect(server, { "new\teof", "new\tclosed" })
  end)

  it("gives the rest to the new events right after the callback", function()
    local client, server = scripts.serve_one(NAMED .. [[
      function events.data(conn, input)
        conn:handler(named("new"), input:sub(4))
        print("old returns")
        return "ok\n"
      end]])
    client:send("GETrest")
    expect(server, { "old returns", "new\tdata\trest" })
    assert.equal("ok", client:receive_line())
  end)

  it("gives what a stream left unread to the new events", function()
    local client, server = scripts.serve_one(NAMED .. [[
      events.data = evio.stream(function(conn, stream)
        local line = stream:line()
        if line then
          print("old", line)
          if line == "swap" then conn:handler(named("new")) end
        end
      end)]])
    client:send("one\nswap\ntwo\nthree\n")
    expect(server, { "old\tone", "old\tswap", "new\tdata\ttwo" })
    assert.equal("three", server:line())
  end)

  it("goes from a stream to another stream", function()
    local client, server = scripts.serve_one([[
      local two = { data = evio.stream(function(_, stream)
        local text = stream:take(3)
        if text then print("three", text) end
      end) }
      events.data = evio.stream(function(conn, stream)
        local line = stream:line()
        if line then
          print("line", line)
          conn:handler(two)
        end
      end)]])
    client:send("head\r\nabcde")
    expect(server, { "line\thead", "three\tabc" })
    client:send("f")
    expect(server, { "three\tdef" })
  end)

  it("goes from strings to a stream, with a rest", function()
    local client, server = scripts.serve_one([[
      local two = { data = evio.stream(function(_, stream)
        local line = stream:line()
        if line then print("line", line) end
      end) }
      function events.data(conn, input) conn:handler(two, input) end]])
    client:send("a\nb\nc")
    expect(server, { "line\ta", "line\tb" })
    client:send("d\n")
    expect(server, { "line\tcd" })
  end)

  it("delivers a rest given outside of data", function()
    local _, server = scripts.serve_one(NAMED .. [[
      function events.opened(conn) conn:handler(named("new"), "first") end]])
    expect(server, { "new\tdata\tfirst" })
  end)

  it("delivers a rest given before a dialed connection opened, and reads on", function()
    local _, stderr, stdout = scripts.run(NAMED .. [[
      local server = evio.listen({ opened = function() return "next" end }, "tcp://127.0.0.1:0")
      local new = named("new")
      local data = new.data
      function new.data(conn, input)
        data(conn, input)
        if input == "next" then evio.shutdown() end
      end
      evio.dial(named("old"), server.addresses[1]):handler(new, "rest")]])
    local lines = "new\topened\nnew\tdata\trest\nnew\tdata\tnext\nnew\tclosed\n"
    assert.same({ "", lines }, { stderr, stdout })
  end)

  it("waits with the rest until a paused connection is resumed", function()
    local client, server = scripts.serve_one(NAMED .. [[
      local paused, ticks
      function events.data(conn, input)
        conn:pause()
        conn:handler(named("new"), input)
        paused, ticks = conn, 0
      end
      function events.tick()
        if paused then ticks = ticks + 1 end
        if ticks == 10 then print("resume") paused:resume() end
        return 0.01
      end]])
    client:send("rest")
    expect(server, { "resume", "new\tdata\trest" })
  end)

  it("keeps the order of the rest and what comes after it", function()
    local client, server = scripts.serve_one([[
      local total = 0
      local two = {
        data = function(_, input) total = total + #input return input end,
        eof = function() print(total) end,
      }
      function events.data(conn, input) conn:handler(two, input) end]])
    local bytes = support.random_bytes(1024 * 1024)
    support.same_bytes(bytes, support.exchange(client, bytes))
    client:finish()
    expect(server, { tostring(1024 * 1024) })
  end)

  it("takes options of the new events, keeping the others", function()
    local client, server = scripts.serve_one([[
      events.options = { queue = 1024, high = 1024, low = 512, input = 100 }
      local two = { options = { queue = 4096 }, data = function(conn)
        print(conn:write(("x"):rep(3000)))
      end, closed = function(_, _, code) print(code) end }
      function events.data(conn) conn:handler(two) end]])
    client:send("x")
    support.eventually(function()
      client:send("y")
      return (server:output()):find("3000", 1, true)
    end)
    expect(server, { "3000" })
    assert.is_truthy(client:receive(3000))
  end)

  it("observes writes from then on if the new events do", function()
    local client, server = scripts.serve_one([[
      local two = {
        prewrite = function(_, amount) print("prewrite", amount) end,
        data = function(_, input) return input end,
      }
      function events.data(conn, input) conn:handler(two, input) end]])
    client:send("hello")
    assert.equal("hello", client:receive(5))
    expect(server, { "prewrite\t5" })
  end)

  it("makes a stream forget how far it had searched in what others took", function()
    local client, server = scripts.serve_one([[
      local strings = {}
      events.data = evio.stream(function(conn, stream)
        local line = stream:line()
        if line then return line .. "!\n" end
        conn:handler(strings)
      end)
      local streams = { data = events.data }
      function strings.data(conn, input)
        print("taken", #input)
        conn:handler(streams)
      end]])
    for _ = 1, 20 do
      client:send(("x"):rep(50000))
      local taken = 0
      while taken < 50000 do
        taken = taken + tonumber((server:expect("^taken\t(%d+)$")))
      end
      client:send("short\n")
      assert.equal("short!", client:receive_line())
    end
  end)

  it("may happen in every event, many times, without growth", function()
    local client, server = scripts.serve_one([[
      local function make()
        return {
          data = function(conn, input) conn:handler(make()) return input end,
          eof = function() print("eof") end,
        }
      end
      function events.data(conn, input) conn:handler(make()) return input end]])
    for _ = 1, 200 do
      client:send("x")
      assert.equal("x", client:receive(1))
    end
    client:finish()
    assert.equal("", (select(2, server:output())))
  end)
end)
