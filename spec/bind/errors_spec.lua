-- An error in a callback: one traceback that names the event and the connection, that connection
-- closed with `closed(conn, err)`, and nothing else.
local scripts = require("spec.support.scripts")
local support = require("spec.support")

local CLOSED = "function events.closed(conn, err, code) print('closed', conn.id, err, code) end "

-- What makes an event fire for a client, on a server whose `data` echoes.
local TRIGGERS = {
  opened = function() end,
  data = function(client)
    client:send("x")
  end,
  eof = function(client)
    client:finish()
  end,
  prewrite = function(client)
    client:send("x")
  end,
  postwrite = function(client)
    client:send("x")
  end,
}

-- A server that raises by EXPRESSION when it gets a line "bad", and else echoes.
local function serve(expression)
  return scripts.serve(([[function events.data(_, input)
    if input == "bad" then %s end
    return input
  end ]]):format(expression) .. CLOSED)
end

local function provoke(server)
  local client = support.connect(server:address())
  client:send("bad")
  return client:receive_all()
end

-- So many that come in one turn of the server's loop, or in two: it stands still until all are there.
local function provoke_at_once(server, times)
  server:address()
  server:signal("STOP")
  local clients = {}
  for i = 1, times do
    clients[i] = support.connect(server:address())
    clients[i]:send("bad")
  end
  server:signal("CONT")
  for _, client in ipairs(clients) do
    client:receive_all()
  end
end

local function count(text, words)
  local found = 0
  for _ in text:gmatch((words:gsub("%p", "%%%0"))) do
    found = found + 1
  end
  return found
end

local function stderr_of(server)
  local _, stderr = server:output()
  return stderr
end

describe("an error in a callback", function()
  for event, trigger in pairs(TRIGGERS) do
    it("prints a traceback with the event, the connection and the place: " .. event, function()
      local server = scripts.serve("function events.data(_, input) return input end " .. CLOSED
        .. ("\nfunction events.%s(conn)\n  error('oops')\nend"):format(event))
      local client = support.connect(server:address())
      local port = client:port()
      trigger(client)
      client:receive_all()
      local words = server:expect("^closed\t1\t(.*)\tnil$")
      assert.matches("server%.lua:3: oops$", words)
      local stderr = stderr_of(server)
      assert.matches(("evio: error in %s, connection 1 from tcp://127.0.0.1:%d: "):format(event,
        port), stderr, 1, true)
      assert.matches("server%.lua:3: oops\nstack traceback:\n\t.*server%.lua:3: in function", stderr)
      assert.equal(1, count(stderr, "stack traceback"))
    end)
  end

  it("in closed is printed, and closed does not fire again", function()
    local client, server = scripts.serve_one("function events.closed() print('x') error('oops') end")
    client:close()
    server:expect_error("error in closed, connection 1 from [^\n]*: oops\nstack traceback")
    server:stop()
    assert.equal(1, count(server:output(), "\nx\n"))
  end)

  it("in tick is printed without a connection", function()
    local server = scripts.serve("function events.tick() error('oops') end")
    server:expect_error("^evio: error in tick: [^\n]*server%.lua:1: oops\nstack traceback")
    assert.is_true(server:alive())
  end)

  it("in serving ends the program with status 1 and one traceback", function()
    local message, stderr = scripts.fail([[
      function events.serving() error("oops") end
      evio.serve(events, "tcp://127.0.0.1:0")]])
    assert.matches("server.lua:1: oops", message, 1, true)
    assert.equal(1, count(stderr, "stack traceback"))
  end)

  it("closes that connection only", function()
    local server = serve("error('oops')")
    local other = support.connect(server:address())
    assert.equal("hello", support.exchange(other, "hello"))
    assert.equal("", provoke(server))
    assert.equal("again", support.exchange(other, "again"))
    assert.equal("new", support.exchange(support.connect(server:address()), "new"))
    assert.matches("^closed\t2\t[^\t]*oops\tnil$", server:expect("^closed"))
  end)

  it("does not take back what was written before", function()
    local client = scripts.serve_one("function events.data(conn) conn:write('first') error('x') end")
    client:send("x")
    assert.equal("first", client:receive_all())
  end)

  it("in opened does not let data through", function()
    local server = scripts.serve(
      "function events.opened() error('x') end function events.data() return 'reached' end")
    local client = support.connect(server:address())
    client:send("x")
    assert.equal("", client:receive_all())
  end)

  it("that is not a string is described", function()
    for expression, words in pairs({
      ["error({})"] = "(error object is a table)",
      ["error()"] = "(error object is a nil)",
      ["error(true)"] = "(error object is a boolean)",
      ["error(setmetatable({}, { __tostring = function() return 'mine' end }))"] = "mine",
      ["error(setmetatable({}, { __tostring = function() return 5 end }))"] = "error object is a",
      ["error(setmetatable({}, { __tostring = error }))"] = "error",
    }) do
      local server = serve(expression)
      assert.equal("", provoke(server))
      server:expect_error("error in data, connection 1 from %S+: [^\n]*" .. words:gsub("%p", "%%%0"))
      assert.matches(words, server:expect("^closed\t1\t(.*)\tnil$"), 1, true)
      assert.equal("hello", support.exchange(support.connect(server:address()), "hello"))
    end
  end)

  it("that is a number is one with its text", function()
    local server = serve("error(42, 0)")
    provoke(server)
    assert.equal("42", server:expect("^closed\t1\t(.*)\tnil$"))
  end)

  it("of a handler that never ends its recursion is like any other", function()
    local server = serve("local function f() return 1 + f() end f()")
    provoke(server)
    assert.matches("stack overflow", server:expect("^closed\t1\t(.*)"), 1, true)
    assert.equal("hello", support.exchange(support.connect(server:address()), "hello"))
  end)

  it("that is one of memory is like any other", function()
    local server = serve("local s = ('xy'):rep(2 ^ 31 - 5)")
    provoke(server)
    server:expect_error("error in data, connection 1 from %S+: ")
    assert.matches("memory", server:expect("^closed\t1\t(.*)"), 1, true)
    assert.equal("hello", support.exchange(support.connect(server:address()), "hello"))
  end)

  it("of a handler that yields is like any other", function()
    local server = serve("coroutine.yield()")
    provoke(server)
    assert.matches("attempt to yield", server:expect("^closed\t1\t(.*)"), 1, true)
  end)

  it("may be long", function()
    local server = serve("error(('x'):rep(1e6))")
    provoke(server)
    server:expect_error(("x"):rep(1000))
    assert.equal("hello", support.exchange(support.connect(server:address()), "hello"))
  end)

  -- LuaJIT's own SIGINT handler raises "interrupted!"; what a client may put there does not count.
  it("whose text ends like an interruption is not one", function()
    local server = scripts.serve("function events.data(_, input) error('bad command: ' .. input) end")
    local client = support.connect(server:address())
    client:send("interrupted!")
    assert.equal("", client:receive_all())
    server:expect_error("bad command: interrupted!")
    support.connect(server:address())
    assert.is_true(server:alive())
  end)
end)

describe("identical errors", function()
  it("are printed once a second, and counted", function()
    local server = serve("error('oops')")
    provoke_at_once(server, 5)
    local lines = server:expect_error("evio: (%d+) more like it: [^\n]*oops")
    assert.equal("4", lines)
    assert.equal(1, count(stderr_of(server), "stack traceback"))
    provoke(server)
    support.eventually(function()
      return count(stderr_of(server), "stack traceback") == 2
    end)
  end)

  it("are counted when the program ends, too", function()
    local server = serve("error('oops')")
    provoke_at_once(server, 3)
    server:stop()
    assert.matches("2 more like it", stderr_of(server), 1, true)
  end)

  it("do not hide another one", function()
    local server = scripts.serve("local n = 0 function events.data() n = n + 1 error('no ' .. n) end")
    for _ = 1, 20 do
      provoke(server)
    end
    server:stop()
    for number = 1, 20 do
      assert.matches("server.lua:1: no " .. number .. "\n", stderr_of(server), 1, true)
    end
  end)
end)
