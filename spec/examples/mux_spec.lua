local certificates = require("spec.support.certificates")
local support = require("spec.support")

describe("examples/mux.lua", function()
  it("speaks HTTP, RESP and lines, and TLS around them, on one port", function()
    local pem = support.write_file(support.tmpdir() .. "/example.pem",
      support.read_file(certificates.path("server.pem")) .. support.read_file(certificates.path("server.key")))
    local server = support.spawn({ "examples/mux.lua", "--port", "0", "--tlscert", pem })
    local port = server:expect("^mux started on tcp://.*:(%d+)$")
    assert.equal("OK\n", support.shell(("redis-cli -p %s set x 5"):format(port)))
    assert.equal("5\n", support.shell(("redis-cli -p %s --tls --insecure get x"):format(port)))
    assert.equal("5\nhello\n", support.shell(("sh -c 'printf \"x\\ny = hello\\n\" | nc -N 127.0.0.1 %s'"):format(port)))
    assert.matches("\nhello\n", support.converse(
      "openssl s_client -quiet -no_ign_eof -connect 127.0.0.1:" .. port, "y", "^hello"))
    assert.equal("5", support.shell(("curl -sS http://127.0.0.1:%s/x"):format(port)))
    assert.equal("6", support.shell(("curl -sSk -X PUT -d 6 https://127.0.0.1:%s/x"):format(port)))
    assert.equal("nothing\n6",
      support.shell(("curl -sS http://127.0.0.1:%s/z http://127.0.0.1:%s/x"):format(port, port)))
    assert.equal("6\n", support.shell(("redis-cli -p %s get x"):format(port)))
    server:stop()
  end)

  it("does without TLS where there is no certificate, and says so", function()
    local server = support.spawn({ "examples/mux.lua", "--port", "0", "--tlscert", "/nonexistent" })
    local port = server:expect("^mux started on tcp://.*:(%d+)$")
    assert.equal("no TLS: there is no /nonexistent, scripts/certificate makes one", server:line())
    assert.equal("PONG\n", support.shell(("redis-cli -p %s PING"):format(port)))
  end)
end)
