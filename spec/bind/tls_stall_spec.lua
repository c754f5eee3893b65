-- TLS handshakes of a real client that stop at each of its messages.
local certificates = require("spec.support.certificates")
local scripts = require("spec.support.scripts")
local support = require("spec.support")

-- Passes on so many bytes of a client's to a server, and all of the server's. Prints in the end what the
-- client sent, in hex.
local RELAY = [[
local evio = require("evio")
local address, left, sent = %q, %d, {}
local front, back = {}, {}
function front.serving(server) print(server.addresses[1]) end
function front.opened(conn)
  conn.peer = evio.dial(back, address)
  conn.peer.peer = conn
end
function front.data(conn, input)
  sent[#sent + 1] = input:gsub(".", function(c) return ("%%02x"):format(c:byte()) end)
  local part = input:sub(1, left)
  left = left - #part
  conn.peer:write(part)
end
function front.eof() return nil, "none" end
function back.data(conn, input) conn.peer:write(input) end
function back.closed(conn) conn.peer:close() end
function front.closed() print("sent " .. table.concat(sent)) evio.shutdown() end
evio.serve(front, "tcp://127.0.0.1:0")]]

-- seconds: a handshake's time.
local function serve(seconds)
  return scripts.serve(([[
    function events.opened(conn) print("opened") return nil, "close" end
    function events.failed(_, err) print("failed", err) end
    function events.serving(server) print(server.addresses[1]) end
    events.options = { handshake = %g }
    events = evio.translate(events, nil, evio.tls({ %s }))]]):format(seconds, certificates.fields("server")))
end

-- What the client sent.
local function connect(server, version, bytes)
  local relay = support.start(RELAY:format(server:address(), bytes))
  local port = relay:line():match("%d+$")
  os.execute(("timeout 20 openssl s_client %s -connect 127.0.0.1:%s </dev/null >/dev/null 2>&1"):format(version, port))
  return (relay:expect("^sent (%x*)$"):gsub("%x%x", function(hex) return string.char(tonumber(hex, 16)) end))
end

-- Where each record of the handshake begins, and the middle of the last one; the end is not among them.
local function stops(sent, records)
  local list, at = {}, 1
  for i = 1, records do
    local a, b = sent:byte(at + 3, at + 4)
    list[i] = at - 1
    at = at + 5 + a * 256 + b
  end
  list[#list + 1] = at - 2
  return list
end

describe("a client's handshake", function()
  -- ClientHello, then with 1.3 ChangeCipherSpec and Finished, with 1.2 ClientKeyExchange in front of them.
  for version, records in pairs({ ["-tls1_3"] = 3, ["-tls1_2"] = 4 }) do
    it("with " .. version .. " that stops at any message ends at the time-out, and no event sees it", function()
      local whole = serve(30)
      local sent = connect(whole, version, 2 ^ 30)
      assert.equal("opened", whole:line())
      local server = serve(0.3)
      for _, bytes in ipairs(stops(sent, records)) do
        connect(server, version, bytes)
        assert.equal("failed\thandshake time-out: it was not over for 0.3 s", server:line())
      end
    end)
  end
end)
