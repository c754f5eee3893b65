-- TLS where it goes wrong or ends, from both sides, and as one translator among others.
local certificates = require("spec.support.certificates")
local scripts = require("spec.support.scripts")
local support = require("spec.support")
local translators = require("spec.support.translators")

local REPORT = [[
function events.opened(conn) print("opened") end
function events.data(_, input) print("data", input) end
function events.closed(_, err, code) print("closed", err, code) end
function events.failed(_, err, code) print("failed", err, code) end
]]
local SERVER = ("evio.tls({ %s })"):format(certificates.fields("server"))
local CA = ("ca = %q"):format(certificates.path("ca.pem"))

local function serve(source, maker)
  return scripts.serve(translators .. source .. ([[

    function events.serving(server) print(table.concat(server.addresses, "\n")) end
    events = evio.translate(events, nil, %s)]]):format(maker or SERVER))
end

-- A script that dials with TLS; `settings` is source of the fields of evio.tls.
local function dial(address, source, settings)
  return support.start(translators .. ([[
    local evio = require("evio")
    local events = {}
    local address = %q
    %s
    evio.dial(evio.translate(events, nil, evio.tls({ %s })), address)]]):format(
    (address:gsub("127.0.0.1", "localhost")), source, settings or CA))
end

-- The first flight of a client, as bytes.
local function client_hello()
  local server = scripts.serve([[
    function events.data(_, input)
      print((input:gsub(".", function(c) return ("%02x"):format(c:byte()) end)))
    end]])
  dial(server:address(), "")
  return (server:expect("^(%x%x%x%x+)$"):gsub("%x%x", function(hex)
    return string.char(tonumber(hex, 16))
  end))
end

describe("a TLS handshake", function()
  it("of something else fails with OpenSSL's reason, at once", function()
    local server = serve(REPORT)
    local client = support.connect(server:address())
    client:send("GET / HTTP/1.1\r\n\r\n")
    assert.equal("failed\ttls: http request\tEPROTO", server:line())
    client = support.connect(server:address())
    client:send(("garbage "):rep(100))
    assert.equal("failed\ttls: wrong version number\tEPROTO", server:line())
    client:receive_all()
  end)

  it("of 64 MiB of garbage leaves the memory flat (seed 24)", function()
    local server = serve(REPORT)
    local client = support.connect(server:address())
    local before = support.rss(server.pid)
    local garbage, sent = support.random_bytes(65536), 0
    while sent < 64 * 1024 * 1024 and client:send(garbage) do
      sent = sent + #garbage
    end
    assert.matches("^failed\ttls: ", server:line())
    local grown = support.rss(server.pid) - before
    assert.is_true(support.sanitized or grown < 4 * 1024 * 1024, grown .. " bytes")
  end)

  it("of more than 128 KiB ends", function()
    local server = serve(REPORT)
    local client = support.connect(server:address())
    client:send("\22\3\1\0\6\1\1\134\160\3\3") -- a ClientHello of 100,000 bytes, in records of one
    client:send(("\22\3\1\0\1x"):rep(22000))
    assert.equal("failed\ttls: the handshake has more than 131072 bytes\tEPROTO", server:line())
  end)

  it("that stalls at any of its messages ends at the time-out, and no event sees it", function()
    local hello = client_hello()
    for _, part in ipairs({ "", hello:sub(1, 3), hello:sub(1, 100), hello }) do
      local server = serve(REPORT .. "events.options = { handshake = 0.3 }")
      local client = support.connect(server:address())
      client:send(part)
      assert.equal("failed\thandshake time-out: it was not over for 0.3 s\tETIMEDOUT", server:line())
      server:stop()
      assert.not_matches("opened", (server:output()))
    end
  end)

  it("that is cut says so", function()
    local server = serve(REPORT)
    local client = support.connect(server:address())
    client:send("\22\3\1")
    client:finish()
    assert.equal("failed\ttls: the peer cut the connection in the handshake\tECUT", server:line())
  end)

  it("of a flood leaves others served", function()
    local server = serve("function events.data(_, input) return input end")
    local hello = client_hello()
    local flood = {}
    for i = 1, 60 do
      flood[i] = support.connect(server:address())
      flood[i]:send(hello)
    end
    local script = dial(server:address(), [[
      function events.opened() return "served" end
      function events.data(conn, input) print(input) return nil, "close" end]])
    assert.equal("served", script:line())
  end)
end)

describe("a TLS client", function()
  it("verifies the server's certificate and its name", function()
    local server = serve("function events.opened() return 'hi' end")
    local bad = serve("", ("evio.tls({ %s })"):format(certificates.fields("expired")))
    local FAILED = "function events.failed(_, err, code) print(err, code) end\n"
      .. "function events.data(conn, input) print(input, conn.tls.peer.verified) return nil, 'close' end"
    for _, case in ipairs({
      { server, CA, "hi\ttrue" },
      { server, "verify = false", "hi\tfalse" },
      { server, "", "tls: unable to get local issuer certificate\tEPROTO" },
      { server, CA .. ', name = "other.example"', "tls: hostname mismatch\tEPROTO" },
      { bad, CA, "tls: certificate has expired\tEPROTO" },
    }) do
      assert.equal(case[3], dial(case[1]:address(), FAILED, case[2]):line())
    end
    local by_ip = support.start(([[
      local evio = require("evio")
      local events = {}
      %s
      evio.dial(evio.translate(events, nil, evio.tls({ %s })), "%s")]]):format(FAILED, CA, server:address()))
    assert.equal("hi\ttrue", by_ip:line())
  end)

  it("has a name to verify, whatever is dialed", function()
    local path = support.tmpdir() .. "/s"
    local server = scripts.serve(([[
      function events.serving(server) print(table.concat(server.addresses, "\n")) end
      events = evio.translate(events, nil, evio.tls({ %s }))]]):format(certificates.fields("one")),
      { addresses = { "tcp://localhost:0", "unix://" .. path } })
    local function try(address)
      return support.start(([[
        local evio = require("evio")
        local events = { failed = function(_, err) print(err) end, opened = function() print("opened") end }
        evio.dial(evio.translate(events, nil, evio.tls({ %s })), "%s")]]):format(CA, address)):line()
    end
    local port = server:address(1):match("%d+$")
    assert.equal("tls: hostname mismatch", try("tcp://:" .. port))
    assert.equal("evio.tls: there is no name to verify the server by; expected `name`, or `verify = false`",
      try("unix://" .. path))
  end)

  it("resumes its session, once a ticket in TLS 1.3, and stays verified", function()
    local server = serve("function events.data(conn) return tostring(conn.tls.resumed), 'close' end")
    for settings, answers in pairs({
      [CA] = { "false", "true", "true" }, [CA .. ", tickets = false"] = { "false", "false", "false" },
    }) do
      local script = dial(server:address(), ([[
        local maker, left = evio.tls({ %s }), 3
        function events.opened() return "ask" end
        function events.data(conn, input) print(input, conn.tls.resumed, conn.tls.peer.verified) end
        function events.closed()
          left = left - 1
          if left > 0 then evio.dial(again, address) end
        end
        again = evio.translate(events, nil, maker)
        evio.dial(again, address)
        events = { opened = function(conn) conn:close() end }]]):format(settings), settings)
      for _, answer in ipairs(answers) do
        assert.equal(("%s\t%s\ttrue"):format(answer, answer), script:line())
      end
    end
  end)

  it("shows its certificate", function()
    local server = serve("function events.opened(conn) return conn.tls.peer.name end",
      ("evio.tls({ %s, %s, verify_client = 'required' })"):format(certificates.fields("server"), CA))
    local script = dial(server:address(), "function events.data(_, input) print(input) end",
      ("%s, %s"):format(CA, certificates.fields("client")))
    assert.equal("client.example", script:line())
  end)

  it("talks to openssl s_server", function()
    local peer = support.spawn({ "s_server", "-accept", "127.0.0.1:0", "-cert",
      certificates.path("server.pem"), "-key", certificates.path("server.key"), "-rev" },
      { command = { "openssl" } })
    local address = "tcp://localhost:" .. peer:expect("^ACCEPT .*:(%d+)$")
    local script = dial(address, [[
      function events.opened() return "hello\n" end
      function events.data(_, input) print(input) return nil, "close" end]])
    assert.equal("olleh", script:line())
  end)
end)

describe("a TLS connection", function()
  it("has 50 replies of 100 KB with a close complete (seed 22)", function()
    local server = serve("function events.data() return ('x'):rep(102400), 'close' end")
    assert.equal("50", scripts.whole_replies(("evio.tls({ %s })"):format(CA),
      (server:address():gsub("127.0.0.1", "localhost"))))
  end)

  it("carries every byte, one at a time, among other translators", function()
    local stack = "evio.translate(evio.translate(events, nil, frame('A')), nil, frame('B'))"
    local server = scripts.serve(translators .. ([[
      function events.data(conn, input) for i = 1, #input do conn:write(input:sub(i, i)) end end
      function events.serving(server) print(server.addresses[1]) end
      events = evio.translate(%s, nil, %s)]]):format(stack, SERVER))
    local bytes = support.random_bytes(500)
    local script = dial(server:address(), ([[
      local bytes, got = %q, ""
      function events.opened(conn)
        for i = 1, #bytes do evio.after(i * 0.0005, function() conn:write(bytes:sub(i, i)) end) end
      end
      function events.data(_, input)
        got = got .. input
        if #got == #bytes then print(got == bytes) return nil, "close" end
      end
      events = %s]]):format(bytes, stack))
    assert.equal("true", script:line(20))
  end)

  it("tells a close_notify, which is eof, from a cut", function()
    -- Without tickets, which a peer that was killed would leave unread: that is a reset.
    local server = serve(REPORT .. "function events.eof() print('eof') end",
      ("evio.tls({ %s, tickets = false })"):format(certificates.fields("server")))
    dial(server:address(), "function events.opened() return 'x', 'close' end")
    for _, line in ipairs({ "opened", "data\tx", "eof", "closed\tnil\tnil" }) do
      assert.equal(line, server:line())
    end
    local script = dial(server:address(), "function events.opened() return 'x' end")
    server:expect("^data\tx$")
    script:kill()
    assert.equal("closed\ttls: the peer cut the connection without a close_notify\tECUT", server:line())
  end)

  it("takes its session along into a job when it is detached #threads", function()
    local server = serve([[
      function events.data(_, input) return input:upper(), "detach" end
      function events.detached(_, socket)
        evio.spawn(function(it)
          local got = it:read(5)
          it:write("job " .. got)
          local last = it:read()
          it:close()
          return got, last
        end, socket):done(print)
      end]])
    local script = dial(server:address(), [[
      function events.opened() return "loop" end
      function events.data(conn, input)
        print(input)
        if input == "LOOP" then return "hello" end
        conn:finish()
      end
      function events.closed(_, err) print("closed", err) end]])
    assert.equal("LOOP", script:line())
    assert.equal("job hello", script:line())
    assert.equal("true\thello\tnil", server:line())
    assert.equal("closed\tnil", script:line())
  end)

  it("may begin in the middle of a conversation, and nothing slips in front of it", function()
    local STARTTLS = REPORT .. ([[
      events.data = evio.stream(function(conn, stream)
        local line = stream:line()
        if line == "STARTTLS" then
          conn:write("go\n")
          conn:push(%s, function(c) print("ready", c.tls.version) return "secret\n" end)
        elseif line then
          print("line", line)
        end
      end)]]):format(SERVER)
    local server = scripts.serve(STARTTLS)
    support.start(([[
      local evio = require("evio")
      local events = {}
      function events.opened() return "STARTTLS\n" end
      function events.data(conn, input)
        if input == "go\n" then
          conn:push(evio.tls({ %s, name = "localhost" }))
          conn:write("inside\n")
        else
          print(input)
          conn:close()
        end
      end
      evio.dial(events, "%s")]]):format(CA, server:address()))
    server:expect("^ready\tTLSv1.3$")
    assert.equal("line\tinside", server:line())
    local client = support.connect(server:address())
    client:send("STARTTLS\nevil\n")
    server:expect("^closed\tplaintext came in front of the translator that was pushed\tEPROTO$")
    server:stop()
    assert.not_matches("evil", (server:output()))
  end)
end)
