local certificates = require("spec.support.certificates")
local support = require("spec.support")

local function start()
  local pem = support.write_file(support.tmpdir() .. "/example.pem",
    support.read_file(certificates.path("server.pem")) .. support.read_file(certificates.path("server.key")))
  local server = support.spawn({ "examples/starttls.lua", "--port", "0", "--tlscert", pem })
  return server, server:expect("^smtp server started on tcp://.*:(%d+)$")
end

describe("examples/starttls.lua", function()
  it("turns to TLS for openssl s_client and curl", function()
    local server, port = start()
    local ca = certificates.path("ca.pem")
    local text = support.shell(
      ("sh -c \"printf 'EHLO x\\r\\nSTARTTLS\\r\\nQUIT\\r\\n' | openssl s_client -starttls smtp "
      .. "-ign_eof -verify_return_error -CAfile %s -connect localhost:%s\""):format(ca, port))
    assert.matches("Verify return code: 0 (ok)", text, 1, true)
    assert.matches("\n250 localhost\r\n503 5.5.1 this is TLS\r\n221 2.0.0 bye\r\n", text, 1, true)
    text = support.shell(("curl -sv --ssl-reqd --cacert %s -X NOOP smtp://localhost:%s"):format(ca, port))
    assert.matches("< 220 2.0.0 go ahead\r\n.*SSL connection using TLSv1.3.*> EHLO.*> NOOP\r\n.*250 2.0.0 nothing done",
      text)
    server:stop()
  end)

  it("refuses plaintext that was slipped in behind STARTTLS", function()
    local server, port = start()
    local client = support.connect("tcp://127.0.0.1:" .. port)
    client:send("EHLO x\r\nSTARTTLS\r\nNOOP\r\n")
    local text = client:receive_all()
    assert.matches("STARTTLS\r\n", text, 1, true)
    assert.not_matches("nothing done", text, 1, true)
    server:stop()
  end)

  it("answers what it does not know, and what is empty", function()
    local server, port = start()
    local client = support.connect("tcp://127.0.0.1:" .. port)
    assert.equal("220 localhost", client:receive_line())
    client:send("\r\nVRFY x\r\nnoop\r\nQUIT\r\n")
    assert.equal("502 5.5.2 not known\r\n502 5.5.2 not known\r\n250 2.0.0 nothing done\r\n221 2.0.0 bye\r\n",
      client:receive_all())
    server:stop()
  end)
end)
