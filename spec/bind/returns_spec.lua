-- What handlers must not return: the error names the event, what came, what was expected and where
-- the handler is; it ends that connection, and the server lives on.
local scripts = require("spec.support.scripts")
local support = require("spec.support")

local OUT = "expected a string, a string.buffer or nil"
local ACTION = 'expected nil, "none", "close", "detach" or "shutdown"'
local SERVER_ACTION = 'expected nil, "none" or "shutdown"'
local DELAY = "expected nil or seconds from 0 on"

-- More than the system buffers for a client that does not read.
local LARGE = 8 * 1024 * 1024

-- What makes an event fire for a client, on a server that echoes.
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
  drained = function(client, server)
    client:send("more")
    -- When another one was answered, the output waits for the first.
    support.exchange(support.connect(server:address()), "x")
    client:receive_all()
  end,
  closed = function(client)
    client:close()
  end,
}

-- A server whose handler of an event is `function() return EXPRESSION end`, on line 2.
local function serve(event, expression)
  return scripts.serve(([[
    function events.data(_, input) return input == "more" and ("x"):rep(%d) or input end
    function events.%s() return %s end
    events.closed = events.closed or function(_, err, code)
      print("closed", err, code)
    end]]):format(LARGE, event, expression))
end

-- Fires an event whose handler returns this, and checks the report on stderr.
local function assert_reported(event, expression, words)
  local server = serve(event, expression)
  local client = support.connect(server:address())
  TRIGGERS[event](client, server)
  local report = ("server.lua:2: %s returned %s"):format(event, words)
  server:expect_error("stack traceback:")
  local _, stderr = server:output()
  assert.matches("^evio: error in " .. event .. ", connection 1 from tcp://127%.0%.0%.1:%d+: ", stderr)
  assert.matches(report, stderr, 1, true)
  if event ~= "closed" then
    assert.matches(report, server:expect("^closed\t(.*)\tnil$"), 1, true)
  end
  assert.is_true(server:alive())
  return server
end

describe("out", function()
  for _, event in ipairs({ "opened", "data", "eof", "drained" }) do
    it("of a wrong type is an error in " .. event, function()
      for expression, what in pairs({
        ["5"] = "a number",
        ["{}"] = "a table",
        ["true"] = "a boolean",
        ["false"] = "a boolean",
        ["print"] = "a function",
      }) do
        assert_reported(event, expression, ("%s as out, %s"):format(what, OUT))
      end
    end)
  end

  it("that is a misspelt action in its place is bytes like any others", function()
    local server = serve("opened", "'close'")
    assert.equal("close", support.connect(server:address()):receive(5))
  end)
end)

describe("an action", function()
  for _, event in ipairs({ "opened", "data", "eof", "drained" }) do
    it("that is unknown is an error in " .. event, function()
      assert_reported(event, "nil, 'clsoe'", '"clsoe" as the action, ' .. ACTION)
      assert_reported(event, "nil, 5", "a number as the action, " .. ACTION)
      assert_reported(event, "nil, {}", "a table as the action, " .. ACTION)
      assert_reported(event, "nil, false", "a boolean as the action, " .. ACTION)
    end)
  end

  for _, event in ipairs({ "prewrite", "postwrite" }) do
    it("that is unknown is an error in " .. event, function()
      assert_reported(event, "'Close'", '"Close" as the action, ' .. ACTION)
      assert_reported(event, "true", "a boolean as the action, " .. ACTION)
      assert_reported(event, "{}", "a table as the action, " .. ACTION)
    end)
  end

  it("that cannot apply is an error in closed", function()
    assert_reported("closed", "'close'", '"close" as the action, ' .. SERVER_ACTION)
    assert_reported("closed", "1", "a number as the action, " .. SERVER_ACTION)
  end)

  it("that cannot apply ends the program in serving", function()
    for expression, what in pairs({ ["'close'"] = '"close"', ["{}"] = "a table" }) do
      local _, stderr = scripts.fail(
        ("function events.serving() return %s end evio.serve(events, 'tcp://127.0.0.1:0')")
        :format(expression))
      assert.matches(("server.lua:1: serving returned %s as the action, %s"):format(what,
        SERVER_ACTION), stderr, 1, true)
    end
  end)

  it("that cannot apply is an error in tick", function()
    local server = scripts.serve("function events.tick() return 1, 'close' end")
    server:expect_error('server.lua:1: tick returned "close" as the action, ' .. SERVER_ACTION)
  end)

  it("with a NUL byte is not taken for its beginning", function()
    assert_reported("data", "nil, 'close\\0d'", '"close')
  end)

  it("that is long is quoted in part", function()
    local server = assert_reported("data", "nil, ('x'):rep(100000)", '"xxxx')
    local _, stderr = server:output()
    assert.is_true(#stderr < 2000)
  end)
end)

describe("a delay", function()
  local BAD = {
    ["-1"] = "-1",
    ["-1e-9"] = "-1e-09",
    ["0 / 0"] = "nan",
    ["1 / 0"] = "inf",
    ["'1'"] = "a string",
    ["{}"] = "a table",
    ["true"] = "a boolean",
  }

  for expression, what in pairs(BAD) do
    it(("of %s is an error"):format(expression), function()
      local server = scripts.serve(("\nfunction events.tick() return %s end"):format(expression))
      server:expect_error("stack traceback:")
      local _, stderr = server:output()
      stderr = stderr:gsub("%-nan", "nan")
      assert.matches("^evio: error in tick: ", stderr)
      assert.matches(("server.lua:2: tick returned %s as the delay, %s"):format(what, DELAY),
        stderr, 1, true)
    end)
  end

  it("that was right goes on to hold after a wrong one", function()
    local server = scripts.serve([[
      local count, least, before = 0, 1e9, nil
      function events.tick()
        count = count + 1
        if count > 2 then least = math.min(least, evio.now() - before) end
        before = evio.now()
        if count == 10 then print("least", least) end
        return count > 1 and -1 or 0.01
      end]])
    assert.is_true(tonumber(server:expect("least\t(%S+)")) < 0.5)
    server:expect_error("tick returned %-1 as the delay")
  end)

  it("that was never right is a second", function()
    local server = scripts.serve([[
      function events.tick()
        print("tick", evio.now())
        return -1
      end]])
    local before, good = tonumber(server:expect("tick\t(%S+)")), false
    local most = before + 5
    while not good and before < most do -- one of them is not late
      local now = tonumber(server:expect("tick\t(%S+)"))
      good = now - before > 0.9 and now - before < 1.1
      before = now
    end
    assert.is_true(good)
  end)
end)
