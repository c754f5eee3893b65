-- How evio.websocket.server answers requests, and what it says of a script's mistakes.
local scripts = require("spec.support.scripts")
local support = require("spec.support")
local websocket = require("spec.support.websocket")

local SOURCE = [[
  local chat = evio.websocket.server({
    opened = function(ws) ws:send(tostring(ws.protocol)) end,
    message = function(ws, data) ws:send(data) end,
    closed = function(_, code) print("closed", code) end,
  }, { %s })
  events = evio.http.server(function(request)
    if request.path == "/chat" then
      return chat(request)
    elseif request.path == "/later" then
      evio.after(0.02, function() request:respond(chat(request)) end)
      return nil
    end
    return "page"
  end)
]]

local function answer(server, request)
  local client = support.connect(server:address())
  client:send(request)
  local first, fields = websocket.read_head(client)
  return first:match("^HTTP/1.1 (%d+)"), fields, client
end

describe("the handshake of evio.websocket.server", function()
  it("is that of the RFC's example (1.3)", function()
    local server = scripts.serve(SOURCE:format(""))
    local status, fields = answer(server, websocket.request("/chat"))
    assert.equal("101", status)
    assert.equal("s3pPLMBiTxaQ9kYGzzhZRbK+xOo=", fields["sec-websocket-accept"])
    assert.equal("websocket", fields.upgrade)
    assert.equal("Upgrade", fields.connection)
    assert.is_nil(fields["content-length"])
    assert.is_nil(fields["sec-websocket-protocol"])
  end)

  it("serves pages beside it, on the same connection in front of it, and answers later", function()
    local server = scripts.serve(SOURCE:format(""))
    for _, path in ipairs({ "/chat", "/later" }) do
      local client = support.connect(server:address())
      client:send("GET / HTTP/1.1\r\nHost: h\r\n\r\n" .. websocket.request(path) .. websocket.text("x"))
      assert.equal("HTTP/1.1 200 OK", (websocket.read_head(client)))
      assert.equal("page", client:receive(4))
      assert.equal("HTTP/1.1 101 Switching Protocols", (websocket.read_head(client)))
      websocket.expect(client, websocket.TEXT, "nil")
      websocket.expect(client, websocket.TEXT, "x")
    end
  end)

  it("takes no longer for blanks in its fields", function()
    local server = scripts.serve(SOURCE:format("deflate = true"))
    local blanks = (" "):rep(28000)
    local before = support.cpu_seconds(server.pid)
    for _, field in ipairs({ "Upgrade: x%sy", "Connection: x%sy", "Sec-WebSocket-Extensions: permessage-deflate;a%sb",
      "Sec-WebSocket-Extensions: permessage-deflate; client_max_window_bits=9%sb" }) do
      answer(server, (websocket.request("/chat"):gsub("\r\n\r\n$", "\r\n" .. field:format(blanks) .. "\r\n\r\n")))
    end
    assert.is_true(support.sanitized or support.cpu_seconds(server.pid) - before < 1)
  end)

  it("is of no use to who has finished before the answer", function()
    local server = scripts.serve(SOURCE:format(""))
    local client = support.connect(server:address())
    client:send(websocket.request("/later"))
    client:finish()
    assert.equal("HTTP/1.1 101 Switching Protocols", (websocket.read_head(client)))
    websocket.expect(client, websocket.TEXT, "nil")
    assert.equal("", (client:receive_all()))
    server:expect("^closed\t1006$")
  end)

  it("takes fields in any case, and lists", function()
    local server = scripts.serve(SOURCE:format(""))
    for _, fields in ipairs({ { Upgrade = "WebSocket" }, { Upgrade = "h2c, websocket" },
      { Connection = "keep-alive, Upgrade" }, { Connection = "UPGRADE" } }) do
      assert.equal("101", (answer(server, websocket.request("/chat", fields))))
    end
  end)

  it("refuses what is no proper upgrade, and says why", function()
    local server = scripts.serve(SOURCE:format(""))
    for _, case in ipairs({
      { 400, "no Upgrade field", { Upgrade = false } }, { 400, "no Upgrade field", { Upgrade = "h2c" } },
      { 400, "no Connection field", { Connection = "keep-alive" } },
      { 426, "Version is not 13", { ["Sec-WebSocket-Version"] = "8" } },
      { 426, "Version is not 13", { ["Sec-WebSocket-Version"] = false } },
      { 400, "Key is not 16 bytes", { ["Sec-WebSocket-Key"] = false } },
      { 400, "Key is not 16 bytes", { ["Sec-WebSocket-Key"] = "dGhlIHNhbXBsZSBub25jZQ=" } },
      { 400, "Key is not 16 bytes", { ["Sec-WebSocket-Key"] = "dGhlIHNhbXBsZSBub25j*Q==" } },
      { 403, "Origin", { Origin = "http://elsewhere" } },
      { 400, "Protocol is no list", { ["Sec-WebSocket-Protocol"] = "a b" } },
      { 400, "Extensions is no list", { ["Sec-WebSocket-Extensions"] = "permessage-deflate;" } },
    }) do
      local status, words, fields = unpack(case)
      local got, headers, client = answer(server, websocket.request("/chat", fields))
      assert.equal(tostring(status), got)
      assert.matches(words, client:receive(tonumber(headers["content-length"])), 1, true)
      assert.equal(status == 426 and "13" or nil, headers["sec-websocket-version"])
      assert.equal(status == 426 and "websocket" or nil, headers.upgrade) -- RFC 9110, 15.5.22
      assert.equal(status == 426 and "Upgrade" or nil, headers.connection)
      client:send("GET / HTTP/1.1\r\nHost: h\r\n\r\n") -- it is HTTP still
      assert.equal("HTTP/1.1 200 OK", (websocket.read_head(client)))
    end
    local status, fields = answer(server, "POST /chat HTTP/1.1\r\nHost: h\r\nContent-Length: 0\r\n\r\n")
    assert.equal("405", status)
    assert.equal("GET", fields.allow)
    assert.equal("400", (answer(server, (websocket.request("/chat"):gsub("HTTP/1.1", "HTTP/1.0")))))
  end)

  it("lets pages of its own in, and of no other host", function()
    local server = scripts.serve(SOURCE:format(""))
    for _, case in ipairs({
      { "http://example.org", "example.org", 101 }, { "https://EXAMPLE.org", "example.org", 101 },
      { "http://example.org", "example.org:80", 101 }, { "https://example.org:443", "example.org", 101 },
      { "http://example.org:8080", "example.org:8080", 101 }, { "http://[::1]:8080", "[::1]:8080", 101 },
      { "http://example.org", "example.org:8080", 403 }, { "http://example.org:443", "example.org", 403 },
      { "https://example.org.evil", "example.org", 403 }, { "null", "example.org", 403 }, { "", "example.org", 403 },
      { "http://evil/example.org", "example.org", 403 },
    }) do
      local origin, host, status = unpack(case)
      assert.equal(tostring(status), (answer(server, websocket.request("/chat", { Origin = origin, Host = host }))),
        origin)
    end
  end)

  it("lets in whom a list or a function says", function()
    local server = scripts.serve(SOURCE:format('origins = { "https://a.example", "null" }'))
    for origin, status in pairs({ ["https://a.example"] = "101", ["null"] = "101", ["https://h"] = "403",
      ["http://a.example"] = "403" }) do
      assert.equal(status, (answer(server, websocket.request("/chat", { Origin = origin }))), origin)
    end
    assert.equal("101", (answer(server, websocket.request("/chat"))))
    server = scripts.serve(SOURCE:format('origins = function(origin, request) return origin == request.headers.x end'))
    assert.equal("101", (answer(server, websocket.request("/chat", { Origin = "a", X = "a" }))))
    assert.equal("403", (answer(server, websocket.request("/chat", { Origin = "a" }))))
    assert.equal("101", (answer(server, websocket.request("/chat"))))
  end)

  it("chooses the first protocol of the client's that it has", function()
    local server = scripts.serve(SOURCE:format('protocols = { "chat", "v2.x" }'))
    for wanted, chosen in pairs({ ["chat"] = "chat", ["other, v2.x,chat"] = "v2.x", ["other"] = "nil" }) do
      local _, fields, client = answer(server, websocket.request("/chat", { ["Sec-WebSocket-Protocol"] = wanted }))
      assert.equal(chosen, tostring(fields["sec-websocket-protocol"]))
      websocket.expect(client, websocket.TEXT, chosen)
    end
  end)

  it("closes with 1011 where opened fails, now or later", function()
    for _, path in ipairs({ "/", "/later" }) do
      local server = scripts.serve([[
        local fails = evio.websocket.server({ opened = function() error("on purpose") end,
          closed = function(_, code, reason) print("closed", code, reason) end })
        events = evio.http.server(function(request)
          if request.path ~= "/later" then
            return fails(request)
          end
          evio.after(0.02, function() request:respond(fails(request)) end)
        end)]])
      websocket.expect_close(websocket.connect(server:address(), path), 1011, "error")
      server:expect_error("error in opened, connection 1 from .*on purpose\nstack traceback:")
      server:expect("^closed\t1011\t.*on purpose$")
    end
  end)
end)

describe("evio.websocket", function()
  local function fails(source, message)
    local line = scripts.fail("local ws = evio.websocket; " .. source)
    assert.equal("evio-lua: server.lua:1: evio.websocket." .. message, line)
  end

  it("names what is wrong with handlers and settings", function()
    fails("ws.server()", "server: the handlers are a nil, expected a table")
    fails("ws.server({ mesage = print })",
      'server: unknown handler "mesage", expected one of closed, drained, message, opened, pong')
    fails("ws.server({ message = 1 })", "server: message is a number, expected a function")
    fails("ws.server({}, 1)", "server: the settings are a number, expected a table")
    fails("ws.server({}, { mesage = 1 })", 'server: unknown setting "mesage", expected deflate, message, origins, '
      .. "ping, protocols or seconds")
    fails("ws.server({}, { deflate = 1 })", "server: deflate is a number, expected true or a table")
    fails("ws.server({}, { deflate = { window = 8 } })",
      "server: deflate: window is 8, expected a whole number from 9 to 15")
    fails("ws.server({}, { message = 0 })", "server: message is 0, expected a whole number of bytes from 1 to 2^30")
    fails("ws.server({}, { ping = 0 })", "server: ping is 0, expected seconds above 0")
    fails("ws.server({}, { origins = 'x' })",
      "server: origins is a string, expected a list of origins or a function(origin, request)")
    fails("ws.server({}, { protocols = { 'a b' } })", 'server: protocols[1] is "a b", expected a name')
    fails("ws.server({}, { origins = { 5 } })", "server: origins[1] is a number, expected a name")
  end)

  it("names what is wrong with what is sent", function()
    local server = scripts.serve([[
      events = evio.http.server(evio.websocket.server({ opened = function(ws)
        for _, call in ipairs({
          function() ws:send(5) end, function() ws:send("a", "txt") end, function() ws:send("a\255") end,
          function() ws:send_frame() end, function() ws:ping(("x"):rep(126)) end, function() ws:ping(5) end,
          function() ws:close(1005) end, function() ws:close("1000") end, function() ws:close(1000, ("x"):rep(124)) end,
          function() ws:close(1000, "\255") end,
        }) do
          local _, message = pcall(call)
          print((message:gsub("^.-:%d+: ", "")))
        end
        print(tostring(ws):match("^websocket of connection 1 from "))
      end }))]])
    websocket.connect(server:address())
    for _, line in ipairs({
      "ws:send: the data is a number, expected a string",
      'ws:send: the kind is "txt", expected "text", "binary" or nil',
      'ws:send: the text is not UTF-8 from byte 2 on, expected the kind "binary" for such bytes',
      "ws:send_frame: the frame is a nil, expected what evio.websocket.encode made",
      "ws:ping: 126 bytes, expected 125 at most", "ws:ping: a number, expected a string",
      "ws:close: the code is 1005, expected 1000 to 1003, 1007 to 1014 or 3000 to 4999",
      "ws:close: the code is 1000, expected 1000 to 1003, 1007 to 1014 or 3000 to 4999",
      "ws:close: 124 bytes, expected 123 at most", "ws:close: the reason is not UTF-8",
      "websocket of connection 1 from ",
    }) do
      server:expect("^" .. line:gsub("%p", "%%%0") .. "$")
    end
  end)
end)
