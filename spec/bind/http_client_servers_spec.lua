-- evio.http.client and servers that others wrote: node's, and nginx.
local certificates = require("spec.support.certificates")
local proxies = require("spec.support.proxies")
local support = require("spec.support")

-- A script in whose session `client` and `show` are.
local function run(url, settings, source, expected)
  local script = support.start(([[
    local evio = require("evio")
    local client = evio.http.client(%q, { %s })
    local function show(response, message, code)
      print(response and response.status, response and response.body, message, code)
      return response
    end
    local function await(fn)
      for _ = 1, 1500 do
        if fn() then return end
        evio.sleep(0.01)
      end
      print("not within 15 s")
    end
    local sessions = evio.session(function()
      %s
      client:close()
      evio.shutdown()
    end)
    function sessions.serving(s) evio.dial({ closed = function() end }, s.addresses[1]) end
    evio.serve(sessions, "tcp://127.0.0.1:0")]]):format(url, settings, source))
  for _, line in ipairs(expected) do
    support.same_bytes(line, script:line(20))
  end
  assert.equal(0, script:wait().status)
end

describe("evio.http.client", function()
  it("asks node's server", function()
    local node = support.spawn({ "spec/support/clients/http_server.js" },
      { command = { "node" }, env = { PATH = os.getenv("PATH") } })
    local port = node:expect("^listening on (%d+)$")
    run("http://127.0.0.1:" .. port, "", [[
      show(client:fetch({ path = "/a" }))
      show(client:fetch({ method = "HEAD" }))
      show(client:fetch({ method = "POST", body = "hello" }))
      local left = 30
      show(client:fetch({ method = "PUT", body = function()
        left = left - 1
        return left >= 0 and ("x"):rep(100000) or nil
      end }))
      local response = show(client:fetch({ path = "/trailers" }))
      print(response.headers.trailer, response.trailers["x-sum"])
      show(client:fetch({ path = "/hints" }))
      show(client:fetch({ path = "/last" })) -- 1
      show(client:fetch({ path = "/cut" })) -- 2
      local kept = show(client:fetch({ path = "/b" })).conn.id
      await(function() return not evio.conn(kept) end) -- it keeps connections for less
      show(client:fetch({ path = "/c" })) -- 4
      local got = ""
      client:request({ upgrade = "echo" }, function()
        return { opened = function() return "to and fro" end, data = function(conn, bytes) got = got .. bytes end }
      end)
      await(function() return #got == 10 end)
      print(got)]], { "200\tGET 0 - \tnil\tnil", "200\t\tnil\tnil", "200\tPOST 5 - hello\tnil\tnil",
      "200\tPUT 3000000 chunked xxxxxxxxxx\tnil\tnil", "200\tone, two\tnil\tnil", "X-Sum\t7",
      "200\tbehind hints\tnil\tnil", "200\tthe last\tnil\tnil",
      "nil\tnil\tthe server closed the connection in the middle of the answer\tECONNRESET", "200\tGET 0 - \tnil\tnil",
      "200\tGET 0 - \tnil\tnil", "to and fro" })
    node:expect("^connection 4$")
  end)

  it("asks nginx, with and without TLS", function()
    local ports = proxies.free_ports(2)
    local large = ("0123456789abcdef"):rep(200000)
    proxies.nginx(([[
      server {
        listen 127.0.0.1:%d;
        listen 127.0.0.1:%d ssl;
        ssl_certificate %s;
        ssl_certificate_key %s;
        keepalive_requests 3;
        location /moved { return 301 /small; }
      }]]):format(ports[1], ports[2], certificates.path("server.pem"), certificates.path("server.key")),
      { small = "a small file", large = large })
    proxies.await(ports)
    for i, scheme in ipairs({ "http", "https" }) do
      local url = ("%s://localhost:%d"):format(scheme, ports[i])
      run(url, ("tls = { ca = %q }, address = 'tcp4://127.0.0.1:%d'"):format(certificates.path("ca.pem"), ports[i]), [[
        local conns, count = {}, 0
        for _ = 1, 12 do -- three for each connection
          local response = client:fetch({ path = "/small" })
          assert(response.body == "a small file")
          count = count + (conns[response.conn.id] and 0 or 1)
          conns[response.conn.id] = true
        end
        print(count)
        local bytes = 0
        local response = client:fetch({ path = "/large", chunk = function(part) bytes = bytes + #part end })
        print(response.headers["content-length"], bytes, response.body)
        print(#client:fetch({ path = "/large" }).body)
        response = client:fetch({ method = "HEAD", path = "/large" })
        print(response.status, response.headers["content-length"], response.body)
        response = client:fetch({ path = "/large", headers = { Range = "bytes=16-19" } })
        print(response.status, response.body)
        response = client:fetch({ path = "/small", headers = { ["If-None-Match"] =
          client:fetch({ path = "/small" }).headers.etag } })
        print(response.status, response.body)
        print(client:fetch({ path = "/none" }).status)
        print(client:fetch({ method = "POST", path = "/small", body = "x" }).status)
        print(client:fetch({ path = "/small", headers = { Cookie = ("x"):rep(40000) } }).status)
        response = client:fetch({ path = "/moved" })
        print(response.status, (response.headers.location:gsub("^%a+://[^/]*", "")))]],
        { "4", "3200000\t3200000\tnil", "3200000", "200\t3200000\t", "206\t0123", "304\t", "404", "405", "400",
          "301\t/small" })
    end
  end)
end)
