-- The settings of evio.tls: what is refused, and in which forms they come.
local certificates = require("spec.support.certificates")
local scripts = require("spec.support.scripts")
local support = require("spec.support")

describe("evio.tls", function()
  local server, key = certificates.path("server.pem"), certificates.path("server.key")
  for source, message in pairs({
    ["5"] = "the settings are a number, expected a table",
    ["{ crt = 'x' }"] = 'unknown setting "crt", expected alpn, ca, cert, key, min',
    ["{ cert = 5 }"] = "cert is a number, expected a string",
    ["{ cert = 'x' }"] = "key is missing, expected cert and key",
    ["{ min = '1.1' }"] = 'min is "1.1", expected "1.2" or "1.3"',
    ["{ name = '' }"] = "name is empty, expected a server's name",
    ["{ ca = '/no/ca' }"] = "cannot read the CA certificates /no/ca: no such file",
    [("{ cert = %q, key = %q, verify_client = 'required' }"):format(server, key)] = "ca is missing",
    ["{ alpn = { '' } }"] = "alpn[1] is no name of 1 to 255 bytes",
    ["{ cert = '/no/file', key = 'x' }"] = "cannot read the certificate /no/file: no such file",
    [("{ cert = %q, key = '/no/key' }"):format(server)] = "cannot read the key /no/key: ",
    [("{ cert = %q, key = %q }"):format(certificates.path("one.pem"), key)] = "does not fit the certificate",
    [("{ cert = %q, key = %q }"):format(server, certificates.path("locked.key"))] = "cannot read the key ",
    [("{ cert = %q, key = %q, names = { x = 5 } }"):format(server, key)] = 'names["x"] is no { cert',
  }) do
    it("refuses " .. source:gsub("[%w/._]+/(%w+%.%w+)", "%1"), function()
      local first = scripts.fail(("evio.tls(%s)"):format(source))
      assert.matches("server.lua:1: evio.tls: ", first, 1, true)
      assert.matches(message, first, 1, true)
    end)
  end

  it("is refused for a server without a certificate, where it is for all connections", function()
    local source = "evio.listen(evio.translate(events, %s, evio.tls({ verify = false })), 'tcp://127.0.0.1:0')"
    assert.matches("server.lua:1: evio.tls has no cert and key, which accepted connections need",
      scripts.fail(source:format("nil")), 1, true)
    scripts.serve(source:format("function(conn) return not conn.server end"))
  end)

  it("takes text in the place of files, and a password", function()
    local text = ("cert = %q, key = %q"):format(support.read_file(server), support.read_file(key))
    local locked = ("cert = %q, key = %q, password = 'secret'"):format(server, certificates.path("locked.key"))
    for _, fields in ipairs({ text, locked }) do
      local peer = scripts.serve(([[
        function events.opened() return 'hi' end
        function events.serving(server) print(server.addresses[1]) end
        events = evio.translate(events, nil, evio.tls({ %s }))]]):format(fields))
      local script = support.start(([[
        local evio = require("evio")
        local events = {}
        function events.data(_, input) print(input) end
        evio.dial(evio.translate(events, nil, evio.tls({ ca = %q })), "%s")]]):format(
        certificates.path("ca.pem"), peer:address()))
      assert.equal("hi", script:line())
    end
  end)
end)
