local support = require("spec.support")

local function start_dns()
  local server = support.spawn({ "examples/dns.lua", "--port", "0" })
  return server, server:expect("^dns server started on udp://.*:(%d+)$")
end

local function dig(port, arguments)
  local pipe = io.popen(("timeout 20 dig +tries=2 +time=5 +nocookie -p %s @127.0.0.1 %s 2>&1"):format(
    port, arguments))
  local text = pipe:read("*a")
  pipe:close()
  return text
end

describe("examples/dns.lua", function()
  it("answers dig", function()
    local server, port = start_dns()
    assert.equal("192.0.2.1\n", dig(port, "+short one.example"))
    assert.equal("192.0.2.1\n192.0.2.2\n", dig(port, "+short TWO.Example A"))
    assert.matches("status: NOERROR.*one%.example%.%s+60%s+IN%s+A%s+192%.0%.2%.1", dig(port, "one.example"))
    server:stop()
  end)

  it("tells a name that does not exist from one without an address of that type", function()
    local server, port = start_dns()
    assert.matches("status: NXDOMAIN.*ANSWER: 0", dig(port, "three.example"))
    assert.matches("status: NOERROR.*ANSWER: 0", dig(port, "one.example AAAA"))
    assert.matches("status: NOTIMP", dig(port, "+opcode=status one.example"))
    server:stop()
  end)

  it("answers from the address that was asked", function()
    local server, port = start_dns()
    for _, address in ipairs({ "127.0.0.1", "127.0.0.9" }) do
      local text = dig(port, ("+short @%s one.example"):format(address))
      assert.equal("192.0.2.1\n", text) -- dig refuses an answer from elsewhere
    end
    server:stop()
  end)

  it("survives what is not a question", function()
    local server, port = start_dns()
    local script = ([[
      local evio = require("evio")
      local events = {}
      function events.opened(conn)
        conn:write("")
        conn:write("x")
        conn:write(("\255"):rep(12))
        conn:write(("\0"):rep(12) .. "\63")
        conn:write(("\1"):rep(2000))
        return "\1\2\0\0\0\1\0\0\0\0\0\0\3ab" -- a name that ends too early
      end
      function events.data(conn, reply)
        if reply:sub(1, 2) == "\1\2" then print(#reply, reply:byte(4)) return nil, "close" end
      end
      evio.dial(events, "udp://127.0.0.1:%s")]]):format(port)
    local result = support.run({ "-e", script })
    assert.equal("12\t1\n", result.stdout)
    assert.equal("192.0.2.1\n", dig(port, "+short one.example"))
    server:stop()
  end)
end)
