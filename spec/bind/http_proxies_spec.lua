-- Servers of evio.http behind haproxy and nginx, asked by clients of evio.http, and by curl.
local proxies = require("spec.support.proxies")
local scripts = require("spec.support.scripts")
local support = require("spec.support")

-- It prints "opened" for each connection; / has what was asked, and /stream a body in chunks that sends the request's
-- back.
local SERVER = [[
  local echo = evio.websocket.server({ message = function(ws, data, kind) ws:send(data:upper(), kind) end })
  events = evio.http.session(function(request)
    if request.path == "/ws" then
      return echo(request)
    elseif request.path == "/stream" then
      local out = request:stream()
      for part in request:parts() do out:write(part) end
      out:finish()
      return nil
    end
    local size = 0
    for part in request:parts() do size = size + #part end
    return ("%s %s %d %s"):format(request.method, request.path, size, request.headers["transfer-encoding"] or "-")
  end, { stream = true })
  function events.opened() print("opened") end
  function events.serving(server) print(table.concat(server.addresses, "\n")) end]]

local function ask(port)
  return support.start(([[
    local evio = require("evio")
    local client = evio.http.client("http://127.0.0.1:%d")
    local large = ("0123456789abcdef"):rep(50000)
    local function pieces()
      local at = 1
      return function()
        local piece = large:sub(at, at + 49999)
        at = at + #piece
        return piece ~= "" and piece or nil
      end
    end
    local function show(response, message) print(response and response.status, response and response.body, message) end
    local sessions = evio.session(function()
      for i = 1, 5 do show(client:fetch({ path = "/" .. i })) end
      local response = client:fetch({ method = "HEAD" })
      print(response.status, response.headers["content-length"], response.body)
      show(client:fetch({ method = "POST", path = "/a", body = large }))
      show(client:fetch({ method = "PUT", path = "/a", body = pieces() }))
      for _, body in ipairs({ "a body", large, "" }) do
        response = client:fetch({ method = "POST", path = "/stream", body = body })
        print(response.status, response.headers["transfer-encoding"], response.body == body)
      end
      response = client:fetch({ method = "PUT", path = "/stream", body = pieces() })
      print(response.status, response.headers["transfer-encoding"], response.body == large)
      local ws = assert(evio.websocket.connect("ws://127.0.0.1:%d/ws"))
      ws:send("through a proxy")
      print(ws:receive())
      ws:close()
      client:close()
      evio.shutdown()
    end)
    function sessions.serving(s) evio.dial({ closed = function() end }, s.addresses[1]) end
    evio.serve(sessions, "tcp://127.0.0.1:0")]]):format(port, port))
end

-- What a proxy may change: how a body is framed on its way to the server.
local function assert_passes(server, port, connections)
  proxies.await({ port })
  local script = ask(port)
  for i = 1, 5 do
    assert.equal(("200\tGET /%d 0 -\tnil"):format(i), script:line())
  end
  assert.equal("200\t10\t", script:line())
  assert.equal("200\tPOST /a 800000 -\tnil", script:line())
  script:expect("^200\tPUT /a 800000 chunked\tnil$")
  for _ = 1, 4 do
    assert.equal("200\tchunked\ttrue", script:line())
  end
  assert.equal("THROUGH A PROXY\ttext", script:line())
  assert.equal(0, script:wait().status)
  server:stop()
  local _, count = server:output():gsub("opened\n", "")
  assert.is_true(count <= connections, count .. " connections to the server")
end

describe("evio.http.server", function()
  it("stands behind nginx, which keeps connections", function()
    local server = scripts.serve(SERVER)
    local port = proxies.free_ports(1)[1]
    proxies.nginx(([[
      upstream app { server 127.0.0.1:%s; keepalive 4; }
      map $http_upgrade $connection_field { default upgrade; "" ""; }
      server {
        listen 127.0.0.1:%d;
        client_max_body_size 0;
        location / {
          proxy_pass http://app;
          proxy_http_version 1.1;
          proxy_set_header Upgrade $http_upgrade;
          proxy_set_header Connection $connection_field;
          proxy_request_buffering off;
        }
      }]]):format(server:address():match("%d+$"), port))
    assert_passes(server, port, 3)
  end)

  it("stands behind haproxy, which keeps connections", function()
    local server = scripts.serve(SERVER)
    local port = proxies.free_ports(1)[1]
    proxies.haproxy(([[
defaults
  mode http
  timeout connect 10s
  timeout client 20s
  timeout server 20s
  http-reuse always
listen app
  bind 127.0.0.1:%d
  server s 127.0.0.1:%s
]]):format(port, server:address():match("%d+$")))
    assert_passes(server, port, 3)
  end)

  it("stands behind nginx as it is without settings, in HTTP/1.0", function()
    local server = scripts.serve(SERVER)
    local port = proxies.free_ports(1)[1]
    proxies.nginx(("server { listen 127.0.0.1:%d; location / { proxy_pass http://127.0.0.1:%s; } }"):format(port,
      server:address():match("%d+$")))
    proxies.await({ port })
    assert.equal("GET /a 0 -", support.shell(("curl -sS http://127.0.0.1:%d/a"):format(port)))
    assert.equal("POST /a 5 -", support.shell(("curl -sS -d hello http://127.0.0.1:%d/a"):format(port)))
    assert.equal("hello", support.shell(("curl -sS -d hello -H 'Transfer-Encoding: chunked' http://127.0.0.1:%d/stream")
      :format(port)))
  end)
end)
