-- Answers that evio.http.client gets of a server which says what it likes, cut at every place.
local support = require("spec.support")

-- A script with a server that answers what is in `texts` by the request's path, in two pieces, or byte by byte, and a
-- client of it. ask(method, number, cut, fn) has the answer as a line of text; a text ends with "!" where the server
-- closes behind it, with "~" where it resets.
local SCRIPT = [[
  local evio = require("evio")
  local texts = { %s }
  local events = { data = evio.stream(function(conn, stream)
    local line = stream:line()
    local number, cut = (line or ""):match("^%%u+ /(%%d+)/(%%d+) ")
    if not number then return nil end
    local text, ending = texts[tonumber(number)]:match("^(.-)([!~]?)$")
    local size, at, timer = tonumber(cut), 1, nil
    timer = evio.every(0.0002, function()
      local stop = size == 0 and at or at == 1 and size or #text
      conn:write(text:sub(at, stop))
      at = stop + 1
      if at > #text then
        timer:cancel()
        if ending == "!" then conn:close() elseif ending == "~" then evio.after(0.001, function() conn:abort() end) end
      end
    end)
  end) }
  local function show(response, message, code)
    if not response then return tostring(message) .. " " .. tostring(code) end
    return ("%%d %%s %%s [%%s] %%s %%s"):format(response.status, response.reason, response.version,
      tostring(response.body), response.headers["X-A"] or "-", response.trailers and response.trailers["x-t"] or "-")
  end
  local url
  local clients, settings = {}, { line = 60, head = 200, body = 40, timeout = 25 }
  local function ask(method, number, cut, fn)
    clients[number] = clients[number] or evio.http.client(url, settings)
    local path = ("/%%d/%%d"):format(number, cut)
    clients[number]:request({ method = method, path = path }, function(...) fn(show(...)) end)
  end
  function events.serving(server)
    url = "http://" .. server.addresses[1]:match("//(.*)")
    %s
  end
  evio.serve(events, "tcp://127.0.0.1:0")]]

-- Prints for each text its answer; or which answers there were, where they were not the same at every cut.
local EVERY_CUT = [[
  local number = 0
  local function next_text()
    number = number + 1
    if not texts[number] then return evio.shutdown() end
    local left, first, others = #texts[number], nil, {}
    for cut = 0, #texts[number] - 1 do
      ask("%s", number, cut, function(line)
        left, first = left - 1, first or line
        if line ~= first then others[#others + 1] = cut .. ": " .. line end
        if left == 0 then
          print(first .. table.concat(others, " | "))
          clients[number]:close()
          next_text()
        end
      end)
    end
  end
  next_text()]]

local function assert_answers(method, cases)
  local texts = {}
  for i, case in ipairs(cases) do
    texts[i] = ("%q"):format(case[1]):gsub("\\\n", "\\n"):gsub("\r", "\\r")
  end
  local script = support.start(SCRIPT:format(table.concat(texts, ", "), EVERY_CUT:format(method)))
  for _, case in ipairs(cases) do
    assert.equal(case[2], script:line(30), ("%q"):format(case[1]))
  end
  assert.equal(0, script:wait().status)
end

local OK = "HTTP/1.1 200 OK\r\n"

describe("an answer", function()
  it("has a body of a length, in chunks, or up to the end", function()
    assert_answers("GET", {
      { OK .. "Content-Length: 5\r\n\r\nhello", "200 OK 1.1 [hello] - -" },
      { OK .. "content-LENGTH:0\r\nx-a: b\r\n\r\n", "200 OK 1.1 [] b -" },
      { "HTTP/1.1 404 \r\nX-A: b \r\nx-a:c\r\nContent-Length: 1\r\n\r\nx", "404  1.1 [x] b, c -" },
      { OK .. "Host: a/b\r\nExpect: x\r\nContent-Length: 0\r\n\r\n", "200 OK 1.1 [] - -" },
      { "HTTP/1.1 200\r\nContent-Length: 0\r\n\r\n", "200  1.1 [] - -" },
      { "HTTP/1.9 200 OK\r\nContent-Length: 1\r\n\r\nx", "200 OK 1.1 [x] - -" },
      { OK .. "Transfer-Encoding: chunked\r\n\r\n2\r\nab\r\nA;x=y\r\n0123456789\r\n0\r\n\r\n",
        "200 OK 1.1 [ab0123456789] - -" },
      { OK .. "Transfer-Encoding: Chunked\r\n\r\n1\r\nx\r\n00\r\nX-T: 1\r\n\r\n", "200 OK 1.1 [x] - 1" },
      { OK .. "\r\nall the rest!", "200 OK 1.1 [all the rest] - -" },
      { OK .. "\r\n!", "200 OK 1.1 [] - -" },
      { "HTTP/1.0 200 OK\r\n\r\nold!", "200 OK 1.0 [old] - -" },
      { "HTTP/1.0 200 OK\r\nContent-Length: 3\r\n\r\nold!", "200 OK 1.0 [old] - -" },
      { "HTTP/1.0 200 OK\r\nConnection: keep-alive\r\nContent-Length: 3\r\n\r\nold", "200 OK 1.0 [old] - -" },
      { OK .. "Connection: close\r\nContent-Length: 2\r\n\r\nok", "200 OK 1.1 [ok] - -" },
    })
  end)

  it("has none for what has no body, and comes behind those of no interest", function()
    assert_answers("GET", {
      { "HTTP/1.1 204 No Content\r\n\r\n", "204 No Content 1.1 [] - -" },
      { "HTTP/1.1 304 Not Modified\r\nContent-Length: 5\r\n\r\n", "304 Not Modified 1.1 [] - -" },
      { "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nX-A: b\r\n\r\n" .. OK .. "Content-Length: 1\r\n\r\nx",
        "200 OK 1.1 [x] - -" },
    })
    assert_answers("HEAD", {
      { OK .. "Content-Length: 5\r\n\r\n", "200 OK 1.1 [] - -" },
      { OK .. "Transfer-Encoding: chunked\r\n\r\n", "200 OK 1.1 [] - -" },
      { OK .. "X-A: b\r\n\r\n", "200 OK 1.1 [] b -" },
    })
  end)

  it("is refused where it could be understood in two ways", function()
    local function refused(text, message)
      return { text, "the server's answer is refused: " .. message .. " EPROTO" }
    end
    assert_answers("GET", {
      refused(OK .. "Content-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n",
        "there are both Content-Length and Transfer-Encoding"),
      refused(OK .. "Content-Length: 1\r\nContent-Length: 1\r\n\r\nx", "there are two Content-Length fields"),
      refused(OK .. "Content-Length: -1\r\n\r\n", "the Content-Length field is no length"),
      refused(OK .. "Content-Length: 1, 1\r\n\r\nx", "the Content-Length field is no length"),
      refused(OK .. "Transfer-Encoding: gzip, chunked\r\n\r\n", 'the Transfer-Encoding is more than "chunked"'),
      refused(OK .. "Transfer-Encoding: gzip\r\n\r\n", 'the last Transfer-Encoding is not "chunked"'),
      refused(OK .. "Transfer-Encoding: chunked\r\n\r\nx\r\n", "a chunk has no size"),
      refused(OK .. "Transfer-Encoding: chunked\r\n\r\n1\r\nabc", "a chunk is longer than its size"),
      refused(OK .. "Transfer-Encoding: chunked\r\n\r\n0\r\nA : b\r\n",
        "a field's name has bytes that it must not have"),
      refused("HTTP/1.0 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", "there is a Transfer-Encoding in HTTP/1.0"),
      refused(OK .. "A : b\r\n\r\n", "a field's name has bytes that it must not have"),
      refused(OK .. "A: b\r\n c\r\n\r\n", "a field goes on in a second line"),
      refused(OK .. "A: b\n\r\n", "a field's value has bytes that it must not have"),
      refused("SSH-2.0-x\r\n", "the first line has no version of HTTP"),
      refused("HTTP/2.0 200 OK\r\n\r\n", "the version of HTTP is not 1.0 or 1.1"),
      refused("HTTP/1.1 20 OK\r\n\r\n", "the first line has no status"),
      refused("HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\n\r\n",
        "it switches to another protocol, which nobody asked for"),
    })
  end)

  it("has limits", function()
    local function refused(text, message)
      return { text, "the server's answer is refused: " .. message .. " EMSGSIZE" }
    end
    assert_answers("GET", {
      refused("HTTP/1.1 200 " .. ("x"):rep(60) .. "\r\n\r\n", "the first line is too long"),
      refused(OK .. "X-A: " .. ("x"):rep(200) .. "\r\n\r\n", "the head is too long"),
      refused(OK .. "Content-Length: 41\r\n\r\n", "a body has at most 40 bytes"),
      refused(OK .. "Transfer-Encoding: chunked\r\n\r\n28\r\n" .. ("x"):rep(40) .. "\r\n1\r\n",
        "a body has at most 40 bytes"),
      refused(OK .. "Transfer-Encoding: chunked\r\n\r\n0\r\nX-T: " .. ("x"):rep(200), "the trailers are too long"),
      refused(OK .. "\r\n" .. ("x"):rep(41), "a body has at most 40 bytes"),
      { OK .. "Content-Length: 40\r\n\r\n" .. ("x"):rep(40), "200 OK 1.1 [" .. ("x"):rep(40) .. "] - -" },
    })
  end)

  it("that is cut is an error, and so is a reset behind what has no end of its own", function()
    local middle = "the server closed the connection in the middle of the answer ECONNRESET"
    assert_answers("GET", {
      { OK .. "Content-Length: 5\r\n\r\nhell!", middle },
      { OK .. "Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n!", middle },
      { OK .. "Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n!", middle },
      { OK .. "X-A: b\r\n!", middle },
      { OK .. "\r\nabc~", "connection reset by peer ECONNRESET" },
    })
  end)
end)
