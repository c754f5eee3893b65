-- The connection object: its methods' arguments, its fields, what is left when it is gone.
local scripts = require("spec.support.scripts")
local support = require("spec.support")

-- What runs in `opened`: code that raises is answered with its message, else with the values.
local ASK = [[
local function answer(ok, ...)
  local list = { ... }
  for i = 1, select("#", ...) do list[i] = tostring(list[i]) end
  return (ok and "" or "raised: ") .. table.concat(list, " ") .. "\n"
end
function events.opened(conn)
  return answer(pcall(function()
    %s
  end))
end
]]

-- What code, which has `conn`, returned or raised.
local function ask(code, opts)
  local client = scripts.serve_one(ASK:format(code), opts)
  return client:receive_line()
end

local function assert_raises(cases)
  for code, words in pairs(cases) do
    local answer = ask(code)
    assert.matches("^raised: [^\n]*server%.lua:8: ", answer)
    assert.matches(words, answer, 1, true)
  end
end

describe("a connection's method", function()
  it("raises on arguments of a wrong type", function()
    assert_raises({
      ["conn:write()"] = "string or string.buffer expected, got no value",
      ["conn:write(nil)"] = "string or string.buffer expected, got nil",
      ["conn:write(5)"] = "string or string.buffer expected, got number",
      ["conn:write({})"] = "string or string.buffer expected, got table",
      ["conn:write('a', 'b')"] = "conn:write: a second value, a string, expected one string or string.buffer",
      ["conn:write(('a'):gsub('a', 'b'))"] = "conn:write: a second value, a number, expected one",
      ["conn:write(io.stdout)"] = "string or string.buffer expected, got userdata",
      ["conn:fail()"] = "string expected, got no value",
      ["conn:fail(5)"] = "string expected, got number",
      ["conn:nodelay()"] = "boolean expected, got no value",
      ["conn:nodelay(1)"] = "boolean expected, got number",
      ["conn:keepalive()"] = "number expected, got no value",
      ["conn:keepalive({})"] = "number expected, got table",
      ["conn:handler()"] = "table expected, got no value",
      ["conn:handler(print)"] = "table expected, got function",
      ["conn:handler({}, {})"] = "string expected, got table",
    })
  end)

  it("raises on numbers out of range", function()
    local words = "expected seconds up to 32767, or false"
    assert_raises({
      ["conn:keepalive(0)"] = words,
      ["conn:keepalive(-1)"] = words,
      ["conn:keepalive(0 / 0)"] = words,
      ["conn:keepalive(1e9)"] = words,
    })
  end)

  it("raises on a bad events table, as evio.listen does", function()
    assert_raises({
      ["conn:handler({ dta = print })"] = 'unknown event "dta", expected serving, opened, data',
      ["conn:handler({ data = 5 })"] = "events.data is a number, expected a function",
      ["conn:handler({ options = { hihg = 1 } })"] = 'unknown option "hihg"',
    })
  end)

  it("leaves the handlers as they were when it refuses others", function()
    local client = scripts.serve_one([[function events.data(conn, input)
      pcall(conn.handler, conn, { data = 5 })
      return input
    end]])
    assert.equal("one", support.exchange(client, "one"))
    assert.equal("two", support.exchange(client, "two"))
  end)

  it("raises when it is called on something else, and never crashes", function()
    local methods = { "write", "finish", "close", "abort", "pause", "resume", "pending", "handler",
      "keepalive", "nodelay", "detach", "wake", "timeout", "fail" }
    for _, method in ipairs(methods) do
      for _, self in ipairs({ "'x'", "5", "{}", "nil", "io.stdout", "newproxy()",
        "setmetatable({}, { __index = conn })", "conn.server" }) do
        local answer = ask(("conn.%s(%s, 'x')"):format(method, self))
        assert.matches("^raised: bad argument #1 to '", answer:gsub("%S+server%.lua:8: ", ""))
        assert.matches("connection (call it as conn:method()) expected", answer, 1, true)
      end
    end
  end)

  it("raises on a connection that was forged", function()
    local forge = "local fake = {} for key in pairs(conn) do fake[key] = %s end conn.close(fake)"
    for _, handle in ipairs({ "io.stdout", "newproxy(true)", "conn", "5", "'x'", "false" }) do
      assert.matches("^raised: .*connection %(call it as conn:method%(%)%) expected",
        ask(forge:format(handle)))
    end
  end)

  it("that does not exist is nil", function()
    assert.equal("nil", ask("return conn.nosuchmethod"))
    assert.matches("attempt to call method 'wrte'", ask("conn:wrte('x')"), 1, true)
  end)
end)

describe("a connection's fields", function()
  it("of evio cannot be assigned", function()
    local fields = { "id", "index", "server", "remote_address", "local_address", "remote_ip",
      "remote_port", "write", "close", "handler" }
    for _, field in ipairs(fields) do
      assert.matches(("server.lua:8: conn.%s is evio's own and cannot be set"):format(field),
        ask(("conn.%s = 5"):format(field)), 1, true)
    end
  end)

  it("are otherwise the script's own, and stay", function()
    local client = scripts.serve_one([[function events.data(conn, input)
      conn.seen = (conn.seen or "") .. input
      conn[1], conn[conn] = input, conn
      return conn.seen
    end]])
    assert.equal("a", support.exchange(client, "a"))
    client:send("b")
    assert.equal("ab", client:receive(2))
  end)

  it("say who is there", function()
    local client = scripts.serve_one([[function events.opened(conn)
      return table.concat({ conn.id, conn.index, conn.remote_address, conn.remote_ip,
        conn.remote_port, tostring(conn) }, " ") .. "\n"
    end]])
    local port = client:port()
    assert.equal(("1 1 tcp://127.0.0.1:%d 127.0.0.1 %d connection 1 from tcp://127.0.0.1:%d")
      :format(port, port, port), client:receive_line())
  end)

  it("have the server", function()
    assert.matches("^true tcp://127%.0%.0%.1:%d+ true$", (ask([[
      return rawequal(conn.server, conn.server), conn.server.addresses[1],
        rawequal(evio.conn(conn.id), conn)]]):gsub("\n", "")))
  end)

  it("do not give the metatable away", function()
    assert.equal("evio.conn", ask("return getmetatable(conn)"))
    assert.matches("cannot change a protected metatable", ask("setmetatable(conn, {})"), 1, true)
  end)
end)

describe("a connection that is gone", function()
  it("is not touched by an event of another one", function()
    local first, server = scripts.serve_one([[
      local kept
      function events.opened(conn) kept = kept or conn end
      function events.data() kept:write("wrong") kept:close() return "right" end]])
    first:close()
    local second = support.connect(server:address())
    second:send("x")
    assert.equal("right", second:receive(5))
    second:send("x")
    assert.equal("right", second:receive(5))
  end)
end)

describe("evio.connections", function()
  it("is empty outside of a loop", function()
    local _, _, stdout = scripts.run("for conn in evio.connections() do print(conn) end print('x')")
    assert.equal("x\n", stdout)
  end)
end)
