-- evio.proxy: headers byte by byte; a real proxy is in proxy_haproxy_spec.lua.
local certificates = require("spec.support.certificates")
local scripts = require("spec.support.scripts")
local support = require("spec.support")
local translators = require("spec.support.translators")

local SIGNATURE = "\r\n\r\n\0\r\nQUIT\n"
local LINE = "PROXY TCP4 192.0.2.1 198.51.100.2 1234 443\r\n"
local IPV4 = SIGNATURE .. "\33\17\0\12\192\0\2\1\198\51\100\2\4\210\1\187"
local REPORT = [[
local function show(name, conn, ...)
  print(name, conn.remote_address, conn.remote_ip, conn.remote_port, conn.local_address, ...)
end
function events.opened(conn) show("opened", conn) end
function events.data(_, input) return input end
function events.closed(conn, err, code) show("closed", conn, err, code) end
function events.failed(conn, err, code) show("failed", conn, err, code) end
]]
local CLIENT = "tcp://192.0.2.1:1234\t192.0.2.1\t1234\ttcp://198.51.100.2:443"

-- A server behind a proxy; inner is source that wraps `events` first.
local function serve(source, trusted, opts, inner)
  return scripts.serve(translators .. source .. ([[

    function events.serving(server) print(table.concat(server.addresses, "\n")) end
    %s
    events = evio.translate(events, nil, evio.proxy({ trusted = { %s } }))]]):format(
    inner or "", trusted or "'127.0.0.0/8', '::1'"), opts)
end

-- A header of version 2 without addresses that are known, with values: type, bytes, ...
local function with_values(...)
  local parts = {}
  for i = 1, select("#", ...), 2 do
    local kind, bytes = select(i, ...)
    parts[#parts + 1] = string.char(kind, math.floor(#bytes / 256), #bytes % 256) .. bytes
  end
  local values = table.concat(parts)
  return SIGNATURE .. "\33\17" .. string.char(math.floor((#values + 12) / 256), (#values + 12) % 256)
    .. IPV4:sub(17) .. values
end

describe("evio.proxy", function()
  it("tells the client's addresses, and passes on what is behind the header", function()
    local server = serve(REPORT)
    for _, header in ipairs({ LINE, IPV4 }) do
      local client = support.connect(server:address())
      client:send(header .. "hello")
      assert.equal("hello", client:receive(5))
      client:send(header)
      assert.equal(header, client:receive(#header))
      client:close()
      assert.equal("opened\t" .. CLIENT, server:line())
      assert.equal("closed\t" .. CLIENT .. "\tnil\tnil", server:line())
    end
  end)

  it("tells IPv6 addresses", function()
    local server = serve(REPORT)
    local client = support.connect(server:address())
    client:send("PROXY TCP6 2001:db8::1 2001:db8::2 1 65535\r\n")
    assert.equal("opened\ttcp://[2001:db8::1]:1\t2001:db8::1\t1\ttcp://[2001:db8::2]:65535", server:line())
  end)

  it("takes headers one byte at a time, and is not opened before", function()
    local server = serve("function events.opened(conn) print('opened', conn.proxy.version) return 'hi' end "
      .. "function events.data(_, input) print('data', input) end")
    for version, header in ipairs({ LINE, with_values(5, "id") }) do
      local client = support.connect(server:address())
      for i = 1, #header do
        support.pass(0.001)
        client:send(header:sub(i, i))
      end
      assert.equal("opened\t" .. version, server:line())
      assert.equal("hi", client:receive(2))
      client:send("x")
      assert.equal("data\tx", server:line())
    end
  end)

  it("keeps the real addresses where the proxy tells none", function()
    local server = serve([[
      function events.opened(conn)
        print(conn.remote_address == conn.proxy.remote_address, conn.local_address == conn.proxy.local_address,
          conn.proxy.known, conn.proxy.version, conn.remote_ip)
      end]])
    for header, version in pairs({ ["PROXY UNKNOWN\r\n"] = 1, [SIGNATURE .. "\33\0\0\0"] = 2,
      [SIGNATURE .. "\32\17\0\12" .. IPV4:sub(17)] = 2 }) do
      local client = support.connect(server:address())
      client:send(header)
      assert.equal(("true\ttrue\tfalse\t%d\t127.0.0.1"):format(version), server:line())
    end
  end)

  it("tells the proxy's values, and the proxy", function()
    local server = serve([[
      function events.opened(conn)
        local p = conn.proxy
        print(p.version, p.known, p.remote_address:match("^tcp://127.0.0.1:%d+$") ~= nil,
          p.local_address == conn.server.addresses[1])
        print(p.alpn, p[1], p.authority, p.unique_id, p.netns, p[238], p[4])
        print(p.ssl.tls, p.ssl.certificate, p.ssl.verified, p.ssl.version, p.ssl.name, p.ssl.cipher, p.ssl[33])
      end
      function events.closed(conn)
        print(conn.proxy.unique_id)
        evio.after(0, function() print(conn.proxy.unique_id) end)
      end]])
    local client = support.connect(server:address())
    client:send(with_values(1, "h2", 2, "one.example", 5, "the id", 48, "blue", 238, "own", 4, "",
      32, "\7\0\0\0\0\33\0\7TLSv1.3\34\0\3bob\35\0\1C"))
    assert.equal("2\ttrue\ttrue\ttrue", server:line())
    assert.equal("h2\th2\tone.example\tthe id\tblue\town\t", server:line())
    assert.equal("true\ttrue\ttrue\tTLSv1.3\tbob\tC\tTLSv1.3", server:line())
    client:close()
    assert.equal("the id", server:line())
    assert.equal("the id", server:line())
  end)

  it("tells unix sockets", function()
    local server = serve(REPORT)
    local function path(text) return text .. ("\0"):rep(108 - #text) end
    for source, address in pairs({
      ["/tmp/client"] = "unix:///tmp/client",
      ["/tmp/a\0garbage"] = "unix:///tmp/a",
      ["\0one\0two"] = "unix://@one\0two",
      [""] = "unix://@name", -- the client's socket mostly has none: as in front of our own sockets
    }) do
      local client = support.connect(server:address())
      client:send(SIGNATURE .. "\33\49\0\216" .. path(source) .. path("\0name"))
      assert.equal(("opened\t%s\tnil\tnil\tunix://@name"):format(address), server:line())
      client:close()
      assert.equal(("closed\t%s\tnil\tnil\tunix://@name\tnil\tnil"):format(address), server:line())
    end
  end)

  it("is known when the translator went, and the socket", function()
    local server = serve([[
      local function show(name, conn) print(name, conn.remote_address, conn.local_address, conn.proxy.unique_id) end
      function events.opened(conn) print(conn:pop()) show("opened", conn) return nil, "detach" end
      function events.detached(conn, socket)
        show("detached", conn)
        socket:close()
        evio.after(0, function() show("later", conn) end)
      end]])
    local client = support.connect(server:address())
    client:send(with_values(5, "the id"))
    assert.equal("true", server:line())
    for _, name in ipairs({ "opened", "detached", "later" }) do
      assert.equal(name .. "\ttcp://192.0.2.1:1234\ttcp://198.51.100.2:443\tthe id", server:line())
    end
  end)

  it("is known to should and make of the translators inside", function()
    local server = serve(REPORT, nil, nil, [[
      events = evio.translate(events, function(conn) print("should", conn.remote_ip) return true end,
        function(conn) print("make", conn.remote_port) return rot()() end)
      events = evio.translate(events, function() return false end, rot())]])
    local client = support.connect(server:address())
    client:send(LINE:sub(1, 20))
    client:send(LINE:sub(21) .. "hello")
    assert.equal("should\t192.0.2.1", server:line())
    assert.equal("make\t1234", server:line())
    assert.equal("opened\t" .. CLIENT, server:line())
    assert.equal("hello", client:receive(5))
  end)

  it("stands in front of TLS", function()
    local server = serve(REPORT, nil, nil, ("events = evio.translate(events, nil, evio.tls({ %s }))"):format(
      certificates.fields("server")))
    local client = support.connect(server:address())
    client:send(LINE)
    client:finish()
    assert.equal("failed\t" .. CLIENT .. "\ttls: the peer cut the connection in the handshake\tECUT", server:line())
    local script = scripts.dial(([[
      local header = { name = "header" }
      function header:start() return %q end
      function header:receive(wire) return wire end
      function header:send(plain) return plain end
      function events.opened(conn) return "hello" end
      function events.data(conn, input) print(input) return nil, "close" end
      events = evio.translate(events, nil, evio.tls({ verify = false }))
      evio.dial(evio.translate(events, nil, function() return header end), arg[1])]]):format(LINE), server:address())
    assert.equal("opened\t" .. CLIENT, server:line())
    assert.equal("hello", script:line())
  end)

  it("closes peers that are not trusted, whatever they send", function()
    local server = serve(REPORT, "'10.0.0.0/8', '::1', 'unix'")
    local client = support.connect(server:address())
    client:send(LINE)
    assert.equal("", (client:receive_all()))
    server:expect("^failed\ttcp://127.0.0.1:%d+\t127.0.0.1\t%d+\t.*\tproxy: 127.0.0.1 is not trusted\tEACCES$")
    local path = "unix://" .. support.tmpdir() .. "/socket"
    server = serve(REPORT, "'127.0.0.1'", { addresses = { path } })
    client = support.connect(server:address())
    assert.equal("", (client:receive_all()))
    server:expect("\tproxy: a unix socket's peer is not trusted\tEACCES$")
    server = serve(REPORT, "'unix'", { addresses = { "unix://" .. support.tmpdir() .. "/socket" } })
    client = support.connect(server:address())
    client:send(LINE)
    assert.equal("opened\t" .. CLIENT, server:line())
  end)

  it("closes what is malformed", function()
    local server = serve(REPORT)
    for bytes, reason in pairs({
      ["GET / HTTP/1.1\r\n"] = "there is none",
      ["PROXY TCP4 nonsense\r\n"] = "the line is malformed",
      ["PROXY TCP4 192.0.2.1 192.0.2.2 1 2\n"] = "the line does not end with CR LF",
      ["PROXY UNKNOWN " .. ("x"):rep(101)] = "the line has more than 107 bytes",
      [SIGNATURE .. "\34"] = "its version or its command is unknown",
      [SIGNATURE .. "\33\17\0\1x"] = "its addresses are malformed",
      [SIGNATURE .. "\33\17\0\13" .. ("x"):rep(13)] = "a value is cut",
      [with_values(3, "abcd")] = "the checksum is wrong",
    }) do
      local client = support.connect(server:address())
      client:send(bytes)
      assert.equal("", (client:receive_all()))
      server:expect("^failed\ttcp://127.*\tproxy: no PROXY header: " .. reason .. "\tEPROTO$")
    end
  end)

  it("closes peers that cut the header, or take too long", function()
    local server = serve(REPORT)
    local client = support.connect(server:address())
    client:send(IPV4:sub(1, 20))
    client:finish()
    server:expect("\tproxy: the peer cut the connection in the PROXY header\tECUT$")
    server = serve("events.options = { handshake = 0.2 }\n" .. REPORT)
    local other = support.connect(server:address())
    other:send(LINE:sub(1, 20))
    server:expect("^failed.*ETIMEDOUT$")
  end)

  it("has no place in front of a dialed connection", function()
    local script = scripts.dial([[
      evio.dial(evio.translate(events, nil, evio.proxy({ trusted = { "::/0" } })), arg[1])]],
      scripts.serve(""):address())
    script:expect("^failed\t.*evio.proxy: a dialed connection gets no PROXY header")
  end)

  it("has no place in the middle of a conversation", function()
    local client, server = scripts.serve_one([[
      function events.data(conn) conn:push(evio.proxy({ trusted = { "0.0.0.0/0" } })) end]])
    client:send("x")
    server:expect_error("evio.proxy: a PROXY header comes first, not in the middle of a conversation")
  end)

  it("and evio.deflate go along with a detached socket", function()
    local server = serve([[
      function events.opened() return nil, "detach" end
      function events.detached(_, socket)
        local job = evio.spawn(function(s)
          local got, last = 0, ""
          while got < 3000005 do
            local bytes, err = s:read()
            if not bytes then return err or "end", got end
            got, last = got + #bytes, bytes:sub(-5)
          end
          return last, got, s:read()
        end, socket)
        job:done(print)
      end]], nil, nil, "events = evio.translate(events, nil, evio.deflate({ format = 'gzip', ratio = false }))")
    local directory = support.tmpdir()
    assert.equal(0, os.execute(("(head -c 3000000 /dev/zero; printf hello) | gzip -n >%s/wire"):format(directory)))
    local client = support.connect(server:address())
    client:send(LINE .. support.read_file(directory .. "/wire"))
    client:finish()
    assert.equal("true\thello\t3000005\tnil", server:line())
  end)

  for arguments, message in pairs({
    [""] = "the settings are a nil, expected a table",
    ["{}"] = "trusted is missing, expected a list of networks",
    ["{ trusted = {} }"] = "trusted is empty, expected a list of networks",
    ["{ trusted = '::1' }"] = "trusted is a string, expected a list of networks",
    ["{ trust = { '::1' } }"] = 'unknown setting "trust", expected trusted',
    ["{ trusted = { '::1', ['10.0.0.0/8'] = true } }"] = "trusted[10.0.0.0/8] is a boolean, expected a network",
    ["{ trusted = { '::1', x = '10.0.0.0/8' } }"] = "trusted is no list, expected a list of networks",
    ["{ trusted = { '10.0.0.0/8\\0' } }"] = "trusted[1] is \"10.0.0.0/8\\0\", which is no network",
    ["{ trusted = { '10.0.0.0/08' } }"] = 'trusted[1] is "10.0.0.0/08", which is no network',
    ["{ trusted = { '::1', 5 } }"] = "trusted[2] is a number, expected a network",
    ["{ trusted = { '::1', '10.0.0.1/8' } }"] = 'trusted[2] is "10.0.0.1/8", which is no network such as',
    ["{ trusted = { 'localhost' } }"] = 'trusted[1] is "localhost", which is no network such as',
  }) do
    it("refuses " .. arguments, function()
      assert.matches("server.lua:1: evio.proxy: " .. message,
        scripts.fail(("evio.proxy(%s)"):format(arguments)), 1, true)
    end)
  end
end)
