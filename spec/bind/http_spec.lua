-- evio.http.server on connections.
local certificates = require("spec.support.certificates")
local scripts = require("spec.support.scripts")
local support = require("spec.support")

local HANDLER = [[
  local function handler(request)
    if request.path == "/later" then
      evio.after(0.02, function() print(request:respond("late") and "sent" or "gone") end)
      return nil
    elseif request.path == "/at-once" then
      request:respond({ status = 201, body = "at once" })
      return nil
    elseif request.path == "/twice" then
      request:respond("one")
      return "two"
    elseif request.path == "/error" then
      error("on purpose")
    elseif request.path == "/large" then
      return request.head .. ("\1"):rep(100000)
    elseif request.path == "/empty" then
      return { status = 204 }
    elseif request.path == "/fields" then
      return { headers = { ["Set-Cookie"] = { "a=1", "b=2" }, ["content-type"] = "text/html" }, body = "<p>" }
    elseif request.path == "/collect" then
      collectgarbage()
      local rubbish = ("\1"):rep(5000)
      return #rubbish .. request.head:sub(1, 13)
    end
    return table.concat({ request.method, request.path, request.version, request.body,
      request.trailers and request.trailers["x-sum"] or "-" }, " ")
  end
  events = evio.http.server(handler, { %s })
  function events.opened() print("opened") end
  local closed = events.closed
  function events.closed(conn, err) closed(conn) print("closed", err) end
  function events.serving(server) print(table.concat(server.addresses, "\n")) end
]]

local function serve(settings, more, opts)
  return scripts.serve(HANDLER:format(settings or "") .. (more or ""), opts)
end

-- A response without its Date, of which there is one.
local function response(status, body, more)
  local kind = body ~= "" and "Content-Type: text/plain; charset=utf-8\r\n" or ""
  return ("HTTP/1.1 %s\r\n%s%sContent-Length: %d\r\n\r\n%s"):format(status, kind, more or "", #body, body)
end

local function without_dates(bytes)
  return (bytes:gsub("Date: %a%a%a, %d%d %a%a%a %d%d%d%d %d%d:%d%d:%d%d GMT\r\n", ""))
end

local DATE = #"Date: Sun, 06 Nov 1994 08:49:37 GMT\r\n"

-- Sends bytes in pieces of a size, and compares what comes back, of so many responses.
local function assert_answers(client, bytes, expected, count, size)
  for at = 1, #bytes, size or #bytes do
    client:send(bytes:sub(at, at + (size or #bytes) - 1))
    if size then
      support.pass(0.0003)
    end
  end
  support.same_bytes(expected, without_dates(client:receive(#expected + DATE * count)))
end

local GET = "GET /a HTTP/1.1\r\nHost: h\r\n\r\n"
local POST = "\r\nPOST /b HTTP/1.1\r\nHost: h\r\nContent-Length: 5\r\n\r\nhello"
local CHUNKED = "PUT /c HTTP/1.1\r\nhost:h\r\ntransfer-encoding: chunked\r\n\r\n3;x=\"y\"\r\nabc\r\n"
  .. "0a\r\n0123456789\r\n0\r\nX-Sum: 7\r\n\r\n"
local ANSWERS = response("200 OK", "GET /a 1.1  -") .. response("200 OK", "POST /b 1.1 hello -")
  .. response("200 OK", "PUT /c 1.1 abc0123456789 7")

describe("evio.http.server", function()
  it("answers requests with and without bodies, in any pieces", function()
    local client = support.connect(serve():address())
    for _, size in ipairs({ false, 1, 2, 7, 64 }) do
      assert_answers(client, GET .. POST .. CHUNKED, ANSWERS, 3, size or nil)
    end
    assert_answers(client, (GET .. POST .. CHUNKED):rep(500), ANSWERS:rep(500), 1500)
  end)

  it("ends the connection where the peer says so, and in HTTP/1.0 where it does not ask", function()
    local server = serve()
    for request, more in pairs({
      ["GET /a HTTP/1.1\r\nHost: h\r\nConnection: Close\r\n\r\n"] = "Connection: close\r\n",
      ["GET /a HTTP/1.0\r\n\r\n"] = "Connection: close\r\n",
    }) do
      local client = support.connect(server:address())
      client:send(request .. GET)
      local version = request:match("HTTP/(1.%d)")
      support.same_bytes(response("200 OK", "GET /a " .. version .. "  -", more), without_dates(client:receive_all()))
    end
    local client = support.connect(server:address())
    local kept = "GET /a HTTP/1.0\r\nConnection: keep-alive\r\n\r\n"
    assert_answers(client, kept:rep(2), response("200 OK", "GET /a 1.0  -", "Connection: keep-alive\r\n"):rep(2), 2)
  end)

  it("answers in order, whenever a handler does", function()
    local server = serve()
    local client = support.connect(server:address())
    local function get(path)
      return ("GET %s HTTP/1.1\r\nHost: h\r\n\r\n"):format(path)
    end
    local late = response("200 OK", "late")
    assert_answers(client, get("/later") .. get("/at-once") .. get("/a") .. get("/later") .. get("/b"),
      late .. response("201 Created", "at once") .. response("200 OK", "GET /a 1.1  -") .. late
      .. response("200 OK", "GET /b 1.1  -"), 5)
    client = support.connect(server:address())
    client:send(get("/later"))
    client:finish() -- who has finished still gets the answer
    support.same_bytes(late, without_dates(client:receive_all()))
    client = support.connect(server:address())
    client:send(get("/later"))
    client:reset()
    server:expect("^closed\tconnection reset by peer$")
    assert_answers(support.connect(server:address()), get("/a"), response("200 OK", "GET /a 1.1  -"), 1)
  end)

  it("answers with large bodies, one behind the other, and then closes", function()
    local server = serve()
    local large = "GET /large HTTP/1.1\r\nHost: h\r\n%s\r\n"
    local client = support.connect(server:address())
    client:send(large:format("A: 1\r\n") .. GET .. large:format("Connection: close\r\n") .. GET)
    local function expect(more, extra)
      return response("200 OK", large:format(more) .. ("\1"):rep(100000), extra)
    end
    support.same_bytes(expect("A: 1\r\n") .. response("200 OK", "GET /a 1.1  -")
      .. expect("Connection: close\r\n", "Connection: close\r\n"), without_dates(client:receive_all()))
  end)

  it("answers HEAD without a body, and 204 without a length", function()
    local client = support.connect(serve():address())
    assert_answers(client, "HEAD /a HTTP/1.1\r\nHost: h\r\n\r\n" .. GET,
      response("200 OK", "HEAD /a 1.1  -"):sub(1, -#"HEAD /a 1.1  -" - 1) .. response("200 OK", "GET /a 1.1  -"), 2)
    assert_answers(client, "GET /empty HTTP/1.1\r\nHost: h\r\n\r\n", "HTTP/1.1 204 No Content\r\n\r\n", 1)
    client:send("GET /fields HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n")
    local text = client:receive_all()
    assert.matches("\r\nSet%-Cookie: a=1\r\nSet%-Cookie: b=2\r\n", text)
    assert.matches("content-type: text/html\r\n", text, 1, true)
    assert.is_nil(text:find("text/plain", 1, true))
  end)

  it("refuses what could be understood in two ways, and closes", function()
    local server = serve()
    for status, requests in pairs({
      ["400 Bad Request"] = {
        "GET / HTTP/1.1\r\n\r\n", "GET / HTTP/1.1\nHost: h\n\n", "GET / HTTP/1.1\r\nHost: h\r\nHost: h\r\n\r\n",
        "GET  / HTTP/1.1\r\n", "GET / HTTP/1.1\r\nHost: h\r\nA : b\r\n\r\n",
        "GET / HTTP/1.1\r\nHost: h\r\nA: b\r\n c\r\n",
        "POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab",
        "POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        "POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\nx\r\n",
        "POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nabc",
        "POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n0\r\nA : b\r\n",
        "GET a HTTP/1.1\r\nHost: h\r\n\r\n", "GET * HTTP/1.1\r\nHost: h\r\n\r\n",
        "CONNECT / HTTP/1.1\r\nHost: h\r\n\r\n",
        "CONNECT h HTTP/1.1\r\nHost: h\r\n\r\n", "GET http:///x HTTP/1.1\r\nHost: h\r\n\r\n", "\22\3\1\2\0\1",
      },
      ["501 Not Implemented"] = {
        "POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: gzip, chunked\r\n\r\n",
        "CONNECT h:443 HTTP/1.1\r\nHost: h:443\r\n\r\n", -- a 2xx would begin a tunnel: RFC 9110, 9.3.6
      },
      ["505 HTTP Version Not Supported"] = { "GET / HTTP/2.0\r\n\r\n" },
      ["417 Expectation Failed"] = { "POST / HTTP/1.1\r\nHost: h\r\nExpect: x\r\n\r\n" },
    }) do
      for _, request in ipairs(requests) do
        local client = support.connect(server:address())
        client:send(GET .. request)
        local text = client:receive_all()
        local first = response("200 OK", "GET /a 1.1  -")
        support.same_bytes(first, without_dates(text):sub(1, #first))
        assert.equal("HTTP/1.1 " .. status, without_dates(text):match("^([^\r]*)", #first + 1), ("%q"):format(request))
        assert.matches("Connection: close\r\n", text, 1, true)
      end
    end
  end)

  it("takes each form of a target", function()
    local client = support.connect(serve():address())
    local function is(request, path)
      local method = request:match("^%u+")
      assert_answers(client, request .. " HTTP/1.1\r\nHost: h\r\n\r\n",
        response("200 OK", method .. " " .. path .. " 1.1  -"), 1)
    end
    is("GET /a%20b%2fc?d=%41", "/a b/c")
    is("GET http://h/x?y", "/x")
    is("GET HTTP://h", "/")
    is("OPTIONS *", "*")
    is("OPTIONS http://h", "/")
  end)

  it("has limits, with the status that says which", function()
    local server = serve("line = 50, head = 300, body = 10")
    local head = "POST / HTTP/1.1\r\nHost: h\r\n"
    for request, status in pairs({
      ["GET /" .. ("x"):rep(50) .. " HTTP/1.1\r\n"] = 414,
      [head .. "A: " .. ("x"):rep(300) .. "\r\n\r\n"] = 431,
      [head .. "Content-Length: 11\r\n\r\n"] = 413,
      [head .. "Transfer-Encoding: chunked\r\n\r\n6\r\nabcdef\r\n5\r\n"] = 413,
    }) do
      local client = support.connect(server:address())
      client:send(request)
      assert.matches("^HTTP/1.1 " .. status, client:receive_all())
    end
    local many = "GET / HTTP/1.1\r\nHost: h\r\n" .. ("A: b\r\n"):rep(100) .. "\r\n"
    local client = support.connect(serve():address())
    client:send(many)
    assert.matches("^HTTP/1.1 431", client:receive_all())
    client = support.connect(server:address())
    assert_answers(client, head .. "Content-Length: 10\r\n\r\n0123456789",
      response("200 OK", "POST / 1.1 0123456789 -"), 1)
  end)

  it("gives a head its time, however slowly it comes", function()
    local server = serve("seconds = 0.5")
    local client = support.connect(server:address())
    assert_answers(client, GET, response("200 OK", "GET /a 1.1  -"), 1)
    support.pass(0.6) -- between requests there is no hurry
    client:send("GET / HT")
    local text = client:receive_all()
    assert.matches("^HTTP/1.1 408 Request Timeout\r\n", text)
    assert.matches("Connection: close\r\n", text, 1, true)
  end)

  it("says that it wants the body, where the peer waits for that", function()
    local client = support.connect(serve():address())
    client:send("POST /b HTTP/1.1\r\nHost: h\r\nContent-Length: 5\r\nExpect: 100-continue\r\n\r\n")
    assert.equal("HTTP/1.1 100 Continue\r\n\r\n", client:receive(25))
    assert_answers(client, "hello", response("200 OK", "POST /b 1.1 hello -"), 1)
  end)

  it("answers 500 where the handler fails, says why, and serves the next", function()
    local server = serve()
    local client = support.connect(server:address())
    client:send(GET .. "GET /error HTTP/1.1\r\nHost: h\r\n\r\n" .. GET)
    local expected = response("200 OK", "GET /a 1.1  -")
      .. response("500 Internal Server Error", "the server has an error\n", "Connection: close\r\n")
    support.same_bytes(expected, without_dates(client:receive_all()))
    server:expect_error("error in data, connection 1 from .*on purpose\nstack traceback:")
    server:expect("^closed\t.*on purpose$")
    client = support.connect(server:address())
    client:send("GET /twice HTTP/1.1\r\nHost: h\r\n\r\n")
    support.same_bytes(response("200 OK", "one"), without_dates(client:receive_all()))
    server:expect("^closed\tthe handler returned a response to a request that it had answered$")
    assert_answers(support.connect(server:address()), GET, response("200 OK", "GET /a 1.1  -"), 1)
  end)

  it("names what is wrong with a response", function()
    for source, message in pairs({
      ["{ status = 99 }"] = "a response's status is 99, expected a whole number from 200 to 999",
      ["{ body = 5 }"] = "a response's body is a number, expected a string",
      ["5"] = "a response's body is a number, expected a string",
      ["{ headers = { A = 'b\\r\\nC: d' } }"] = "a response's field A is \"b\\13\\",
      ["{ headers = { ['a b'] = 'c' } }"] = 'a response\'s field is "a b", which is no name',
      ["{ headers = { ['Content-Length'] = '5' } }"] = "a response has the field Content-Length, which the server",
    }) do
      local server = scripts.serve(("events = evio.http.server(function() return %s end)"):format(source))
      local client = support.connect(server:address())
      client:send(GET)
      assert.matches("^HTTP/1.1 500", client:receive_all())
      server:expect_error(message:gsub("%p", "%%%0"))
    end
  end)

  it("names what is wrong with a call, and where", function()
    assert.matches("^evio%-lua: server.lua:1: evio.http.server: unknown setting \"lien\", expected body, ",
      scripts.fail("evio.http.server(print, { lien = 1 })"))
    assert.matches("^evio%-lua: server.lua:1: evio.http.server: the handler is a number, expected a function",
      scripts.fail("evio.http.server(5)"))
  end)

  it("keeps a request's bytes through collections", function()
    local client = support.connect(serve():address())
    local request = "GET /collect HTTP/1.1\r\nHost: h\r\n\r\n"
    assert_answers(client, request:rep(50), response("200 OK", "5000GET /collect "):rep(50), 50)
    assert_answers(client, "\r\n\r\n" .. request, response("200 OK", "5000GET /collect "), 1) -- empty lines are none
  end)

  it("serves curl, with and without TLS", function()
    local server = serve(nil, ([[events = evio.translate(events, function(conn) return conn.index == 2 end,
      evio.tls({ %s }))]]):format(certificates.fields("server")),
      { addresses = { "tcp://127.0.0.1:0", "tcp://127.0.0.1:0" } })
    local plain, tls = server:address(1):match("%d+$"), server:address(2):match("%d+$")
    assert.equal("POST /up 1.1 body -",
      support.shell(("curl -s -d body -H 'Transfer-Encoding: chunked' http://127.0.0.1:%s/up"):format(plain)))
    local big = support.write_file(support.tmpdir() .. "/big", ("x"):rep(500000))
    local text = support.shell(("curl -s --data-binary @%s --cacert %s https://localhost:%s/up"):format(big,
      certificates.path("ca.pem"), tls))
    assert.equal(#"POST /up 1.1  -" + 500000, #text)
  end)
end)
