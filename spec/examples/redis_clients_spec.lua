-- examples/redis.lua with the programs and the library that people use, and how it ends.
local redis = require("spec.support.redis")
local support = require("spec.support")

local request = redis.request

local function port_of(address)
  return address:match("%d+$")
end

describe("examples/redis.lua", function()
  it("counts each key that DEL removed once (seed 28)", function()
    local _, address = redis.start_ours()
    local replies = redis.replies(address, { request({ "MSET", "a", "1", "b", "2", "c", "3" }),
      request({ "DEL", "a", "b", "nothing", "a" }), request({ "MGET", "a", "b", "c" }), request({ "DBSIZE" }) })
    assert.equal(":2\r\n", replies[3])
    assert.equal("*3\r\n$-1\r\n$-1\r\n$1\r\n3\r\n", replies[4])
    assert.equal(":1\r\n", replies[5])
  end)

  it("ends at SHUTDOWN, to which there is no reply, as redis-server", function()
    for _, start in ipairs({ redis.start_real, redis.start_ours }) do
      local server, address = start()
      local client, other = support.connect(address), support.connect(address)
      client:send("SET a 1 EX 1000\r\n")
      assert.equal("+OK", client:receive_line())
      client:send("SHUTDOWN NOSAVE\r\nPING\r\n")
      assert.equal("", (client:receive_all()))
      assert.equal("", (other:receive_all()))
      assert.equal(0, server:wait().status)
    end
  end)

  it("loses no reply in front of SHUTDOWN, to nobody (seed 28)", function() -- redis-server does
    local server, address = redis.start_ours()
    local client, other = support.connect(address), support.connect(address)
    other:send(request({ "SET", "k", ("v"):rep(2 ^ 20) }) .. request({ "GET", "k" }))
    assert.equal("+OK", other:receive_line())
    client:send(("*1\r\n$4\r\nPING\r\n"):rep(1000) .. "*2\r\n$8\r\nSHUTDOWN\r\n$6\r\nNOSAVE\r\n")
    local got, code = client:receive_all()
    assert.is_nil(code)
    support.same_bytes(("+PONG\r\n"):rep(1000), got)
    got, code = other:receive_all()
    assert.is_nil(code)
    support.same_bytes("$1048576\r\n" .. ("v"):rep(2 ^ 20) .. "\r\n", got)
    assert.equal(0, server:wait().status)
  end)

  it("loses no +OK to QUIT, and says nothing behind it", function()
    local _, address = redis.start_ours()
    for _ = 1, 50 do
      local client = support.connect(address)
      client:send("PING\r\nQUIT\r\nPING\r\n" .. ("x"):rep(1000))
      local got, code = client:receive_all()
      assert.is_nil(code)
      assert.equal("+PONG\r\n+OK\r\n", got)
    end
  end)

  it("serves a unix socket, too", function()
    local path = support.tmpdir() .. "/redis.sock"
    local server = support.spawn({ "examples/redis.lua", "--port", "0", "--unixsocket", path })
    server:expect("^redis server started on tcp://.*:%d+ and unix://" .. path:gsub("%p", "%%%0") .. "$")
    assert.equal("PONG\n", support.shell("redis-cli -s " .. path .. " PING"))
    assert.equal("OK\n", support.shell("redis-cli -3 -s " .. path .. " SET a b"))
    assert.equal("b\n", support.shell("redis-cli -s " .. path .. " GET a"))
  end)

  it("refuses other flags", function()
    local result = support.run({ "examples/redis.lua", "--prot", "1" })
    assert.equal(2, result.status)
    assert.equal("evio-lua: there is no flag --prot\n"
      .. "usage: evio-lua examples/redis.lua [--port 6380] [--unixsocket UNIXSOCKET]\n", result.stderr)
  end)

  it("answers redis-cli, in both versions", function()
    local server, address = redis.start_ours()
    for _, options in ipairs({ "", " -3" }) do
      local lines = { "SET a 1", "INCR a", "GET a", "GET b", "MGET a b", "CONFIG GET save", "FOO x", "HELLO",
        "INFO", "COMMAND COUNT", "COMMAND INFO get", "QUIT" }
      local path = support.write_file(support.tmpdir() .. "/input", table.concat(lines, "\n") .. "\n")
      local text = support.shell(("sh -c 'redis-cli -p %s%s --no-raw <%s'"):format(port_of(address), options, path))
      assert.matches("^OK\n%(integer%) 2\n\"2\"\n%(nil%)\n1%) \"2\"\n2%) %(nil%)\n", text)
      assert.matches("ERR unknown command 'FOO', with args beginning with: 'x'", text, 1, true)
      assert.matches('"save"', text, 1, true)
      assert.matches("redis_version:7.0.15", text, 1, true)
      assert.matches("db0:keys=1", text, 1, true)
      assert.matches("%(integer%) 22\n1%)  ?1%) \"get\"\n    ?2%) %(integer%) 2\n", (text:gsub("\n +", "\n    ")))
    end
    server:stop()
  end)

  it("answers redis-benchmark, which warns of nothing", function()
    local server, address = redis.start_ours()
    for _, options in ipairs({ "-n 2000", "-n 20000 -P 16", "-n 2000 -3 -r 100" }) do
      local text = support.shell(
        ("redis-benchmark -p %s -t ping,set,get,incr,mset -q %s"):format(port_of(address), options), 120)
      assert.not_matches("WARNING", text, 1, true)
      assert.not_matches("[Ee]rror", text)
      for _, name in ipairs({ "PING_INLINE", "PING_MBULK", "SET", "GET", "INCR", "MSET" }) do
        assert.matches(name .. "[^\n]*: [%d.]+ requests per second", text)
      end
    end
    server:stop()
  end)

  it("answers ioredis", function()
    local server, address = redis.start_ours()
    if not io.open("build/clients/node_modules/ioredis/package.json") then
      error("ioredis is not installed: scripts/setup test installs it with npm, which has to be there")
    end
    local text = support.shell("env NODE_PATH=build/clients/node_modules node spec/support/clients/ioredis.js "
      .. port_of(address))
    assert.equal("ioredis: all as expected\n", text)
    server:stop()
  end)
end)
