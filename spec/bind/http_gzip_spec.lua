-- evio.http.gzip: bodies that are compressed, and those that are not.
local codecs = require("spec.support.codecs")
local http = require("spec.support.http")
local scripts = require("spec.support.scripts")
local support = require("spec.support")

local accept = codecs.load("evio.http.accept")

local HANDLER = [[
  local long = ("0123456789"):rep(1000)
  local answers = {
    ["/text"] = long,
    ["/short"] = "short",
    ["/least"] = ("x"):rep(1024),
    ["/below"] = ("x"):rep(1023),
    ["/html"] = { status = 404, headers = { ["content-type"] = "text/html", ETag = '"a"', vary = "Cookie" },
      body = long },
    ["/weak"] = { headers = { etag = 'W/"a"', Vary = "accept-encoding" }, body = long },
    ["/star"] = { headers = { Vary = "*" }, body = long },
    ["/lists"] = { headers = { Vary = { "A", "B" }, ["Set-Cookie"] = { "a=1", "b=2" } }, body = long },
    ["/json"] = { headers = { ["Content-Type"] = "application/problem+json; x=y" }, body = long },
    ["/png"] = { headers = { ["Content-Type"] = "image/png" }, body = long },
    ["/own"] = { headers = { ["Content-Type"] = "x/own" }, body = long },
    ["/coded"] = { headers = { ["Content-Encoding"] = "br" }, body = long },
    ["/kept"] = { headers = { ["Cache-Control"] = "No-Transform" }, body = long },
    ["/part"] = { status = 206, headers = { ["Content-Range"] = "bytes 0-9999/20000" }, body = long },
    ["/none"] = { status = 204 },
    ["/same"] = { status = 304, headers = { ETag = '"a"' } },
  }
  local function handler(request)
    if request.path == "/later" then
      evio.after(0.01, function() request:respond(long) end)
      return nil
    elseif request.path == "/at-once" then
      request:respond(long)
      return nil
    elseif request.path == "/random" then
      return io.open("/dev/urandom"):read(5000)
    elseif request.path == "/wrong" then
      return { headers = 5, body = long }
    end
    return answers[request.path]
  end
  events = evio.http.server(evio.http.gzip(handler, { %s }))
]]

local LONG = ("0123456789"):rep(1000)

local function serve(settings)
  return scripts.serve(HANDLER:format(settings or ""))
end

-- The plaintext of a stream of gzip.
local function unpack_gzip(bytes)
  local path = support.write_file(support.tmpdir() .. "/body", bytes)
  return support.shell("gzip -dc " .. path)
end

local function get(client, path, coding)
  return http.fetch(client, "GET " .. path, "Accept-Encoding: " .. (coding or "gzip") .. "\r\n")
end

describe("evio.http.gzip", function()
  it("compresses what is worth it for those who accept it", function()
    local client = support.connect(serve():address())
    for _, path in ipairs({ "/text", "/html", "/weak", "/json", "/later", "/at-once", "/lists", "/star" }) do
      local answer = get(client, path)
      assert.equal("gzip", answer.fields["content-encoding"], path)
      assert.is_true(#answer.body < 200)
      support.same_bytes(LONG, unpack_gzip(answer.body))
      local plain = get(client, path, "br")
      assert.is_nil(plain.fields["content-encoding"])
      support.same_bytes(LONG, plain.body)
      assert.equal(answer.fields.vary, plain.fields.vary)
      assert.equal(answer.fields["content-type"], plain.fields["content-type"])
      assert.equal(answer.status, plain.status)
    end
    support.same_bytes(("x"):rep(1024), unpack_gzip(get(client, "/least").body))
  end)

  it("says on what the body depends, and that its bytes are others", function()
    local client = support.connect(serve():address())
    for path, expected in pairs({
      ["/text"] = { 200, nil, "Accept-Encoding", "text/plain; charset=utf-8" },
      ["/html"] = { 404, 'W/"a"', "Cookie, Accept-Encoding", "text/html" },
      ["/weak"] = { 200, 'W/"a"', "accept-encoding", "text/plain; charset=utf-8" },
      ["/star"] = { 200, nil, "*", "text/plain; charset=utf-8" },
      ["/lists"] = { 200, nil, "A, B, Accept-Encoding", "text/plain; charset=utf-8" },
    }) do
      for _ = 1, 2 do -- a table that is returned twice stays as it is
        local answer = get(client, path)
        local f = answer.fields
        assert.same(expected, { answer.status, f.etag, f.vary, f["content-type"] }, path)
      end
    end
    assert.equal('"a"', get(client, "/html", "identity").fields.etag)
  end)

  it("leaves alone what is short, compressed, a part, of no body, or not to be changed", function()
    local client = support.connect(serve():address())
    for _, path in ipairs({ "/short", "/below", "/png", "/own", "/coded", "/kept", "/part", "/none", "/same" }) do
      local answer = get(client, path)
      assert.is_true(answer.fields["content-encoding"] == nil or path == "/coded", path)
      assert.is_nil(answer.fields.vary, path)
    end
    local answer = get(client, "/random") -- which does not become shorter
    assert.same({ 5000, nil, "Accept-Encoding" },
      { #answer.body, answer.fields["content-encoding"], answer.fields.vary })
    assert.equal('"a"', get(client, "/same").fields.etag)
  end)

  it("answers HEAD as GET, without the body", function()
    local client = support.connect(serve():address())
    local answer = get(client, "/html")
    local head = http.fetch(client, "HEAD /html", "Accept-Encoding: gzip\r\n")
    answer.body, answer.fields.date, head.fields.date = "", nil, nil
    assert.same(answer, head)
  end)

  it("has settings, and says what is wrong with them", function()
    local server = serve("level = 1, least = 5, types = { ['x/own'] = true, ['text/html'] = false }")
    local client = support.connect(server:address())
    assert.is_nil(get(client, "/html").fields["content-encoding"])
    assert.equal("gzip", get(client, "/own").fields["content-encoding"])
    local quick, small = get(client, "/text"), get(support.connect(serve("level = 9"):address()), "/text")
    assert.is_true(#quick.body > #small.body)
    for source, expected in pairs({
      ["evio.http.gzip(5)"] = "evio.http.gzip: the handler is a number, expected a function(request)",
      ["evio.http.gzip(print, { level = 0 })"] = "evio.http.gzip: level is 0, expected a whole number from 1 to 9",
      ["evio.http.gzip(print, { min = 1 })"] = 'evio.http.gzip: unknown setting "min", expected decode, least,',
    }) do
      assert.matches("server.lua:1: " .. expected, scripts.fail(source), 1, true)
    end
  end)

  it("decodes bodies of requests where it is told to, within a limit", function()
    local server = scripts.serve([[
      local handler = evio.http.gzip(function(request)
        return ("%d %s %s"):format(#request.body, request.body:sub(1, 3), request.headers["Content-Encoding"] or "-")
      end, { decode = 100000 })
      events = evio.http.server(handler)]])
    local client = support.connect(server:address())
    local path = support.write_file(support.tmpdir() .. "/body", LONG)
    local function post(body, coding)
      http.ask(client, "POST /", ("Content-Encoding: %s\r\nContent-Length: %d\r\n"):format(coding, #body))
      client:send(body)
      local answer = http.receive(client)
      return answer.status .. " " .. answer.body, answer
    end
    local packed = support.shell("gzip -c " .. path)
    assert.equal("200 10000 012 -", (post(packed, "gzip")))
    assert.equal("200 20000 012 -", (post(packed .. packed, "X-GZIP")))
    assert.equal("200 5 abc identity", (post("abcde", "identity")))
    local text, answer = post("abcde", "br")
    assert.same({ "415 the body's coding is not gzip\n", "gzip" }, { text, answer.fields["accept-encoding"] })
    assert.equal("400 the body is no gzip: incorrect header check\n", (post("abcde", "gzip")))
    assert.equal("400 the body is no gzip: the stream is cut\n", (post(packed:sub(1, -2), "gzip")))
    assert.equal("400 the body is no gzip: the stream is cut\n", (post("", "gzip")))
    local bomb = support.shell("sh -c 'head -c 90000000 /dev/zero | gzip -1'")
    local before = support.peak_rss(server.pid)
    assert.equal("413 a decoded body has at most 100000 bytes\n", (post(bomb, "gzip")))
    assert.is_true(support.sanitized or support.peak_rss(server.pid) - before < 16 * 2 ^ 20)
  end)

  it("leaves errors in responses to the server", function()
    local server = serve()
    assert.equal(500, get(support.connect(server:address()), "/wrong").status)
    server:expect_error("a response's headers are a number, expected a table")
  end)

  it("is a handler in sessions, too, and leaves streams alone", function()
    local root = support.tmpdir()
    support.write_file(root .. "/big", LONG:rep(20))
    local server = scripts.serve(([[
      local route = evio.http.router()
      route:get("/slow/:x", function(request)
        evio.sleep(0.01)
        return ("0123456789"):rep(1000) .. request.params.x
      end)
      route:get("/stream", function(request)
        local out = request:stream()
        for _ = 1, 1000 do out:write("0123456789") end
        out:finish()
      end)
      route:use("/", evio.http.files(%q))
      events = evio.http.session(evio.http.gzip(route))
    ]]):format(root))
    local client = support.connect(server:address())
    for _ = 1, 2 do
      http.ask(client, "GET /slow/x", "Accept-Encoding: gzip\r\n")
      http.ask(client, "GET /big", "Accept-Encoding: gzip\r\n")
    end
    for _ = 1, 2 do
      support.same_bytes(LONG .. "x", unpack_gzip(http.receive(client).body))
      support.same_bytes(LONG:rep(20), http.receive(client).body)
    end
    support.same_bytes(LONG, http.curl(server, "/stream", "--compressed"))
    assert.is_nil(http.curl(server, "/stream", "--compressed -o /dev/null -D -"):find("Content-Encoding", 1, true))
  end)

  it("serves curl, a router behind it, and files with ranges", function()
    local root = support.tmpdir()
    support.write_file(root .. "/page.html", LONG)
    local server = scripts.serve(([[
      local route = evio.http.router()
      route:get("/long", function() return ("0123456789"):rep(1000) end)
      route:use("/", evio.http.files(%q))
      events = evio.http.server(evio.http.gzip(route))
    ]]):format(root))
    support.same_bytes(LONG, http.curl(server, "/long", "--compressed"))
    assert.matches("Content%-Encoding: gzip", http.curl(server, "/long", "--compressed -o /dev/null -D -"))
    support.same_bytes(LONG, http.curl(server, "/page.html", "--compressed"))
    assert.equal("12", http.curl(server, "/page.html", "--compressed -r 1-2"))
  end)
end)

describe("Accept-Encoding", function()
  it("is understood with its weights", function()
    for text, expected in pairs({
      ["gzip"] = true, ["GZIP"] = true, ["x-gzip"] = true, ["*"] = true, ["deflate, gzip;q=1.0, *;q=0.5"] = true,
      ["br;q=1, gzip;q=0.8"] = true, ["gzip;q=0.001"] = true, ["identity;q=0"] = false, ["identity;q=0, *"] = true,
      ["gzip ; q=0.5"] = true, ["gzip;q=0.5, identity;q=0.5"] = true, ["*;q=0, gzip"] = true, [",, gzip ,"] = true,
      [""] = false, ["br"] = false, ["gzip;q=0"] = false, ["gzip;q=0.000"] = false, ["*;q=0"] = false,
      ["gzip;q=0, *"] = false, ["gzip;q=0.5, identity"] = false, ["identity"] = false, ["gzip;q=x"] = true,
      ["gzip;q=..5"] = false, ["gzipped"] = false,
    }) do
      assert.equal(expected, accept.gzip(text), text)
    end
    assert.is_false(accept.gzip(nil))
  end)
end)
