-- Datagrams: peers as connections, one datagram a write, what is refused.
local datagrams = require("spec.support.datagrams")
local scripts = require("spec.support.scripts")
local support = require("spec.support")

local UDP = { addresses = { "udp://127.0.0.1:0" } }

local asking = datagrams.ask

describe("a datagram", function()
  it("is one data event, and one answer", function()
    local server = scripts.serve("function events.data(_, input) return '<' .. input .. '>' end", UDP)
    local script = asking({ "one", "", "three" }, server:address())
    for _, line in ipairs({ "5\t<one>", "2\t<>", "7\t<three>" }) do
      assert.equal(line, script:line())
    end
  end)

  it("may be empty on its way back, too", function()
    local server = scripts.serve([[
      function events.data(conn, input)
        if input == "out" then return "" end
        if input == "buffer" then return require("string.buffer").new() end
        conn:write("")
      end]], UDP)
    local script = asking({ "out", "buffer", "write" }, server:address())
    for _ = 1, 3 do
      assert.equal("0\t", script:line())
    end
  end)

  it("is never joined with another one", function()
    local server = scripts.serve([[
      function events.data(conn)
        conn:write("a")
        conn:write(require("string.buffer").new():put("b"))
        return "c"
      end]], UDP)
    local script = asking({ "x" }, server:address())
    for _, line in ipairs({ "1\ta", "1\tb", "1\tc" }) do
      assert.equal(line, script:line())
    end
  end)

  it("may have 65,507 bytes and no more", function()
    local server = scripts.serve([[
      function events.data(conn)
        print(conn:write(("x"):rep(65507)))
        print(conn:write(("x"):rep(65508)))
        return ("y"):rep(65508)
      end]], UDP)
    local address = server:address()
    local script = asking({ "x" }, address)
    assert.equal("0", server:line())
    assert.equal("nil\tmessage too long\tEMSGSIZE", server:line())
    assert.equal("65507\txxxxxxxxxxxxxxxxxxxx", script:line())
    server:expect_error("dropped a datagram of 65508 bytes: message too long")
  end)

  it("comes from the address that the peer asked", function()
    local server = scripts.serve([[
      function events.data(conn, input) return conn.local_address .. " " .. input end]],
      { addresses = { "udp4://:0" } })
    local port = server:address():match("%d+$")
    for _, host in ipairs({ "127.0.0.1", "127.0.0.7" }) do
      -- A connected socket takes datagrams from its peer only.
      local script = asking({ "x" }, ("udp://%s:%s"):format(host, port))
      local text = ("udp://%s:%s x"):format(host, port)
      assert.equal(#text .. "\t" .. text:sub(1, 20), script:line())
    end
  end)

  it("comes over IPv4 and IPv6 to one address", function()
    local server = scripts.serve("function events.data(conn) return conn.remote_ip end",
      { addresses = { "udp://:0" } })
    local port = server:address():match("%d+$")
    assert.equal("9\t127.0.0.1", asking({ "x" }, "udp://127.0.0.1:" .. port):line())
    if support.has_ipv6() then
      assert.equal("3\t::1", asking({ "x" }, "udp://[::1]:" .. port):line())
    end
  end)
end)
