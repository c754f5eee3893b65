-- evio.mux: several protocols on one port.
local certificates = require("spec.support.certificates")
local scripts = require("spec.support.scripts")
local support = require("spec.support")

local function serve(fields, more)
  return scripts.serve(([[
    local function name(it)
      return {
        opened = function() return it .. " opened;" end,
        data = function(conn, input) return it .. " " .. input .. ";" end,
        closed = function(_, err, code) print(it, err, code) end,
      }
    end
    events = evio.mux({ %s })
    function events.failed(_, err) print("failed", err) end
    function events.serving(server) print(server.addresses[1]) end
    %s]]):format(fields, more or ""))
end

local TLS = ("tls = evio.tls({ %s }), "):format(certificates.fields("server"))
local ALL = TLS .. [[resp = name("resp"), http = name("http"), default = name("default")]]

describe("evio.mux", function()
  it("tells protocols apart by their first bytes, however they are cut", function()
    local server = serve(ALL)
    for bytes, protocol in pairs({
      ["*1\r\n$4\r\nPING\r\n"] = "resp", ["GET / HTTP/1.1\r\n"] = "http", ["OPTIONS * HTTP/1.1\r\n"] = "http",
      ["GET http://x/ HTTP/1.1\r\n"] = "http", ["hello\r\n"] = "default", ["GET key\r\n"] = "http",
      ["GET 5\r\n"] = "default", ["A\r\n"] = "default", [("A"):rep(30)] = "default", ["\22\1"] = "default",
      ["\0"] = "default",
    }) do
      for _, size in ipairs({ 1, #bytes }) do
        local client = support.connect(server:address())
        for at = 1, #bytes, size do
          client:send(bytes:sub(at, at + size - 1))
          support.pass(size == 1 and 0.001 or 0)
        end
        client:finish()
        local text = client:receive_all()
        assert.equal(protocol .. " opened;", text:match("^[^;]*;"))
        assert.equal(bytes, (text:gsub(protocol .. " opened;", ""):gsub(protocol .. " ([^;]*);", "%1")))
        assert.equal(protocol .. "\tnil\tnil", server:line())
      end
    end
  end)

  it("looks into TLS again", function()
    local server = serve(ALL)
    for bytes, protocol in pairs({ ["*1\r\n"] = "resp", ["hello"] = "default" }) do
      local script = support.start(([[
        local evio = require("evio")
        local got = ""
        local events = evio.session(function(conn)
          conn:write(%q)
          print(conn:readuntil(";"), conn:readuntil(";"), conn.tls.version)
        end)
        evio.dial(evio.translate(events, nil, evio.tls({ verify = false })), %q)]]):format(bytes, server:address()))
      assert.equal(("%s opened\t%s %s\tTLSv1.3"):format(protocol, protocol, bytes):gsub("\r\n", "\r"):match("[^\r]*"),
        script:line():match("[^\r]*"))
    end
  end)

  it("disconnects who says nothing, or nothing that it knows", function()
    local closed = [[
      function events.closed(_, err, code) print("closed", err, code) end]]
    local server = serve(TLS .. 'timeout = 0.2, resp = name("resp")', closed)
    local client = support.connect(server:address())
    assert.equal("closed\tno protocol was recognized for 0.2 s\tEPROTO", server:line())
    assert.equal("", client:receive_all())
    client = support.connect(server:address())
    client:send("\22")
    assert.equal("closed\tno protocol was recognized for 0.2 s\tEPROTO", server:line())
    server = serve(TLS .. 'resp = name("resp")', closed) -- which gives them more time
    client = support.connect(server:address())
    client:send("hello")
    assert.equal("closed\tno protocol was recognized\tEPROTO", server:line())
    client = support.connect(server:address())
    client:send("\22\3\1garbage")
    server:expect("^closed\ttls: ")
  end)

  it("says so where a peer finishes before that, if it said anything", function()
    local server = serve(ALL, [[
      local closed = events.closed
      function events.closed(conn, err, code) closed(conn) print("closed", err, code) end]])
    local client = support.connect(server:address())
    client:send("HELLO")
    client:finish()
    assert.equal("closed\tthe peer finished before a protocol was recognized\tEPROTO", server:line())
    support.connect(server:address()):finish()
    assert.equal("closed\tnil\tnil", server:line())
  end)

  it("names the chosen table's opened where that is wrong", function()
    local server = serve("default = { opened = function() return 5 end }")
    support.connect(server:address()):send("x")
    server:expect_error("opened returned a number as out, expected a string, a string.buffer or nil")
  end)

  for source, message in pairs({
    ["{ default = { dta = print } }"] = 'default: unknown event "dta", expected serving',
    ["{ http = evio.translate({}, nil, evio.deflate()) }"] = "http: events with translators, expected those",
    ["{ resp = (function() local e = evio.session(print) e.data = print return e end)() }"] =
      "resp: events.data beside a session",
    ["5"] = "the settings are a number, expected a table",
    ["{ ftp = {} }"] = 'unknown setting "ftp", expected default, http, resp, timeout or tls',
    ["{ tls = {} }"] = "tls is a table, expected what evio.tls makes",
    ["{ tls = evio.deflate() }"] = "tls is a userdata, expected what evio.tls makes",
    ["{ resp = print }"] = "resp is a function, expected an events table",
    ["{ timeout = 1 / 0 }"] = "timeout is inf, expected seconds above 0",
    ["{ timeout = 0 }"] = "timeout is 0, expected seconds above 0",
  }) do
    it("refuses " .. source, function()
      assert.matches("server.lua:1: evio.mux: " .. message, scripts.fail(("evio.mux(%s)"):format(source)), 1, true)
    end)
  end
end)
