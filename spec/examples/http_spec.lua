local support = require("spec.support")

local function start(certificate)
  local server = support.spawn({ "examples/http.lua", "--port", "0", "--tlsport", "0", "--tlscert", certificate })
  return server, server:expect("^http server started on tcp://.*:(%d+)$")
end

describe("examples/http.lua", function()
  local function certificate()
    local pem = support.tmpdir() .. "/example.pem"
    assert(os.execute(("scripts/certificate '%s' >/dev/null"):format(pem)) == 0)
    return pem
  end

  it("serves curl with http and https", function()
    local server, port = start(certificate())
    local tlsport = server:expect("^https server started on tcp://.*:(%d+)$")
    assert.equal("Hello World!", support.shell(("curl -sS http://localhost:%s/"):format(port)))
    assert.equal("Hello World!", support.shell(("curl -sSk https://localhost:%s/"):format(tlsport)))
    assert.equal("Hello World!Hello World!",
      support.shell(("curl -sSk https://localhost:%s/ https://localhost:%s/"):format(tlsport, tlsport)))
    assert.equal("Hello World!", support.shell(("curl -sS --http1.0 http://localhost:%s/"):format(port)))
    for _, method in ipairs({ "POST", "PUT", "DELETE", "GET" }) do
      assert.equal("echo\r\n", support.shell(("sh -c \"printf 'echo\\r\\n' | curl -sSk -X %s --data-binary @- %s\"")
        :format(method, ("https://localhost:%s/echo"):format(tlsport))))
    end
    assert.matches("\r\nContent%-Length: 12\r\n", support.shell(("curl -sSI http://localhost:%s/"):format(port)))
    assert.matches("\r\nContent%-Type: a/b\r\n",
      support.shell(("curl -sSi -H 'Content-Type: a/b' -d x http://localhost:%s/"):format(port)))
    server:stop()
  end)

  it("answers a head that comes in pieces, and several at once", function()
    local server, port = start("/no/such.pem")
    local client = support.connect("tcp://127.0.0.1:" .. port)
    for part in ("GET / HTTP/1.1\r\nHost: x\r\n\r\n"):gmatch("..?.?") do
      client:send(part)
      support.pass(0.001)
    end
    assert.equal("HTTP/1.1 200 OK", client:receive_line())
    repeat
      local line = client:receive_line()
    until line == ""
    assert.equal("Hello World!", client:receive(12))
    client:send(("GET / HTTP/1.1\r\nHost: x\r\n\r\n"):rep(3) .. "nonsense\r\n\r\n")
    local answers = client:receive_all()
    local _, count = answers:gsub("Hello World!", "")
    assert.equal(3, count)
    assert.matches("\r\n\r\nHello World!HTTP/1.1 400 Bad Request\r\n", answers)
    server:stop()
  end)

  it("says what is missing for https", function()
    local server = start("/no/such.pem")
    server:expect("^no https: there is no /no/such.pem, scripts/certificate makes one$")
    server:stop()
  end)
end)
