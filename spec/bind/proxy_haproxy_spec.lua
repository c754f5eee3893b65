-- evio.proxy behind haproxy, with curl and sockets as clients.
local certificates = require("spec.support.certificates")
local proxies = require("spec.support.proxies")
local scripts = require("spec.support.scripts")
local support = require("spec.support")

local free_ports, start_haproxy = proxies.free_ports, proxies.haproxy

-- The first address speaks HTTP, the others TLS and HTTP in it.
local SERVER = [[
function events.serving(server) print(table.concat(server.addresses, "\n")) end
function events.data(conn)
  local p = conn.proxy
  local body = table.concat({ conn.remote_address, conn.local_address, p.version, tostring(p.known),
    p.unique_id or "-", p.authority or "-", p.alpn or "-",
    p.ssl and tostring(p.ssl.tls) .. " " .. p.ssl.version .. " " .. (p.ssl.cipher or "-") or "-",
    p[3] and "checked" or "-", conn.tls and conn.tls.version or "-" }, "\n")
  return ("HTTP/1.1 200 OK\r\nContent-Length: %%d\r\nConnection: close\r\n\r\n"):format(#body) .. body, "close"
end
function events.opened(conn) if not conn.proxy.known then print("real", conn.remote_ip, conn.proxy.version) end end
function events.failed(_, err) print("failed", err) end
events = evio.translate(events, function(conn)
  print("should", conn.remote_ip)
  return conn.index == 2
end, evio.tls({ %s }))
events = evio.translate(events, nil, evio.proxy({ trusted = { "127.0.0.0/8" } }))
]]

local CONFIG = [[
defaults
  mode tcp
  timeout connect 10s
  timeout client 20s
  timeout server 20s
listen v1
  bind ADDRESS:P1
  server s 127.0.0.1:PLAIN send-proxy
listen v2
  bind ADDRESS:P2
  server s 127.0.0.1:PLAIN send-proxy-v2
listen values
  bind ADDRESS:P3
  unique-id-format the-%[src]
  server s 127.0.0.1:PLAIN send-proxy-v2 proxy-v2-options unique-id,crc32c
listen ends_tls
  bind ADDRESS:P4 ssl crt CERT alpn http/1.1
  server s 127.0.0.1:PLAIN send-proxy-v2 proxy-v2-options ssl,ssl-cipher,authority,crc32c
listen passes_tls
  bind ADDRESS:P5
  server s 127.0.0.1:TLS send-proxy-v2
listen passes_tls_to_address
  bind ADDRESS:P6
  server s 127.0.0.1:ADDRESS_TLS send-proxy
]]

local function start()
  local server = scripts.serve(SERVER:format(certificates.fields("server")),
    { addresses = { "tcp://127.0.0.1:0", "tcp://127.0.0.1:0", ("tls://127.0.0.1:0?cert=%s&key=%s"):format(
      certificates.path("server.pem"), certificates.path("server.key")) } })
  local ports = free_ports(6)
  local config = CONFIG:gsub("ADDRESS_TLS", server:address(3):match("%d+$"))
    :gsub("ADDRESS", "127.0.0.1"):gsub("P(%d)", function(n) return ports[tonumber(n)] end)
    :gsub("127.0.0.1:PLAIN", "127.0.0.1:" .. server:address(1):match("%d+$"))
    :gsub("127.0.0.1:TLS", "127.0.0.1:" .. server:address(2):match("%d+$"))
  start_haproxy(config)
  return server, ports
end

-- The lines that the server answers through a port of haproxy's, and curl's own port.
local function ask(port, scheme, options)
  local lines, mine
  support.eventually(function()
    local pipe = io.popen(("timeout 10 curl -s %s --cacert %s -w '\\n%%{local_port}' %s://localhost:%d/ --ipv4"):format(
      options or "", certificates.path("ca.pem"), scheme or "http", port))
    lines = {}
    for line in pipe:lines() do
      lines[#lines + 1] = line
    end
    pipe:close()
    mine = table.remove(lines)
    return #lines > 1, "no answer"
  end)
  return lines, tonumber(mine)
end

describe("evio.proxy behind haproxy", function()
  it("tells the client with send-proxy, send-proxy-v2 and values", function()
    local server, ports = start()
    for kind = 1, 3 do
      local lines, mine = ask(ports[kind])
      assert.same({ "tcp://127.0.0.1:" .. mine, "tcp://127.0.0.1:" .. ports[kind], tostring(math.min(kind, 2)),
        "true", kind == 3 and "the-127.0.0.1" or "-", "-", "-", "-", kind == 3 and "checked" or "-", "-" }, lines)
      assert.equal("should\t127.0.0.1", server:line())
    end
  end)

  it("tells what haproxy found out in TLS", function()
    local _, ports = start()
    local lines, mine = ask(ports[4], "https", "--http1.1 --tlsv1.3")
    assert.equal("tcp://127.0.0.1:" .. mine, lines[1])
    assert.equal("localhost", lines[6])
    assert.equal("http/1.1", lines[7])
    assert.equal("true TLSv1.3 TLS_AES_256_GCM_SHA384", lines[8])
    assert.equal("checked", lines[9])
    assert.equal("-", lines[10])
  end)

  it("stands in front of TLS that haproxy passes on", function()
    local _, ports = start()
    for kind = 5, 6 do
      local lines, mine = ask(ports[kind], "https")
      assert.equal("tcp://127.0.0.1:" .. mine, lines[1])
      assert.equal("TLSv1.3", lines[10])
    end
  end)

  it("takes health checks for what they are", function()
    local server = scripts.serve(SERVER:format(certificates.fields("server")))
    start_haproxy(([[
defaults
  mode tcp
  timeout connect 10s
  timeout client 20s
  timeout server 20s
  timeout check 5s
listen checks
  bind 127.0.0.1:%d
  server s 127.0.0.1:%s send-proxy-v2 check inter 100
]]):format(free_ports(1)[1], server:address():match("%d+$")))
    server:expect("^real\t127.0.0.1\t2$")
    server:expect("^real\t127.0.0.1\t2$")
  end)
end)
