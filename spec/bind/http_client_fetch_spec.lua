-- client:fetch and evio.http.fetch: requests that sessions wait for.
local scripts = require("spec.support.http_client")

-- The same, in a session.
local function run(source, settings, expected)
  scripts.run(([[
    local inside = evio.session(function()
      %s
      finish()
    end)
    local server = assert(evio.listen(inside, "tcp://127.0.0.1:0"))
    evio.dial({ closed = function() end }, server.addresses[1])]]):format(source), settings, expected)
end

describe("client:fetch", function()
  it("waits for the answer, in several sessions at once", function()
    run([[
      local response, message, code = client:fetch({ path = "/a", headers = { ["X-A"] = 5 } })
      print(response.status, response.body, message, code)
      print(client:fetch({ path = "/slow?s=9", timeout = 0.05 }))
      print(client:fetch({ method = "POST", body = "hello" }).body)
      print(pcall(client.fetch, client, { upgrade = "x" }))
      print(asked, opened)]], nil, { "200\tGET /a ours [] 5 -\tnil\tnil",
      "nil\tthe answer did not come within 0.05 s\tETIMEDOUT", "POST / ours [hello] - 5",
      "false\tclient:fetch: upgrade, which needs the callback of client:request", "3\t2" })
    scripts.run([[
      local left = 20
      local sessions = evio.session(function(conn)
        local number = conn:readline()
        for i = 1, 20 do
          local path = "/" .. number .. "/" .. i
          assert(client:fetch({ path = path }).body:find("GET " .. path .. " ", 1, true))
        end
        left = left - 1
        if left == 0 then print(asked, opened) finish() end
      end)
      local server = assert(evio.listen(sessions, "tcp://127.0.0.1:0"))
      for i = 1, 20 do
        evio.dial({ opened = function() return i .. "\n" end, closed = function() end }, server.addresses[1])
      end]], nil, { "400\t8" })
  end)

  it("gives a session's request up with nothing else", function()
    local script = scripts.start([[
      local inside = evio.session(function() client:fetch({ path = "/a" }) error("on purpose") end)
      local server = assert(evio.listen(inside, "tcp://127.0.0.1:0"))
      evio.dial({ closed = function() client:get("/b", function(response) print(response.body) finish() end) end },
        server.addresses[1])]])
    script:expect_error("error in session, connection %d+ from .*on purpose")
    assert.equal("GET /b ours [] - -", script:line())
    assert.equal(0, script:wait().status)
  end)
end)

describe("evio.http.fetch", function()
  it("asks on a connection of its own", function()
    run([[
      local response = evio.http.fetch(url .. "/a?b#c")
      print(response.status, response.body, response.headers.connection)
      print(evio.http.fetch(url, { query = { a = "b" }, method = "PUT", body = function() end }).body)
      print(evio.http.fetch("http://127.0.0.1:1/"))
      print(evio.http.fetch(url .. "/big?n=1000", nil, { body = 999 }))
      print(asked, opened)
      print(evio.http.fetch(url .. "/slow?s=9", nil, { timeout = 0.05 }))]], nil, {
      "200\tGET /a?b ours [] - -\tclose", "PUT /?a=b ours [] - -",
      'nil\tcannot connect to "tcp://127.0.0.1:1": connection refused\tECONNREFUSED',
      "nil\tthe server's answer is refused: a body has at most 999 bytes\tEMSGSIZE", "3\t3",
      "nil\tthe answer did not come within 0.05 s\tETIMEDOUT" })
  end)

  it("follows where an answer leads, as often as it is told to", function()
    -- /STATUS/N leads to /STATUS/N-1, and what leads nowhere tells what it was asked.
    local leads = [[
      local function lead(request)
        local status, n = request.path:match("^/(%d+)/(%d+)$")
        if request.path == "/away" then
          return { status = 302, headers = { Location = request.headers["x-to"] }, body = "elsewhere" }
        elseif not n or n == "0" then
          return table.concat({ request.method, request.target, request.body, request.headers["content-type"] or "-",
            request.headers.authorization or "-", request.headers["x-to"] or "-" }, " ")
        end
        return { status = tonumber(status), headers = { Location = "../" .. status .. "/" .. n - 1 .. "?x" } }
      end
      local made = evio.http.server(lead)
      local one, two = evio.listen(made, "tcp://127.0.0.1:0"), evio.listen(made, "tcp://127.0.0.1:0")
      one = "http://" .. one.addresses[1]:match("//(.*)")
      two = "http://" .. two.addresses[1]:match("//(.*)")
      local function try(method, path, body, redirects, more)
        local headers = { ["Content-Type"] = "a/b", Authorization = "secret", ["X-To"] = more }
        local pieces = {}
        local response, message, code = evio.http.fetch(one .. path, { method = method, body = body, headers = headers,
          redirects = redirects, query = path == "/301/1" and { q = 1 } or nil,
          chunk = method == "PATCH" and function(piece) pieces[#pieces + 1] = piece end or nil })
        local text = response and (response.body or table.concat(pieces))
        print(response and response.status, text and (text:gsub(one, "ONE"):gsub(two, "TWO")), message,
          code)
      end]]
    run(leads .. [[
      try("GET", "/301/2", nil, 0)
      try("GET", "/301/2", nil, 1)
      try("GET", "/301/2", nil, 2)
      try("POST", "/301/1", "hello", 2)
      try("POST", "/303/1", "hello", 2)
      try("PUT", "/302/1", "hello", 2)
      try("POST", "/307/1", "hello", 2)
      try("POST", "/308/1", function() end, 2)
      try("GET", "/away", nil, 1, one .. "/b")
      try("GET", "/away", nil, 1, two .. "/b")
      try("PATCH", "/away", nil, 1, two .. "/b")
      try("GET", "/away", nil, 1, "ftp://h/")
      local elsewhere = { address = "tcp" .. one:sub(5) }
      print(evio.http.fetch("http://none.example/b", nil, elsewhere).status)
      local response = evio.http.fetch("http://none.example/away", { redirects = 1, headers = { ["X-To"] = two } },
        elsewhere)
      print(response.status, response.conn.remote_port == tonumber(two:match("%d+$")))
      print(pcall(evio.http.fetch, "ftp://h/"))
      print(pcall(evio.http.fetch, url, { path = "/" }))
      print(pcall(evio.http.fetch, url, { redirects = "x" }))
      print(pcall(evio.http.fetch, url, { methods = "GET" }))]], nil, {
      "301\t\tnil\tnil", "301\t\tnil\tnil", "200\tGET /301/0?x  a/b secret -\tnil\tnil",
      "200\tGET /301/0?x  - secret -\tnil\tnil", "200\tGET /303/0?x  - secret -\tnil\tnil",
      "200\tPUT /302/0?x hello a/b secret -\tnil\tnil", "200\tPOST /307/0?x hello a/b secret -\tnil\tnil",
      "308\t\tnil\tnil", "200\tGET /b  a/b secret ONE/b\tnil\tnil", "200\tGET /b  a/b - TWO/b\tnil\tnil",
      "200\tPATCH /b  a/b - TWO/b\tnil\tnil",
      'nil\tnil\tthe answer leads nowhere: the URL "ftp://h/" has the scheme "ftp", expected http or https\tEPROTO',
      "200", "200\ttrue",
      'false\tevio.http.fetch: the URL "ftp://h/" has the scheme "ftp", expected http or https',
      "false\tevio.http.fetch: path, which is the URL's or the callback's of client:request",
      "false\tevio.http.fetch: redirects is x, expected a whole number from 0 to 1000",
      'false\tevio.http.fetch: unknown field "methods", expected one of body, chunk, headers, method, path, query, '
        .. "timeout, upgrade" })
  end)
end)
