-- evio.tls on accepted connections, with clients that others wrote.
local certificates = require("spec.support.certificates")
local scripts = require("spec.support.scripts")
local support = require("spec.support")

local PAGE = [[
local body = ("evio\n"):rep(20000)
function events.data(conn)
  return ("HTTP/1.1 200 OK\r\nContent-Length: %d\r\nConnection: close\r\n\r\n"):format(#body) .. body, "close"
end
]]
local REPORT = [[
function events.opened(conn) print("opened", conn.tls.version, conn.tls.protocol, conn.tls.server_name) end
function events.closed(_, err, code) print("closed", err, code) end
function events.failed(_, err, code) print("failed", err, code) end
]]

-- A server with TLS; `settings` is source of further fields of evio.tls.
local function serve(source, settings, opts)
  return scripts.serve(source .. ([[

    function events.serving(server) print(table.concat(server.addresses, "\n")) end
    tls = evio.tls({ %s%s })
    events = evio.translate(events, nil, tls)]]):format(
    settings and settings:find("^cert =") and "" or certificates.fields("server") .. ", ", settings or ""), opts)
end

local function port_of(server)
  return server:address():match("%d+$")
end

local function run(command)
  return support.shell(("sh -c '%s'"):format(command))
end

-- What openssl s_client prints, with these options.
local function s_client(server, options)
  return run(("openssl s_client -connect 127.0.0.1:%s -CAfile %s %s </dev/null"):format(
    port_of(server), certificates.path("ca.pem"), options or ""))
end

describe("a server with TLS", function()
  it("serves curl", function()
    local server = serve(PAGE)
    local text = run(("curl -sS --cacert %s https://localhost:%s/"):format(
      certificates.path("ca.pem"), port_of(server)))
    support.same_bytes(("evio\n"):rep(20000), text)
  end)

  it("serves gnutls-cli", function()
    local server = serve("function events.data(_, input) return input:upper() end")
    local text = support.converse(("gnutls-cli --x509cafile %s -p %s localhost"):format(
      certificates.path("ca.pem"), port_of(server)), "hello", "^HELLO")
    assert.matches("HELLO", text, 1, true)
    assert.matches("Status: The certificate is trusted", text, 1, true)
  end)

  it("speaks TLS 1.2 and 1.3 and nothing older, with strong ciphers only", function()
    local server = serve(REPORT)
    assert.matches("TLSv1.3, Cipher is TLS_AES_128_GCM_SHA256", s_client(server), 1, true)
    assert.matches("Verify return code: 0 (ok)", s_client(server, "-tls1_2"), 1, true)
    for _, options in ipairs({ "-tls1_1 -cipher ALL:@SECLEVEL=0", "-tls1 -cipher ALL:@SECLEVEL=0",
      "-tls1_2 -cipher AES128-SHA", "-tls1_2 -cipher ECDHE-ECDSA-AES256-SHA384",
      "-tls1_2 -cipher AES256-GCM-SHA384" }) do
      assert.matches("Cipher is (NONE)", s_client(server, options), 1, true)
    end
    server = serve(REPORT, 'min = "1.3"')
    assert.matches("Cipher is (NONE)", s_client(server, "-tls1_2"), 1, true)
  end)

  it("shows sslscan nothing old and nothing weak", function()
    local server = serve(REPORT)
    local text = run("sslscan --no-colour 127.0.0.1:" .. port_of(server))
    for _, old in ipairs({ "SSLv2 ", "SSLv3 ", "TLSv1.0 ", "TLSv1.1 " }) do
      assert.matches(old .. "%s*disabled", text)
    end
    assert.matches("TLSv1.2%s+enabled.*TLSv1.3%s+enabled", text)
    local count = 0
    for bits, cipher in text:gmatch("\n%a+ +TLSv1%.%d +(%d+) bits +(%S+)") do
      count = count + 1
      assert.is_true(tonumber(bits) >= 128 and (cipher:find("GCM") or cipher:find("CHACHA20")) ~= nil, cipher)
    end
    assert.is_true(count >= 5, text)
    assert.matches("Session renegotiation not supported", text, 1, true)
    assert.not_matches("112 bits", text, 1, true)
  end)

  it("chooses the certificate by the name that the client asks for", function()
    local server = serve(REPORT, ("names = { ['one.example'] = { %s }, ['*.wild.example'] = { %s } }")
      :format(certificates.fields("one"), certificates.fields("wild")))
    for name, subject in pairs({ ["one.example"] = "one", ["ONE.example"] = "one", ["a.wild.example"] = "wild",
      ["a.b.wild.example"] = "server", ["wild.example"] = "server", ["other.example"] = "server" }) do
      assert.matches("subject=CN = " .. subject, s_client(server, "-servername " .. name), 1, true)
    end
    assert.matches("subject=CN = server", s_client(server, "-noservername"), 1, true)
  end)

  it("chooses the protocol, and refuses a client that has none of them", function()
    local server = serve(REPORT, 'alpn = { "h2", "http/1.1" }')
    assert.matches("ALPN protocol: h2", s_client(server, "-alpn http/1.1,h2"), 1, true)
    assert.equal("opened\tTLSv1.3\th2\tnil", server:line())
    assert.matches("ALPN protocol: http/1.1", s_client(server, "-alpn http/1.1"), 1, true)
    assert.matches("alert no application protocol", s_client(server, "-alpn spdy/1"), 1, true)
    server:expect("^failed\ttls: no application protocol\tEPROTO$")
    assert.matches("No ALPN negotiated", s_client(server), 1, true)
  end)

  it("resumes sessions, unless it has no tickets", function()
    for settings, word in pairs({ [""] = "Reused, TLSv1", ["tickets = false"] = "Can't open session file" }) do
      local server = serve([[
        function events.opened(conn) print("resumed", conn.tls.resumed) return "x", "close" end]], settings)
      local directory = support.tmpdir()
      for _, version in ipairs({ "-tls1_2", "-tls1_3" }) do
        s_client(server, ("%s -ign_eof -sess_out %s/session"):format(version, directory))
        assert.equal("resumed\tfalse", server:line())
        local text = s_client(server, ("%s -sess_in %s/session"):format(version, directory))
        assert.matches(word, text, 1, true)
        if settings == "" then
          assert.equal("resumed\ttrue", server:line())
        end
      end
    end
  end)

  it("asks clients for certificates, and tells who they are", function()
    local source = [[
      function events.opened(conn)
        local peer = conn.tls.peer
        return (peer and peer.name .. " " .. peer.issuer .. " " .. tostring(peer.verified) .. " "
          .. #peer.fingerprint or "nobody") .. "\n", "close"
      end
      function events.failed(_, err) print("failed", err) end]]
    local ca = ("ca = %q, "):format(certificates.path("ca.pem"))
    local mine = ("-quiet -cert %s -key %s"):format(certificates.path("client.pem"), certificates.path("client.key"))
    local server = serve(source, ca .. 'verify_client = "optional"')
    assert.matches("nobody", s_client(server, "-quiet"), 1, true)
    assert.matches("client.example CN=Spec CA true 64", s_client(server, mine), 1, true)
    server = serve(source, ca .. 'verify_client = "required"')
    assert.matches("client.example CN=Spec CA true 64", s_client(server, mine), 1, true)
    s_client(server, "-quiet")
    assert.equal("failed\ttls: peer did not return a certificate", server:line())
    assert.matches("nobody", s_client(serve(source), mine), 1, true)
  end)

  it("has the same ciphers and the same trust for every name", function()
    local ca = ("ca = %q, verify_client = 'optional', "):format(certificates.path("ca.pem"))
    local server = serve("function events.opened(conn) return tostring(conn.tls.peer and conn.tls.peer.verified), "
      .. "'close' end", ca .. ("names = { ['one.example'] = { %s } }"):format(certificates.fields("one")))
    assert.matches("Cipher is (NONE)", s_client(server, "-servername one.example -tls1_2 -cipher AES128-SHA"), 1, true)
    local mine = ("-quiet -cert %s -key %s -servername one.example"):format(certificates.path("client.pem"),
      certificates.path("client.key"))
    for _, version in ipairs({ "-tls1_2", "-tls1_3" }) do
      assert.matches("true", s_client(server, mine .. " " .. version), 1, true)
    end
  end)

  it("reads its certificates again, for the connections that come", function()
    local directory = support.tmpdir()
    local function put(name)
      for _, ending in ipairs({ "pem", "key" }) do
        support.write_file(directory .. "/it." .. ending,
          support.read_file(certificates.path(name .. "." .. ending)))
      end
    end
    put("server")
    local server = serve([[
      function events.data(_, input)
        if input:find("reload") then print(tls:reload()) end
        return input
      end]], ("cert = %q, key = %q"):format(directory .. "/it.pem", directory .. "/it.key"))
    local client = support.start(([[
      local evio = require("evio")
      local events = {}
      function events.opened(conn)
        evio.every(0.02, function() if io.open(%q) then conn:write("reload") return "none" end end)
      end
      function events.data(conn, input) conn.count = (conn.count or 0) + 1 end
      evio.dial(evio.translate(events, nil, evio.tls({ verify = false })), "tcp://127.0.0.1:%s")]])
      :format(directory .. "/go", port_of(server)))
    put("one")
    support.write_file(directory .. "/go", "")
    assert.equal("true", server:line())
    assert.matches("subject=CN = one", s_client(server), 1, true)
    support.write_file(directory .. "/it.key", "no key")
    server:expect("^nil\tcannot read the key .*it.key: ")
    assert.matches("subject=CN = one", s_client(server), 1, true)
    assert.is_true(client:alive())
  end)

  it("writes its secrets where SSLKEYLOGFILE says", function()
    local file = support.tmpdir() .. "/keys"
    local server = serve(PAGE, "", { env = { SSLKEYLOGFILE = file } })
    s_client(server)
    assert.matches("CLIENT_HANDSHAKE_TRAFFIC_SECRET %x+ %x+", support.read_file(file))
    assert.matches("SERVER_TRAFFIC_SECRET_0 %x+ %x+", support.read_file(file))
  end)
end)
