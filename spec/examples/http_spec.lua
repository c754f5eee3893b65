local support = require("spec.support")

local function start(certificate)
  local server = support.spawn({ "examples/http.lua", "--port", "0", "--tlsport", "0", "--tlscert", certificate })
  return server, server:expect("^http server started on tcp://.*:(%d+)$")
end

describe("examples/http.lua", function()
  local pem = os.tmpname()
  assert(os.execute(("scripts/certificate '%s' >/dev/null"):format(pem)) == 0)
  local text = support.read_file(pem)
  os.remove(pem)

  local function certificate()
    return support.write_file(support.tmpdir() .. "/example.pem", text)
  end

  it("serves curl with http and https", function()
    local server, port = start(certificate())
    local tlsport = server:expect("^https server started on tcp://.*:(%d+)$")
    assert.equal("Hello World!\n", support.shell(("curl -sS http://localhost:%s/"):format(port)))
    assert.equal("Hello World!\n", support.shell(("curl -sSk https://localhost:%s/"):format(tlsport)))
    assert.equal("Hello World!\nHello World!\n",
      support.shell(("curl -sSk https://localhost:%s/ https://localhost:%s/"):format(tlsport, tlsport)))
    assert.equal("Hello World!\n", support.shell(("curl -sS --http1.0 http://localhost:%s/"):format(port)))
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
    assert.equal("Hello World!\n", client:receive(13))
    client:send(("GET / HTTP/1.1\r\n\r\n"):rep(3) .. "nonsense\r\n\r\n")
    local _, count = client:receive_all():gsub("Hello World!", "")
    assert.equal(3, count)
    server:stop()
  end)

  it("says what is missing for https", function()
    local server = start("/no/such.pem")
    server:expect("^no https: there is no /no/such.pem, scripts/certificate makes one$")
    server:stop()
  end)
end)
