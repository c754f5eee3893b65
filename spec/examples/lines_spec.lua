local support = require("spec.support")

local function start()
  local server = support.spawn({ "examples/lines.lua", "--port", "0" })
  local port = server:expect("chat server started on tcp://.*:(%d+)$")
  return function()
    return support.connect("tcp://127.0.0.1:" .. port)
  end, port, server
end

local function assert_lines(client, expected)
  for _, line in ipairs(expected) do
    assert.equal(line, client:receive_line())
  end
end

describe("examples/lines.lua", function()
  it("tells everybody what one says, and who comes and goes", function()
    local connect, _, server = start()
    local one = connect()
    assert_lines(one, { "* guest1 is here" })
    local two = connect()
    assert_lines(one, { "* guest2 is here" })
    assert_lines(two, { "* guest2 is here" })
    one:send("hel")
    two:send("good\r\nday\n")
    assert_lines(one, { "guest2: good", "guest2: day" })
    one:send("lo\27[2J\r\n")
    assert_lines(two, { "guest2: good", "guest2: day", "guest1: hello[2J" })
    two:close()
    assert_lines(one, { "guest1: hello[2J", "* guest2 left" })
    server:stop()
  end)

  it("knows commands", function()
    local connect = start()
    local one = connect()
    assert_lines(one, { "* guest1 is here" })
    local two = connect()
    assert_lines(two, { "* guest2 is here" })
    one:send("/name ann\n/name a b\n/who\n/help\n/\n")
    local help = "* there is /name NAME, /who and /quit"
    assert_lines(one, { "* guest2 is here", "* guest1 is ann now", "* a name is up to 20 letters and digits",
      "* here: ann, guest2", help, help })
    two:send("/name ann\nhello\n/quit\n")
    assert_lines(two, { "* guest1 is ann now", "* ann is here already", "guest2: hello", "* bye" })
    assert.equal("", (two:receive_all()))
    assert_lines(one, { "guest2: hello", "* guest2 left" })
  end)

  it("closes who sends a line that is too long, and says why", function()
    local connect, _, server = start()
    local one, two = connect(), connect()
    assert_lines(one, { "* guest1 is here", "* guest2 is here" })
    two:send(("x"):rep(1000) .. "\r\n")
    assert_lines(one, { "guest2: " .. ("x"):rep(1000) })
    two:send("after that\n" .. ("x"):rep(1001) .. "\nnever\n")
    assert_lines(one, { "guest2: after that", "* guest2 left: a line of more than 1000 bytes" })
    server:stop()
    assert.equal("", (select(2, server:output())))
  end)

  it("serves nc, with LF and with telnet's CRLF", function()
    local _, port = start()
    for _, option in ipairs({ "-N", "-CN" }) do
      local pipe = io.popen(("(echo hello; echo /quit; sleep 0.3) | timeout 10 nc %s 127.0.0.1 %s")
        :format(option, port))
      local text = pipe:read("*a")
      pipe:close()
      assert.matches("^%* guest%d is here\r\nguest%d: hello\r\n%* bye\r\n$", text)
    end
  end)

  it("says what it expects when its flags are wrong", function()
    local result = support.run({ "examples/lines.lua", "--prt", "1" })
    assert.equal(2, result.status)
    assert.matches("usage: evio-lua examples/lines.lua [--port 5000]", result.stderr, 1, true)
  end)
end)
