local support = require("spec.support")

local function start(delay)
  local server = support.spawn({ "examples/wake.lua", "--port", "0", "--delay", delay })
  local port = server:expect("wake server started on tcp://.*:(%d+)$")
  return server, function()
    return support.connect("tcp://127.0.0.1:" .. port)
  end
end

describe("examples/wake.lua #threads", function()
  it("answers exec after the delay, while it goes on with everybody", function()
    local server, connect = start("0.3")
    local one, two = connect(), connect()
    local before = support.clock()
    one:send("exec\nand on\n")
    assert.equal("and on", one:receive_line())
    two:send("hello\n")
    assert.equal("hello", two:receive_line())
    assert.equal("done", one:receive_line())
    assert.is_true(support.clock() - before >= 0.3)
    server:stop()
  end)

  it("wakes the connection that asked, and no other", function()
    local server, connect = start("0.05")
    local one, two = connect(), connect()
    one:send("exec\n")
    assert.equal("done", one:receive_line())
    two:send("end\n")
    assert.equal("end", two:receive_line())
    server:stop()
  end)

  it("does not mind a client that is gone by then", function()
    local server, connect = start("0.05")
    local one, two = connect(), connect()
    one:send("exec\n")
    one:close()
    two:send("exec\n")
    assert.equal("done", two:receive_line())
    server:stop()
    assert.equal("", (select(2, server:output())))
  end)

  it("says what it expects when its flags are wrong", function()
    for _, arguments in ipairs({ { "--prt", "1" }, { "--port" }, { "5000" } }) do
      local result = support.run({ "examples/wake.lua", unpack(arguments) })
      assert.equal(2, result.status)
      assert.matches("usage: evio-lua examples/wake.lua [--delay 5] [--port 5000]", result.stderr,
        1, true)
    end
    for _, delay in ipairs({ "long", "-1", "nan" }) do
      local result = support.run({ "examples/wake.lua", "--delay", delay })
      assert.equal(2, result.status)
      assert.matches(("the delay is %s, expected seconds from 0 on"):format(delay), result.stderr, 1, true)
    end
  end)
end)
