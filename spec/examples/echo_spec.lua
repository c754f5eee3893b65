local support = require("spec.support")

local function start_echo()
  local server = support.spawn({ "examples/echo.lua", "--port", "0" })
  return server, server:expect("echo server started on tcp://.*:(%d+)$")
end

describe("examples/echo.lua", function()
  it("sends back to nc what it sends", function()
    local server, port = start_echo()
    local pipe = io.popen(("printf 'hello\\nworld\\n' | timeout 10 nc -N localhost %s"):format(port))
    assert.equal("hello\nworld\n", pipe:read("*a"))
    pipe:close()
    server:stop()
  end)

  it("answers on IPv4 and, where there is one, on IPv6", function()
    local server, port = start_echo()
    local hosts = support.has_ipv6() and { "127.0.0.1", "[::1]" } or { "127.0.0.1" }
    for _, host in ipairs(hosts) do
      local client = support.connect(("tcp://%s:%s"):format(host, port))
      client:send("over " .. host)
      assert.equal("over " .. host, client:receive(#host + 5))
      client:close()
    end
    server:stop()
  end)

  it("returns every byte of a megabyte, and compares them (seed 35)", function()
    local server, port = start_echo()
    local client = support.connect("tcp://127.0.0.1:" .. port)
    local bytes = support.random_bytes(1048576)
    support.same_bytes(bytes, (support.exchange(client, bytes)))
    client:close()
    server:stop()
  end)

  it("says what it expects when its flags are wrong", function()
    for _, arguments in ipairs({ { "--prt", "1" }, { "--port" }, { "5000" } }) do
      local result = support.run({ "examples/echo.lua", unpack(arguments) })
      assert.equal(2, result.status)
      assert.matches("usage: evio%-lua examples/echo.lua %[%-%-port 5000%]", result.stderr)
    end
    local result = support.run({ "examples/echo.lua", "--port", "many" })
    assert.equal(1, result.status)
    assert.matches('the port is "many", expected a number from 0 to 65535', result.stderr)
  end)

  it("says which port is in use", function()
    local server, port = start_echo()
    local result = support.run({ "examples/echo.lua", "--port", port })
    assert.equal(1, result.status)
    assert.matches("cannot listen on \"tcp://:%d+\": address already in use", result.stderr)
    server:stop()
  end)
end)
