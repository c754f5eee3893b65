-- Wakes: from where they come, what answers them, and that they never depend on the socket.
local scripts = require("spec.support.scripts")
local support = require("spec.support")

local MIB = 1024 * 1024
local TWO = { "tcp://127.0.0.1:0", "tcp://127.0.0.1:0" }

-- Connections of the second address give orders: each line runs as Lua with `first`, the latest
-- connection of the first address, and its result is the answer.
local WITH_CONTROL = [[
local first, ids, count = nil, {}, 0
function events.opened(conn)
  if conn.index == 1 then first = conn ids[#ids + 1] = conn.id end
end
events.data = nil
local function control(input)
  local env = setmetatable({ first = first, ids = ids, count = count, evio = evio }, { __index = _G })
  return tostring(setfenv(assert(loadstring("return " .. input)), env)()) .. "\n"
end
]]

local function serve(source)
  local server = scripts.serve(WITH_CONTROL .. source, { addresses = TWO })
  local client = support.connect(server:address(1), { receive_buffer = 65536 })
  local other = support.connect(server:address(2))
  local function ask(code)
    other:send(code)
    return other:receive_line()
  end
  assert.equal("nil", ask("nil"))
  return client, ask, server
end

local ECHO = [[
function events.data(conn, input)
  if conn.index == 2 then return control(input) end
  return input
end
]]

describe("a wake", function()
  it("is answered by woken, whose output is sent", function()
    local client = scripts.serve_one([[
      function events.opened(conn) return tostring(conn:wake()) .. " " end
      function events.woken(conn, nothing) return tostring(nothing) .. " " .. conn.id .. "\n" end]])
    assert.equal("true nil 1", client:receive_line())
  end)

  it("may come from a timer, and from another connection's event, by id", function()
    local client, ask = serve([[
      function events.woken(conn) return "woken " .. conn.index .. "\n" end
      local timer
      timer = evio.every(0.01, function() if first and first:wake() then timer:cancel() end end)
]] .. ECHO)
    assert.equal("woken 1", client:receive_line())
    assert.equal("true", ask("first:wake()"))
    assert.equal("woken 1", client:receive_line())
    assert.equal("true", ask("evio.wake(first.id)"))
    assert.equal("woken 1", client:receive_line())
  end)

  it("may come from evio.connections, for all at once", function()
    local server = scripts.serve([[
      function events.data()
        for conn in evio.connections() do assert(conn:wake()) end
      end
      function events.woken(conn) return conn.id .. "\n" end]])
    local clients = {}
    for number = 1, 300 do
      clients[number] = support.connect(server:address())
      clients[number]:send("x")
      assert.equal(tostring(number), clients[number]:receive_line())
    end
  end)

  it("without a woken handler is data without input", function()
    local client = scripts.serve_one([[
      function events.opened(conn) conn:wake() end
      function events.data(_, input) return tostring(input) .. "\n" end]])
    assert.equal("nil", client:receive_line())
  end)

  it("without a woken handler shows a stream's handler what is unread", function()
    local client, ask = serve([[
      local read = evio.stream(function(conn, stream)
        if conn.index == 2 then return control(stream:take()) end
        local line = stream:line()
        return line and line .. "\n" or #stream .. "\n"
      end)
      events.data = read]])
    client:send("abc")
    assert.equal("3", client:receive_line())
    assert.equal("true", ask("first:wake()"))
    assert.equal("3", client:receive_line())
    client:send("\n")
    assert.equal("abc", client:receive_line())
    assert.equal("true", ask("first:wake()"))
    assert.equal("0", client:receive_line())
  end)

  it("without any handler is nothing", function()
    local server = scripts.serve([[
      function events.opened(conn) assert(conn:wake()) end
      function events.eof() print("eof") end]])
    local client = support.connect(server:address())
    client:finish()
    assert.equal("eof", server:line())
    server:stop()
    assert.equal("", (select(2, server:output())))
  end)

  it("may answer with an action", function()
    for action, expected in pairs({ close = "closed", detach = "detached", shutdown = "closed" }) do
      local client, server = scripts.serve_one(([[
        function events.opened(conn) conn:wake() end
        function events.woken(conn) return "bye", %q end
        function events.detached(_, socket) print("detached") socket:close() end
        function events.closed(_, err) print("closed", err) end]]):format(action))
      assert.equal("bye", client:receive_all())
      server:expect("^" .. expected)
      if action == "shutdown" then
        assert.same({ status = 0 }, server:wait())
      end
    end
  end)

  it("goes to the handlers that are there when it is delivered", function()
    local client = scripts.serve_one([[
      function events.opened(conn)
        conn:wake()
        conn:handler({ woken = function() return "new\n" end })
      end
      function events.woken() return "old\n" end]])
    assert.equal("new", client:receive_line())
  end)
end)

describe("evio.wake", function()
  it("is false for ids that nobody has", function()
    local client, ask = serve(ECHO)
    assert.equal("true", ask("evio.wake(first.id)"))
    for _, id in ipairs({ "0", "-1", "1.5", "first.id + 0.5", "99", "2^53", "-2^53", "1e300",
      "1/0", "0/0", "first.id + 2^53", "first.id + 2^32" }) do
      assert.equal("false", ask(("evio.wake(%s)"):format(id)), id)
    end
    client:close()
    support.eventually(function()
      return ask("evio.wake(ids[1])") == "false"
    end)
  end)

  it("raises where an id is no number", function()
    for argument, words in pairs({ [""] = "no value", ["{}"] = "table", ["'x'"] = "string" }) do
      assert.matches("server.lua:1: .*number expected, got " .. words,
        (scripts.fail(("evio.wake(%s)"):format(argument))))
    end
  end)

  it("is false for a connection that is closing, detaching or closed", function()
    local server = scripts.serve([[
      function events.data(conn, input)
        conn:write(("x"):rep(16 * 1024 * 1024))
        conn[input](conn)
        print(input, evio.wake(conn.id), conn:wake())
      end
      function events.woken() print("woken") end
      local function last(conn) print("last", evio.wake(conn.id), conn:wake()) end
      function events.closed(conn) last(conn) end
      function events.detached(conn, socket) last(conn) socket:close() end]])
    for _, how in ipairs({ "close", "abort", "detach" }) do
      local client = support.connect(server:address())
      client:send(how)
      client:receive_all()
      assert.equal(how .. "\tfalse\tfalse", server:line())
      assert.equal("last\tfalse\tfalse", server:line())
    end
  end)

  it("is false after evio.serve returned (seed 11)", function()
    local client, server = scripts.serve_one([[
      local id
      function events.opened(conn) id = conn.id return "hello" end
      function events.eof() return nil, "shutdown" end
      local serve = evio.serve
      rawset(evio, "serve", function(...)
        serve(...)
        print("served", evio.wake(id), evio.wake(0))
      end)]])
    client:receive(5)
    client:finish()
    assert.equal("served\tfalse\tfalse", server:expect("^served.*"))
    assert.same({ status = 0 }, server:wait())
  end)
end)

describe("wakes", function()
  it("coalesce, and one woken comes after the last of them", function()
    local client, ask = serve([[
      local value, seen = 0
      function events.woken() count, seen = count + 1, value end
      function events.data(conn, input)
        if conn.index == 2 then return control(input) end
        for i = 1, 1000 do
          value = value + 1
          assert(conn:wake())
        end
        evio.after(0.05, function() first:write(count .. " " .. seen .. "\n") end)
      end]])
    client:send("x")
    local times, last = client:receive_line():match("(%d+) (%d+)")
    assert.equal("1000", last)
    assert.is_true(tonumber(times) < 10, times .. " times")
    assert.equal(times, ask("count"))
  end)

  it("from woken itself starve nobody", function()
    local client, server = scripts.serve_one([[
      local count = 0
      function events.opened(conn) conn:wake() end
      function events.woken(conn) count = count + 1 conn:wake() end
      function events.data(_, input) return input end
      function events.eof() print(count) end]])
    for _ = 1, 20 do
      client:send("ping")
      assert.equal("ping", client:receive(4))
    end
    client:finish()
    local count = tonumber(server:line())
    assert.is_true(count >= 20, count .. " times woken")
  end)

  it("reach a paused connection", function()
    local client = scripts.serve_one([[
      function events.opened(conn) conn:pause() conn:wake() end
      function events.data(_, input) return tostring(input) end
      function events.woken(conn) conn:resume() return "woken " end]])
    client:send("data")
    assert.equal("woken data", client:receive(10))
  end)

  it("reach a connection whose peer does not read, at once (seed 10)", function()
    local client, ask = serve([[
      function events.woken(conn) count = count + 1 end
]] .. ECHO)
    assert.equal(tostring(16 * MIB), ask("first:write(('x'):rep(16 * 1024 * 1024))"))
    support.eventually(function()
      return tonumber(ask("first:pending()")) < 16 * MIB -- now the system is full
    end)
    for number = 1, 10 do
      assert.equal("true", ask("first:wake()"))
      assert.equal(tostring(number), ask("count"))
    end
    assert.equal(16 * MIB, #client:receive(16 * MIB))
  end)

  it("do not mix with data, nor delay it (seed 10)", function()
    local sent = support.tmpdir() .. "/sent"
    local client, server = scripts.serve_one(([[
      function events.woken() print("woken") end
      function events.data(conn, input)
        if input == "first" then
          conn:wake()
          print("waiting")
          repeat local file = io.open(%q) until file -- the next bytes are here then
        end
        print("data", input)
      end]]):format(sent))
    client:send("first")
    assert.equal("waiting", server:line())
    client:send("second")
    support.write_file(sent, "")
    assert.equal("data\tfirst", server:line())
    local one, two = server:line(), server:line()
    assert.equal("woken", one)
    assert.equal("data\tsecond", two)
  end)

  it("do not overwrite or reorder output that was not sent yet (seed 36)", function()
    local client, ask = serve([[
      function events.woken(conn)
        count = count + 1
        return ("%08d"):format(count)
      end
]] .. ECHO)
    assert.equal(tostring(8 * MIB), ask("first:write(('y'):rep(8 * 1024 * 1024))"))
    for number = 1, 100 do
      assert.equal("true", ask("first:wake()"))
      assert.equal(tostring(number), ask("count"))
    end
    local expected = { ("y"):rep(8 * MIB) }
    for number = 1, 100 do
      expected[#expected + 1] = ("%08d"):format(number)
    end
    support.same_bytes(table.concat(expected), client:receive(8 * MIB + 800))
  end)
end)
