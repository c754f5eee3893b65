-- evio.http: answers that are streams, bodies in parts, and handlers that are coroutines.
local scripts = require("spec.support.scripts")
local support = require("spec.support")

local MIB = 2 ^ 20

local function serve(handler, settings, kind)
  return scripts.serve(([[
    local requests = {}
    events = evio.http.%s(function(request) %s end, { %s })
    local closed = events.closed
    function events.closed(conn, ...) closed(conn, ...) print("closed", (...)) end
  ]]):format(kind or "server", handler, settings or ""))
end

local function get(path, more)
  return ("GET %s HTTP/1.1\r\nHost: h\r\n%s\r\n"):format(path, more or "")
end

local function post(body, more)
  return ("POST / HTTP/1.1\r\nHost: h\r\nContent-Length: %d\r\n%s\r\n%s"):format(#body, more or "", body)
end

local function without_dates(bytes)
  return (bytes:gsub("Date: [^\r]*\r\n", ""))
end

-- All that a peer gets that sends bytes and finishes.
local function exchange(server, bytes)
  local client = support.connect(server:address())
  client:send(bytes)
  client:finish()
  return without_dates(client:receive_all())
end

local TEXT = "Content-Type: text/plain; charset=utf-8\r\n"
local HELLO = "HTTP/1.1 200 OK\r\n" .. TEXT .. "Content-Length: 5\r\n\r\nhello"

describe("request:stream", function()
  local HANDLER = [[
    if request.path == "/" then return "hello" end
    local out = request:stream({ headers = { ["X-A"] = "b" }, length = tonumber(request.path:sub(2)) })
    out:write("abc")
    out:write("")
    evio.after(0.01, function()
      out:write("0123456789abcdefg")
      out:finish({ ["X-Sum"] = 7 })
    end)]]

  it("answers in chunks with trailers, and what is asked behind it comes behind it", function()
    local server = serve(HANDLER)
    local chunked = "HTTP/1.1 200 OK\r\nX-A: b\r\n" .. TEXT .. "Transfer-Encoding: chunked\r\n\r\n"
      .. "3\r\nabc\r\n11\r\n0123456789abcdefg\r\n0\r\nX-Sum: 7\r\n\r\n"
    support.same_bytes(chunked .. HELLO .. chunked .. HELLO,
      exchange(server, get("/x") .. get("/") .. get("/x") .. get("/")))
    assert.equal("closed\tnil", server:line())
  end)

  it("has a length where the script says so", function()
    support.same_bytes("HTTP/1.1 200 OK\r\nX-A: b\r\n" .. TEXT .. "Content-Length: 20\r\n\r\nabc0123456789abcdefg"
      .. HELLO, exchange(serve(HANDLER), get("/20") .. get("/")))
  end)

  it("goes to the connection's end in HTTP/1.0, and has no body for HEAD and 204", function()
    local server = serve(HANDLER)
    support.same_bytes("HTTP/1.1 200 OK\r\nX-A: b\r\n" .. TEXT .. "Connection: close\r\n\r\nabc0123456789abcdefg",
      exchange(server, "GET /x HTTP/1.0\r\nConnection: keep-alive\r\n\r\n"))
    support.same_bytes("HTTP/1.1 200 OK\r\nX-A: b\r\n" .. TEXT .. "Transfer-Encoding: chunked\r\n\r\n" .. HELLO,
      exchange(server, "HEAD /x HTTP/1.1\r\nHost: h\r\n\r\n" .. get("/")))
    server = serve("local out = request:stream({ status = 204 }) out:write('x') out:finish()")
    support.same_bytes(("HTTP/1.1 204 No Content\r\n" .. TEXT .. "\r\n"):rep(2), exchange(server, get("/"):rep(2)))
  end)

  it("refuses what is wrong, and says so", function()
    local server = serve([[
      local function try(...) print((select(2, pcall(...)):gsub("^%S*server.lua:%d+: ", ""))) end
      if request.path == "/again" then return request:stream():finish() and "x" end
      try(request.stream, request, "x")
      try(request.stream, request, { body = "x" })
      try(request.stream, request, { length = -1 })
      try(request.stream, request, { headers = { Date = "x" } })
      local out = request:stream({ length = 3 })
      try(request.stream, request)
      try(request.respond, request, "x")
      try(out.write, out, 7)
      try(out.write, out, "abcd")
      try(out.finish, out, "x")
      try(out.finish, out)
      try(out.write, out, "x")
      try(out.finish, out)]])
    exchange(server, get("/"))
    for _, line in ipairs({
      "request:stream: the response is a string, expected a table",
      "request:stream: a response that is a stream has a body",
      "request:stream: a response's length is -1, expected a whole number of bytes",
      "request:stream: a response has the field Date, which the server writes",
      "request:stream: the request was answered already", "request:respond: the request was answered already",
      "stream:write: a number, expected a string",
      "stream:write: 4 bytes, where 3 are left of the response's length",
      "stream:finish: the trailers are a string, expected a table",
      "stream:finish: 3 bytes are missing of the response's length",
      "stream:write: the stream is finished", "stream:finish: the stream is finished",
    }) do
      assert.equal(line, server:line())
    end
    exchange(server, get("/again"))
    server:expect_error("returned a response to a request that it had answered")
  end)

  it("is held back by a peer that does not read, and hears of its end", function()
    local server = serve([[
      local out, part = request:stream(), ("x"):rep(65536)
      local sent = 0
      local function fill()
        while sent < 64 * 2^20 do
          sent = sent + #part
          if out:write(part) > 2^20 then return end
        end
        out:finish()
      end
      out.drained = fill
      function out.closed(_, err, code) print("cut", err, code, sent < 64 * 2^20) end
      fill()]])
    local client = support.connect(server:address())
    client:send(get("/"))
    local got, all = 0, {}
    while got < 64 * MIB do
      local bytes = client:receive_some(2 ^ 20)
      got, all[#all + 1] = got + #bytes, nil
    end
    assert.is_true(support.peak_rss(server.pid) < 60 * MIB, support.peak_rss(server.pid) .. " bytes")
    client = support.connect(server:address())
    client:send(get("/"))
    client:receive(100)
    client:reset()
    server:expect("^cut\tconnection reset by peer\tECONNRESET\ttrue$")
  end)

  it("is cut, not ended, where the script fails in the middle", function()
    local server = serve("request:stream():write('abc') error('on purpose')")
    support.same_bytes("HTTP/1.1 200 OK\r\n" .. TEXT .. "Transfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n",
      exchange(server, get("/")))
    server:expect_error("on purpose")
  end)
end)

describe("a body in parts", function()
  local PARTS = [[
    local got = {}
    request:receive(function(bytes, err, code)
      if bytes then got[#got + 1] = bytes return end
      print(table.concat(got), err, code, request.trailers and request.trailers["x-sum"])
      if not err then request:respond("hello") end
    end)]]

  it("comes as it comes, then its end and the trailers", function()
    local server = serve(PARTS, "stream = true")
    local chunked = "PUT / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n"
      .. "3\r\nabc\r\n1\r\nd\r\n0\r\nX-Sum: 7\r\n\r\n"
    for _, size in ipairs({ 1, 2, 5, 1000 }) do
      local client = support.connect(server:address())
      local bytes = chunked .. post("efg") .. get("/")
      for at = 1, #bytes, size do
        client:send(bytes:sub(at, at + size - 1))
      end
      client:finish()
      support.same_bytes(HELLO:rep(3), without_dates(client:receive_all()))
      for _, line in ipairs({ "abcd\tnil\tnil\t7", "efg\tnil\tnil\tnil", "\tnil\tnil\tnil", "closed\tnil" }) do
        assert.equal(line, server:line())
      end
    end
  end)

  it("tells where it was cut", function()
    local server = serve(PARTS, "stream = true")
    local client = support.connect(server:address())
    client:send(post("abcdef"):sub(1, -2))
    client:finish()
    assert.equal("", client:receive_all())
    assert.equal("abcde\tthe peer finished in the middle of the body\tECUT\tnil", server:line())
    client = support.connect(server:address())
    client:send("PUT / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n")
    client:reset()
    server:expect("^abc\tconnection reset by peer\tECONNRESET\tnil$")
  end)

  it("waits in front of who does not take it, and ends the connection where that is nobody", function()
    local server = serve([[
      evio.after(0.02, function()
        if request.headers.x then return request:respond("hello") end
        request:receive(function(bytes) if not bytes then request:respond("hello") end end)
      end)]], "stream = true")
    support.same_bytes(HELLO:rep(2), exchange(server, post("abc") .. post(("x"):rep(300000))))
    support.same_bytes((HELLO:gsub("Content%-Length", "Connection: close\r\n%0")),
      exchange(server, post(("x"):rep(300000), "X: y\r\n") .. get("/")))
  end)

  it("has a limit where one is set, and can be whole", function()
    local server = serve(PARTS, "stream = true, body = 5")
    assert.matches("^HTTP/1.1 413 ", exchange(server, post("abcdef")))
    server = serve("return select(2, pcall(request.receive, request, print)):match('[^:]*: [^:]*$')")
    assert.matches("the setting `stream` is for parts of it$", exchange(server, post("abcdef")))
  end)
end)

describe("evio.http.session", function()
  it("waits in handlers, one after the other on a connection", function()
    local server = serve("evio.sleep(0.01) return request.path .. request.body", nil, "session")
    local kind = "HTTP/1.1 200 OK\r\n" .. TEXT .. "Content-Length: "
    support.same_bytes(kind .. "2\r\n\r\n/a" .. kind .. "4\r\n\r\n/xyz" .. kind .. "2\r\n\r\n/b",
      exchange(server, get("/a") .. post("xyz") .. get("/b")))
  end)

  it("reads parts of bodies and writes parts of answers, each at the other's pace", function()
    local server = serve([[
      local out = request:stream({ length = tonumber(request.headers["Content-Length"]) })
      for part in request:parts() do out:write(part) end]], "stream = true", "session")
    local bytes = support.random_bytes(MIB):rep(24)
    local client = support.connect(server:address())
    local head = "HTTP/1.1 200 OK\r\n" .. TEXT .. ("Content-Length: %d\r\n\r\n"):format(#bytes)
    local answer = support.exchange(client, post(bytes) .. get("/"))
    client:finish()
    answer = without_dates(answer .. client:receive_all())
    support.same_bytes(head .. bytes, answer:sub(1, #head + #bytes))
    assert.matches("^HTTP/1.1 200 OK\r\n.*\r\n\r\n0\r\n\r\n$", answer:sub(#head + #bytes + 1))
  end)

  it("answers 500 where one fails, returns nothing, or something that is no response", function()
    local server = serve([[
      if request.path == "/a" then error("on purpose") elseif request.path == "/b" then return end
      evio.sleep(0)
      return { status = "x" }]], nil, "session")
    for path, message in pairs({ a = "on purpose", b = "the session returned no response", c = "status is x" }) do
      assert.matches("^HTTP/1.1 500 .*\r\nConnection: close\r\n", exchange(server, get("/" .. path)))
      server:expect_error(message)
    end
  end)
end)

describe("the guide's streams", function()
  local programs = {}
  for program in support.read_file("docs/guide.md"):match("### HTTP\n(.-)\n### "):gmatch("```lua\n(.-)```") do
    programs[#programs + 1] = program
  end

  it("count, and send back", function()
    assert.matches("\r\n\r\n2\r\n1\n\r\n.*3\r\n10\n\r\n0\r\n\r\n$",
      exchange(scripts.serve((programs[3]:gsub("^local events", "events"))), get("/")))
    assert.matches("\r\n\r\nabc$", exchange(scripts.serve((programs[4]:gsub("^local events", "events"))), post("abc")))
  end)
end)
