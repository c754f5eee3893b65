-- Dialing names: resolution that does not block, and addresses that are tried side by side.
local posix_socket = require("posix.sys.socket")
local unistd = require("posix.unistd")
local dns = require("spec.support.dns")
local scripts = require("spec.support.scripts")
local support = require("spec.support")

local HELLO = "function events.opened(conn) return 'hello' end\n"

-- A script that dials NAME:PORT through a DNS server; prints what happened, and after how long.
local function dial(nameservers, address, options)
  return support.start(([[
    local evio = require("evio")
    local start
    local events = { options = { handshake = 5, %s } }
    function events.opened(conn) print("opened", conn.remote_ip, evio.now() - start) conn:close() end
    function events.failed(_, err, code) print("failed", err, code, evio.now() - start) end
    evio.nameservers("%s")
    evio.after(0, function()
      start = evio.now()
      evio.dial(events, "%s")
    end)]]):format(options or "", nameservers, address))
end

-- A port of 127.0.0.1 that takes connections, and the same one of 127.0.0.2 where they hang,
-- because the backlog is full.
local function half_hanging()
  local server = scripts.serve(HELLO)
  local port = tonumber(server:address():match("%d+$"))
  local fd = assert(posix_socket.socket(posix_socket.AF_INET, posix_socket.SOCK_STREAM, 0))
  assert(posix_socket.bind(fd, { family = posix_socket.AF_INET, addr = "127.0.0.2", port = port }))
  assert(posix_socket.listen(fd, 0))
  support.connect(("tcp://127.0.0.2:%d"):format(port)) -- the one place that there is
  return port, function()
    unistd.close(fd)
  end
end

describe("dialing a name", function()
  it("asks for both families and takes what it gets", function()
    local server = scripts.serve(HELLO)
    local port = server:address():match("%d+$")
    local resolver, address = dns.start({ ["one.example"] = { a = { "127.0.0.1" } } })
    local script = dial(address, "tcp://one.example:" .. port)
    assert.equal("127.0.0.1", script:expect("^opened\t(%S+)"))
    local asked = { resolver:line(), resolver:line() }
    table.sort(asked)
    assert.same({ "asked\tone.example\ta", "asked\tone.example\taaaa" }, asked)
  end)

  it("prefers IPv6 where both are there", function()
    if not support.has_ipv6() then
      pending("there is no IPv6 here")
    end
    local server = scripts.serve(HELLO, { addresses = { "tcp://:0" } })
    local port = server:address():match("%d+$")
    local _, address = dns.start({ ["both.example"] = { a = { "127.0.0.1" }, aaaa = { "::1" }, aaaa_delay = 0.001 } })
    support.eventually(function() -- an answer may be later than it is waited for
      return dial(address, "tcp://both.example:" .. port):expect("^opened\t(%S+)") == "::1"
    end)
    assert.equal("127.0.0.1", dial(address, "tcp4://both.example:" .. port):expect("^opened\t(%S+)"))
  end)

  it("does not wait long for the IPv6 answer, and not at all for the other one #timing", function()
    local server = scripts.serve(HELLO, { addresses = { "tcp://:0" } })
    local port = server:address():match("%d+$")
    local _, address = dns.start({
      ["late6.example"] = { a = { "127.0.0.1" }, aaaa = { "::1" }, aaaa_delay = 1.5 },
      ["late4.example"] = { a = { "127.0.0.1" }, aaaa = { "::1" }, a_delay = 1.5 },
    })
    local ip, seconds = dial(address, "tcp://late6.example:" .. port):expect("^opened\t(%S+)\t(%S+)")
    assert.equal("127.0.0.1", ip)
    assert.is_true(tonumber(seconds) >= 0.05 and tonumber(seconds) < 1, seconds)
    if support.has_ipv6() then
      ip, seconds = dial(address, "tcp://late4.example:" .. port):expect("^opened\t(%S+)\t(%S+)")
      assert.equal("::1", ip)
      assert.is_true(tonumber(seconds) < 1, seconds)
    end
  end)

  it("tries the next address a quarter of a second after one that hangs #timing", function()
    local port, close = half_hanging()
    local _, address = dns.start({ ["two.example"] = { a = { "127.0.0.2", "127.0.0.1" } } })
    local ip, seconds = dial(address, "tcp4://two.example:" .. port):expect("^opened\t(%S+)\t(%S+)")
    close()
    assert.equal("127.0.0.1", ip)
    assert.is_true(tonumber(seconds) >= 0.25 and tonumber(seconds) < 3, seconds)
  end)

  it("tries the next address at once when one refuses", function()
    local server = scripts.serve(HELLO)
    local port = server:address():match("%d+$")
    local _, address = dns.start({
      ["many.example"] = { a = { "127.0.0.3", "127.0.0.4", "127.0.0.5", "127.0.0.1" } },
    })
    assert.equal("127.0.0.1", dial(address, "tcp://many.example:" .. port):expect("^opened\t(%S+)"))
  end)

  it("fails when there is no such name, and says so", function()
    local _, address = dns.start({})
    local script = dial(address, "tcp://none.example:80")
    assert.equal('cannot connect to "tcp://none.example:80": cannot resolve "none.example": '
      .. "Domain name not found", (script:expect("^failed\t(.-)\tENOENT")))
  end)

  it("fails with the last address's error when all fail", function()
    local port = support.dead_address():match("%d+$")
    local _, address = dns.start({ ["dead.example"] = { a = { "127.0.0.1", "127.0.0.3" } } })
    dial(address, "tcp://dead.example:" .. port):expect("^failed\t.*connection refused\tECONNREFUSED")
  end)

  it("does not block the loop, and ends at the time-out when nobody answers", function()
    local _, address = dns.start({ ["quiet.example"] = { silent = true } })
    local script = support.start(([[
      local evio = require("evio")
      local events, ticks = { options = { handshake = 1 } }, 0
      evio.nameservers("%s")
      local timer = evio.every(0.001, function() ticks = ticks + 1 end)
      function events.failed(_, err, code) print(err, code, ticks > 10) timer:cancel() end
      evio.dial(events, "tcp://quiet.example:80")]]):format(address))
    assert.equal('cannot connect to "tcp://quiet.example:80": handshake time-out: not connected after '
      .. "1 s\tETIMEDOUT\ttrue", script:line())
    assert.same({ status = 0 }, script:wait())
  end)

  it("ends at the time-out when the address hangs", function()
    local port, close = half_hanging()
    local script = dial("127.0.0.1:1", "tcp://127.0.0.2:" .. port, "handshake = 0.3")
    script:expect("^failed\t.*handshake time%-out: not connected after 0.3 s\tETIMEDOUT")
    close()
  end)

  it("may be given up while the question is under way", function()
    local _, address = dns.start({ ["late.example"] = { a = { "127.0.0.1" }, a_delay = 1, aaaa_delay = 1 } })
    local script = support.start(([[
      local evio = require("evio")
      local events = {}
      function events.failed(_, err, code) print(err, code) end
      evio.nameservers("%s")
      local conn = evio.dial(events, "tcp://late.example:80")
      evio.after(0.03, function() conn:close() end)
      evio.after(1.2, function() print("over") end)]]):format(address))
    assert.equal("closed before it opened\tECANCELED", script:line())
    assert.equal("over", script:line())
    assert.same({ status = 0 }, script:wait())
  end)

  it("asks nobody for localhost", function()
    local server = scripts.serve(HELLO)
    local port = server:address():match("%d+$")
    for _, name in ipairs({ "localhost", "LocalHost", "any.localhost", "localhost.", "" }) do
      local script = dial("127.0.0.1:1", ("tcp://%s:%s"):format(name, port))
      assert.equal("127.0.0.1", script:expect("^opened\t(%S+)"))
    end
  end)

  it("with udp sends to the first address", function()
    local server = scripts.serve("function events.data(_, input) print(input) end",
      { addresses = { "udp://127.0.0.1:0" } })
    local port = server:address():match("%d+$")
    local _, address = dns.start({ ["one.example"] = { a = { "127.0.0.1" } } })
    support.start(([[
      local evio = require("evio")
      evio.nameservers("%s")
      evio.dial({ opened = function() return "by name" end }, "udp://one.example:%s")]]):format(address, port))
    assert.equal("by name", server:line())
  end)
end)

describe("evio.nameservers", function()
  it("refuses what is not an IP address", function()
    for _, text in ipairs({ "example.com", "127.0.0.1:port" }) do
      local first = scripts.fail(("evio.nameservers(%q)"):format(text))
      assert.matches(('bad nameservers "%s", expected IP addresses'):format(text), first, 1, true)
    end
    assert.matches("string expected, got table", scripts.fail("evio.nameservers({})"))
    for _, text in ipairs({ "127.0.0.1,127.0.0.2", "" }) do
      assert.matches("expected one IP address", scripts.fail(("evio.nameservers(%q)"):format(text)), 1, true)
    end
  end)

  it("holds for the next question, while another one is under way", function()
    local server = scripts.serve(HELLO)
    local port = server:address():match("%d+$")
    local _, quiet = dns.start({ ["one.example"] = { silent = true } })
    local _, good = dns.start({ ["two.example"] = { a = { "127.0.0.1" } } })
    local script = support.start(([[
      local evio = require("evio")
      local function dial(name) return evio.dial({
        opened = function(conn) print("opened", name) evio.shutdown() end,
      }, "tcp://" .. name .. ":%s") end
      evio.nameservers("%s")
      dial("one.example")
      evio.after(0.1, function()
        evio.nameservers("%s")
        dial("two.example")
      end)]]):format(port, quiet, good))
    assert.equal("opened\ttwo.example", script:line())
    assert.same({ status = 0 }, script:wait())
  end)

  it("may be called while an answer is handled", function()
    local _, address = dns.start({ ["one.example"] = { a = { "127.0.0.1" } } })
    local script = support.start(([[
      local evio = require("evio")
      evio.nameservers("%s")
      local events = {}
      function events.opened(conn) evio.nameservers("127.0.0.1:1") print("opened") conn:close() end
      evio.dial(events, "udp://one.example:9")]]):format(address))
    assert.equal("opened", script:line())
    assert.same({ status = 0 }, script:wait())
  end)

  it("without arguments asks the system's again", function()
    local status, stderr = scripts.run("evio.nameservers('127.0.0.1:1') evio.nameservers()")
    assert.equal(0, status, stderr)
  end)
end)
