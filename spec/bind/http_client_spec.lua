-- evio.http.client: requests to a server of ours.
local certificates = require("spec.support.certificates")
local scripts = require("spec.support.http_client")

local run = scripts.run

local function ok(text)
  return "200\t" .. text .. "\tnil\tnil"
end

describe("evio.http.client", function()
  it("asks over one connection that is kept", function()
    run([[
      client:get("/a?b", function(response)
        print(response.status, response.reason, response.version, response.body, response.headers["CONTENT-length"])
        ask({ path = "/c?d=e", query = { x = "a b&", y = { 1, "ü" } }, headers = { ["X-A"] = "b" } }, function()
          ask({ method = "POST", path = "/d", body = "hello" }, function()
            ask({ method = "POST", path = "/e" }, function()
              ask({ method = "HEAD" }, function()
                ask({ method = "OPTIONS", path = "*", headers = { hOsT = "other" } }, function()
                  ask({ path = "/cookies" }, function(response)
                    print(response.headers["set-cookie"], #response.set_cookie, response.set_cookie[2])
                    print(asked, opened)
                    finish()
                  end)
                end)
              end)
            end)
          end)
        end)
      end)]], nil, { "200\tOK\t1.1\tGET /a?b ours [] - -\t20",
      ok("GET /c?d=e&x=a%20b%26&y=1&y=%C3%BC ours [] b -"), ok("POST /d ours [hello] - 5"), ok("POST /e ours [] - 0"),
      ok(""), ok("OPTIONS * other [] - -"), ok(""), "a=1; Path=/, b=2, 3\t2\tb=2, 3", "7\t1" })
  end)

  it("has as many connections as it may, and lets others wait in order", function()
    run([[
      local left = 100
      for i = 1, 100 do
        client:get("/" .. i, function(response)
          assert(response.body:find("GET /" .. i .. " ", 1, true))
          left = left - 1
          if left == 0 then print(asked, opened) finish() end
        end)
      end]], "connections = 3", { "100\t3" })
    run([[
      local order = {}
      for i = 1, 4 do
        client:get("/slow?s=0.01", function()
          order[i] = #order + 1
          if i == 4 then print(unpack(order)) finish() end
        end)
      end]], "connections = 1", { "1\t2\t3\t4" })
  end)

  it("sends bodies piece by piece, as the server takes them", function()
    run([[
      local left = 100
      ask({ method = "PUT", path = "/size", body = function()
        left = left - 1
        return left >= 0 and ("x"):rep(10000) or nil
      end }, function()
        ask({ method = "POST", path = "/size", body = ("y"):rep(900000) }, function()
          ask({ method = "PUT", path = "/size", body = function() end }, function() print(opened) finish() end)
        end)
      end)]], nil, { ok("1000000 chunked"), ok("900000 -"), ok("0 chunked"), "1" })
    run([[
      ask({ method = "PUT", body = function() error("on purpose", 0) end }, function()
        ask({ method = "PUT", body = function() return 5 end }, function() finish() end)
      end)]], nil, { "nil\tnil\ton purpose\tEINVAL",
      "nil\tnil\tthe body's function returned a number, expected a string or nil\tEINVAL" })
  end)

  it("takes an answer in front of its request's end, and keeps no such connection", function()
    run([[
      ask({ method = "PUT", body = function() return ("x"):rep(100000) end }, function()
        ask({ path = "/a" }, function() print(opened) finish() end)
      end)]], nil, { "413\ta body has at most 1048576 bytes", "\tnil\tnil", ok("GET /a ours [] - -"), "2" })
  end)

  it("gives bodies piece by piece, and pauses", function()
    run([[
      local bytes, pauses = 0, 0
      client:request({ path = "/big?n=20000000", chunk = function(piece, response)
        assert(response.status == 200)
        bytes = bytes + #piece
        if pauses < 20 then
          pauses = pauses + 1
          response.conn:pause()
          evio.after(0.001, function() response.conn:resume() end)
        end
      end }, function(response)
        print(bytes, pauses, response.body)
        ask({ path = "/big?n=10000010" }, function() print(opened) finish() end)
      end)]], "body = 10000000", { "20000000\t20\tnil",
      "nil\tnil\tthe server's answer is refused: a body has at most 10000000 bytes\tEMSGSIZE", "1" })
  end)

  it("pauses bodies in chunks, and those whose end is the connection's", function()
    run([[
      events.serving = nil
      local large = ("x"):rep(100000)
      local raw = evio.listen({ options = { queue = 2 ^ 27 }, data = function(conn, input)
        local rest = input:find("/rest", 1, true)
        conn:write("HTTP/1.1 200 OK\r\n" .. (rest and "" or "Transfer-Encoding: chunked\r\n") .. "\r\n")
        for _ = 1, 30 do conn:write(rest and large or "186a0\r\n" .. large .. "\r\n") end
        return rest and "" or "0\r\n\r\n", rest and "close" or nil
      end }, "tcp://127.0.0.1:0")
      client = evio.http.client("http://" .. raw.addresses[1]:match("//(.*)"))
      local function get(path, fn)
        local bytes, pauses = 0, 0
        ask({ path = path, chunk = function(piece, response)
          bytes, pauses = bytes + #piece, pauses + 1
          response.conn:pause()
          evio.after(0.0005, function() response.conn:resume() end)
        end }, function()
          print(path, bytes, pauses > 20)
          fn()
        end)
      end
      get("/chunked", function() get("/chunked", function() get("/rest", finish) end) end)]], nil, {
      "200\tnil\tnil\tnil", "/chunked\t3000000\ttrue", "200\tnil\tnil\tnil", "/chunked\t3000000\ttrue",
      "200\tnil\tnil\tnil", "/rest\t3000000\ttrue" })
  end)

  it("does not take a TLS that was cut for the end of a body", function()
    run(([[
      events.serving = nil
      local inner = evio.listen(evio.translate({
        data = function() return "HTTP/1.1 200 OK\r\n\r\nall of" end, closed = function() end,
      }, nil, evio.tls({ %s })), "tcp://127.0.0.1:0")
      local passing
      local front = evio.listen({ -- passes bytes on
        opened = function(conn)
          passing, conn.early = conn, ""
          conn.out = evio.dial({ opened = function(out) out:write(conn.early) conn.early = nil end,
            data = function(_, bytes) conn:write(bytes) end, closed = function() end }, inner.addresses[1])
        end,
        data = function(conn, bytes)
          if conn.early then conn.early = conn.early .. bytes else conn.out:write(bytes) end
        end,
        closed = function(conn) conn.out:abort() end,
      }, "tcp://127.0.0.1:0")
      client = evio.http.client("https://" .. front.addresses[1]:match("//(.*)"), { tls = { verify = false } })
      ask({ chunk = function() passing:close() end }, finish)]]):format(certificates.fields("server")), nil,
      { "nil\tnil\ttls: the peer cut the connection without a close_notify\tECUT" })
  end)

  it("speaks TLS, and knows who the server has to be", function()
    local source = ([[
      events.serving = nil
      local made = evio.translate(events, nil, evio.tls({ %s, alpn = { "http/1.1" } }))
      local server = evio.listen(made, "tcp://127.0.0.1:0")
      local secure, ca = "127.0.0.1:" .. server.addresses[1]:match("%%d+$"), %q
      local function check(where, settings, fn)
        local one = evio.http.client(where, settings)
        one:get("/a", function(response, message, code)
          print(response and response.conn.tls.version, response and response.conn.tls.protocol, message, code)
          one:close()
          fn()
        end)
      end
      check("https://" .. secure, { tls = { ca = ca } }, function()
        check("https://localhost", { tls = { ca = ca }, address = "tcp://" .. secure }, function()
          check("https://" .. secure, nil, function()
            check("https://" .. secure, { tls = evio.tls({ ca = ca, name = "other" }) }, function()
              check("https://other", { tls = { ca = ca }, address = "tcp://" .. secure }, function()
                check("http://" .. secure, nil, finish)
              end)
            end)
          end)
        end)
      end)]]):format(certificates.fields("server"), certificates.path("ca.pem"))
    local good, bad = "TLSv1.3\thttp/1.1\tnil\tnil", "nil\tnil\ttls: %s\tEPROTO"
    run(source, nil, { good, good, bad:format("unable to get local issuer certificate"),
      bad:format("hostname mismatch"), bad:format("hostname mismatch"),
      "nil\tnil\tthe server closed the connection in front of the answer\tECONNRESET" })
  end)
end)
