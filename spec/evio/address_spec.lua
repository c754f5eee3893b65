-- tls:// addresses: the short form of evio.tls.
local certificates = require("spec.support.certificates")
local scripts = require("spec.support.scripts")
local support = require("spec.support")

local KEYS = ("cert=%s&key=%s"):format(certificates.path("server.pem"), certificates.path("server.key"))

describe("a tls address", function()
  it("is listened on and dialed, beside others", function()
    local server = scripts.serve([[
      function events.opened(conn)
        return ("%d %s %s\n"):format(conn.index, tostring(conn.tls and conn.tls.version), conn.local_address:sub(1, 6))
      end]], { addresses = { "tcp://127.0.0.1:0", "tls://127.0.0.1:0?backlog=5&" .. KEYS } })
    assert.equal("1 nil tcp://", support.connect(server:address(1)):receive_line())
    assert.matches("^tls://127.0.0.1:%d+$", server:address(2))
    local script = support.start(([[
      local evio = require("evio")
      local events = {}
      function events.data(conn, input) io.write(input) conn:close() end
      function events.failed(_, err) print(err) end
      evio.dial(events, "%s?ca=%s")]]):format(server:address(2), certificates.path("ca.pem")))
    assert.equal("2 TLSv1.3 tcp://", script:line())
    script = support.start(([[
      local evio = require("evio")
      evio.dial({ failed = function(_, err) print(err) end }, "%s")]]):format(server:address(2)))
    assert.equal("tls: unable to get local issuer certificate", script:line())
    script = support.start(([[
      local evio = require("evio")
      evio.dial({ data = function(conn, input) io.write(input) conn:close() end }, "%s?verify=false")]])
      :format(server:address(2)))
    assert.equal("2 TLSv1.3 tcp://", script:line())
  end)

  it("says what is wrong with its settings", function()
    for address, message in pairs({
      ["tls://:0?cert=x"] = 'bad address "tls://:0?cert=x": key is missing, expected cert and key',
      ["tls://:0"] = 'bad address "tls://:0": cert and key are missing, which a server needs',
      ["tls://:0?cert=/no/file&key=x"] = "cannot read the certificate /no/file: no such file",
      ["tls://:0?verify=maybe"] = 'verify is "maybe", expected true or false',
      ["tls://:0?min=1.0&" .. KEYS] = 'min is "1.0", expected "1.2" or "1.3"',
      ["tls://:0?crt=x&" .. KEYS] = 'unknown option "crt", expected reuseport or backlog',
    }) do
      local first = scripts.fail(("evio.listen({}, %q)"):format(address))
      assert.matches("server.lua:1: ", first, 1, true)
      assert.matches(message, first, 1, true)
    end
  end)
end)
