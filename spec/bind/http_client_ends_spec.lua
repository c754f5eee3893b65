-- evio.http.client where something ends: connections, requests, the client.
local scripts = require("spec.support.http_client")

local run = scripts.run
local FRONT = "nil\tnil\tthe server closed the connection in front of the answer\tECONNRESET"

-- A server beside that one: answer(conn, count, line) is called for each request, with how many there were.
local function beside(answer)
  return ([[
    local count, OK = 0, "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"
    events.serving = nil
    local raw = evio.listen({ data = evio.stream(function(conn, stream)
      local head = stream:find("\r\n\r\n")
      if not head then return nil end
      local line = stream:take(head + 4)
      count = count + 1
      %s
    end), closed = function(_, err) if err then print("server", err) end end }, "tcp://127.0.0.1:0")
    client = evio.http.client("http://" .. raw.addresses[1]:match("//(.*)"), { idle = 9, timeout = 9 })
]]):format(answer)
end

describe("evio.http.client", function()
  it("sends once more what came to a connection that had ended, where it may", function()
    -- The second request of a connection meets its end.
    local second = beside([[
      conn.count = (conn.count or 0) + 1
      if conn.count == 2 then return nil, "close" end
      return OK]])
    run(second .. [[
      ask({}, function()
        ask({}, function() -- once more, on the second connection
          ask({ method = "POST", body = "x" }, function() -- which ends here
            ask({}, function()
              ask({ method = "PUT", body = function() end }, function()
                ask({}, function()
                  ask({ method = "DELETE" }, function() print(count) finish() end)
                end)
              end)
            end)
          end)
        end)
      end)]], nil, { "200\tok\tnil\tnil", "200\tok\tnil\tnil", FRONT, "200\tok\tnil\tnil", FRONT,
      "200\tok\tnil\tnil", "200\tok\tnil\tnil", "9" })
    -- Each request meets an end: no more than once.
    run(beside([[return nil, "close"]]) .. [[
      ask({}, function() print(count) finish() end)]], nil, { FRONT, "1" })
    run(beside([[conn.n = (conn.n or 0) + 1
      if count == 1 then return "HTTP/1.1 204 \r\n\r\n" end
      return count == 2 and "HTTP/1.1 2" or nil, "close"]]) .. [[
      ask({}, function()
        ask({}, function() print(count) finish() end)
      end)]], nil, { "204\t\tnil\tnil",
      "nil\tnil\tthe server closed the connection in the middle of the answer\tECONNRESET", "2" })
  end)

  it("ends a connection on which something comes that nobody asked for", function()
    for _, more in ipairs({ "x", "HTTP/1.1 200 OK\\r\\nContent-Length: 0\\r\\n\\r\\n" }) do
      run(beside(([[return OK .. "%s"]]):format(more)) .. [[
        ask({}, function()
          ask({ method = "POST" }, function() print(count) finish() end)
        end)]], nil, { "200\tok\tnil\tnil", "200\tok\tnil\tnil", "2" })
    end
    run(beside([[
      evio.after(0.01, function() conn:write("HTTP/1.1 408 Request Timeout\r\nContent-Length: 0\r\n\r\n") end)
      return OK]]) .. [[
        ask({}, function(response)
          gone(response.conn.id, function()
            print("gone")
            ask({ method = "POST" }, function() finish() end)
          end)
        end)]], nil, { "200\tok\tnil\tnil", "gone", "200\tok\tnil\tnil" })
  end)

  it("closes connections that are idle, and those of a client that is closed", function()
    run([[
      ask({}, function(response)
        gone(response.conn.id, function() print("gone") finish() end)
      end)]], "idle = 0.1", { "200\tGET / ours [] - -\tnil\tnil", "gone" })
    run([[
      ask({ path = "/slow?s=9" })
      ask({ path = "/a" }, function()
        ask({ path = "/slow?s=9" })
        ask({ path = "/b" }) -- waits
        client:close()
        ask({ path = "/c" }, function() evio.shutdown() end)
      end)]], "connections = 2", { "200\tGET /a ours [] - -\tnil\tnil", "nil\tnil\tthe client was closed\tEPIPE",
      "nil\tnil\tthe client was closed\tEPIPE", "nil\tnil\tthe client was closed\tEPIPE",
      "nil\tnil\tthe client is closed\tEPIPE" })
  end)

  it("waits no longer than it is told, for connections and for answers", function()
    run([[
      ask({ path = "/slow?s=9" }, function()
        ask({ path = "/slow?s=9", timeout = 0.05 }, function()
          ask({ path = "/b", timeout = 9 }, function()
            local before, late, timer = asked, 0, nil
            client:request({ path = "/slow?s=9", timeout = 9 }, function() end)
            timer = evio.every(0.005, function() -- until the server has that one
              if asked == before then return end
              timer:cancel()
              for _ = 1, 2 do -- they wait in the queue
                client:request({ path = "/c" }, function(_, _, code)
                  late = late + (code == "ETIMEDOUT" and 1 or 0)
                  if late == 2 then print(late, asked - before) finish() end
                end)
              end
            end)
          end)
        end)
      end)]], "timeout = 0.2, connections = 1", { "nil\tnil\tthe answer did not come within 0.2 s\tETIMEDOUT",
      "nil\tnil\tthe answer did not come within 0.05 s\tETIMEDOUT", "200\tGET /b ours [] - -\tnil\tnil", "2\t1" })
    run([[
      local url = "http://127.0.0.1:1"
      local other = evio.http.client(url)
      other:get("/", function(_, message, code)
        print(message, code)
        other = evio.http.client("http://a..b")
        other:get("/", function(_, message, code) print(message ~= nil, code ~= nil) finish() end)
        print("not yet")
      end)]], nil, { 'cannot connect to "tcp://127.0.0.1:1": connection refused\tECONNREFUSED', "not yet",
      "true\ttrue" })
  end)

  it("gives a connection its time, TLS included", function()
    run(beside("return nil") .. [[
      local mute = evio.http.client("https://127.0.0.1:1", { connect = 1, timeout = 9,
        address = raw.addresses[1] })
      mute:get("/", function(_, message, code) print(message, code) finish() end)]], nil,
      { "handshake time-out: it was not over for 1 s\tETIMEDOUT" })
  end)

  it("gives up what is cancelled", function()
    run([[
      local one = client:get("/slow?s=9", error)
      local two = client:get("/slow?s=9", error) -- waits
      print(two:cancel(), two:cancel())
      evio.after(0.05, function()
        print(one:cancel(), one:cancel())
        local three
        three = client:request({ path = "/big?n=1000000", chunk = function() three:cancel() end }, error)
        evio.after(0.1, function() ask({}, function() finish() end) end)
      end)]], "connections = 1", { "true\tfalse", "true\tfalse", "200\tGET / ours [] - -\tnil\tnil" })
  end)

  it("goes on behind an error in a callback, which is told", function()
    local script = scripts.start([[
      client:get("/a", function() error("on purpose") end)
      client:get("/b", function(response) print(response.body) finish() end)]], "connections = 1")
    script:expect_error("error in data, connection %d+ to .*on purpose\nstack traceback:")
    assert.equal("GET /b ours [] - -", script:line())
    assert.equal(0, script:wait().status)
    script = scripts.start([[
      ask({ path = "/big?n=1000", chunk = function() error("on purpose", 0) end }, function()
        ask({ path = "/b" }, function() finish() end)
      end)]])
    script:expect_error("error in data, connection %d+ to .*on purpose\nstack traceback:")
    assert.equal("nil\tnil\ton purpose\tnil", script:line())
    assert.equal("200\tGET /b ours [] - -\tnil\tnil", script:line())
    assert.equal(0, script:wait().status)
  end)

  it("tells every request of a shutdown, once", function()
    local script = scripts.start([[
      local told = 0
      local function tell(response) told = told + (response == nil and 1 or 0) end
      client:get("/a", function() -- one is sent on a connection that was kept, one on a new one, one waits
        for _ = 1, 3 do
          client:get("/slow?s=9", function(response)
            tell(response)
            client:get("/again", function(again)
              tell(again)
              if told == 6 then print("told") end
            end)
          end)
        end
        evio.after(0.05, evio.shutdown)
      end)]], "connections = 2")
    assert.equal("told", script:line())
    assert.equal(0, script:wait().status)
  end)

  it("hands the connection over behind a 101", function()
    run(beside([[
      if line:find("Connection: Upgrade\r\nUpgrade: echo\r\n", 1, true) then
        conn:handler({ data = function(_, bytes) return bytes:upper() end }, "rest")
        return "HTTP/1.1 101 Switching Protocols\r\nUpgrade: echo\r\nConnection: upgrade\r\n\r\nfirst "
      end
      return OK]]) .. [[
      local got = ""
      client:request({ upgrade = "echo" }, function(response)
        print(response.status, response.headers.upgrade, response.body)
        return { opened = function() return "hello" end, data = function(conn, bytes)
          got = got .. bytes
          if #got == 15 then
            print(got)
            conn:close()
            client:request({ upgrade = "echo" }, function(response)
              print(response.status)
              gone(response.conn.id, function() print("gone") finish() end)
            end)
          end
        end }
      end)]], nil, { "101\techo\tnil", "first RESTHELLO", "101", "gone" })
  end)

  it("names what is wrong with a call, and where", function()
    local calls = {
      ["evio.http.client('h')"] = 'evio.http.client: the URL "h" is none, expected one as',
      ["evio.http.client('ftp://h')"] = 'the URL "ftp://h" has the scheme "ftp", expected http or https',
      ["evio.http.client('http://a:b@h')"] = "has a user in front of the host",
      ["evio.http.client('http://h:0')"] = 'has ":0" behind the host, expected a port from 1 to 65535',
      ["evio.http.client('http://h/a')"] = "has a path, which requests have",
      ["evio.http.client('http://h', 5)"] = "evio.http.client: the settings are a number, expected a table",
      ["evio.http.client('http://h', { idel = 1 })"] = 'unknown setting "idel"',
      ["evio.http.client('http://h', { idle = 0 })"] = "idle is 0, expected seconds above 0",
      ["evio.http.client('http://h', { connections = 0 })"] = "connections is 0, expected a whole number from 1",
      ["evio.http.client('https://h', { tls = { ca = '/none' } })"] = "evio.http.client: tls: ",
      ["client:get('/', 5)"] = "client:get: a number for the answer, expected a function",
      ["client:get('a', print)"] = 'client:get: path is "a", expected one that begins with /',
      ["client:get('/a b', print)"] = 'path is "/a b", which has a space, a control byte or a #',
      ["client:request({ path = '/\\r\\nA: b' }, print)"] = "which has a space, a control byte or a #",
      ["client:request(5, print)"] = "client:request: the request is a number, expected a table",
      ["client:request({ paht = '/' }, print)"] = 'unknown field "paht", expected one of body, chunk',
      ["client:request({ body = 5 }, print)"] = "body is a number, expected a string or function",
      ["client:request({ method = 'GE T' }, print)"] = 'method is "GE T", which is no token',
      ["client:request({ method = 'CONNECT' }, print)"] = "method is CONNECT",
      ["client:request({ timeout = 0 }, print)"] = "timeout is 0, expected seconds above 0",
      ["client:request({ query = { a = {{}} } }, print)"] = "query.a is a table, expected a string",
      ["client:request({ headers = { A = 'b\\r\\nC: d' } }, print)"] = 'a request\'s field A is "b\\13',
      ["client:request({ headers = { ['A:'] = 'b' } }, print)"] = 'a request\'s field is "A:", which is no name',
      ["client:request({ headers = { connection = 'b' } }, print)"] = "the field connection, which the client writes",
      ["client:request({ headers = { Host = { 'a', 'b' } } }, print)"] = "there are two Host fields",
      ["client:fetch({})"] = "client:fetch waits, which the loop must not do",
      ["evio.http.fetch('http://h')"] = "evio.http.fetch waits, which the loop must not do",
    }
    local lines, expected = {}, {}
    for call, message in pairs(calls) do
      lines[#lines + 1] = ("print((select(2, pcall(function() %s return end)):gsub('\\n', ' ')))"):format(call)
      expected[#expected + 1] = message
    end
    local script = scripts.start(table.concat(lines, "\n") .. "\nfinish()")
    for _, message in ipairs(expected) do
      local line = script:line()
      assert.is_truthy(line:find("server.lua:%d+: "), line)
      assert.is_truthy(line:find(message, 1, true), message .. " | " .. line)
    end
    assert.equal(0, script:wait().status)
  end)
end)
