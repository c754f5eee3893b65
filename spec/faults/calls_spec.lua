-- Calls of the system that fail, at places where that was once not seen.

local datagrams = require("spec.support.datagrams")
local dns = require("spec.support.dns")
local faults = require("spec.support.faults")
local scripts = require("spec.support.scripts")
local support = require("spec.support")

describe("a socket of datagrams", function()
  it("that cannot be polled is, as soon as that works", function()
    local found = false
    for n = 1, 5 do
      local server = scripts.serve("function events.data(_, input) return input end", {
        addresses = { "udp://127.0.0.1:0" },
        env = { EVIO_BACKEND = "epoll", EVIO_FAULTS = ("epoll_ctl=ENOSPC@%d"):format(n) },
      })
      local address = support.eventually(function()
        local address = server:output():match("udp://%S+")
        return address or not server:alive() and "none"
      end)
      if address ~= "none" then
        local peer = datagrams.dial([[
          function events.opened(conn) evio.every(0.02, function() conn:write("hello") end) end
          function events.data(_, input) print(input) end]], address)
        assert.equal("hello", peer:line())
        local _, stderr = server:output()
        found = found or stderr:find("cannot receive: no space left on device; trying again", 1, true)
      end
    end
    assert.truthy(found)
  end)
end)

describe("a look-up", function()
  for call, code in pairs({ malloc = "ENOMEM", epoll_ctl = "ENOSPC" }) do
    it(("ends with %s where %s did, at once, whatever became of its other half"):format(code, call), function()
      local _, nameserver = dns.start({ ["name.example"] = { a = { "127.0.0.1" } } })
      local there = scripts.serve("")
      local target = there:address():gsub("127.0.0.1", "name.example")
      local report = support.tmpdir() .. "/report"
      local source = ([[
        local evio = require("evio")
        if not pcall(evio.nameservers, %q) then os.exit(1) end
        local events = {}
        function events.opened() print("opened") return nil, "close" end
        function events.failed(_, _, code) print(code) end
        if not evio.dial(events, %q) then os.exit(1) end]]):format(nameserver, target)
      local told, n = 0, 0
      repeat
        n = n + 1
        os.remove(report)
        local settings = ("%s=%s@%d,report=%s"):format(call, code, n, report)
        local env = { EVIO_BACKEND = "epoll", EVIO_FAULTS = settings }
        local result = support.run({ "-e", source }, { env = env, seconds = 3 })
        if result.status == 0 then
          assert.is_true(result.stdout == "opened\n" or result.stdout == code .. "\n", settings .. " " .. result.stdout)
          told = told + (result.stdout == "opened\n" and 0 or 1)
        end
      until faults.counts(report)[call].faulty == 0
      assert.is_true(told >= 1, told .. " of " .. n)
    end)
  end
end)

-- What a server at these addresses costs in half a second while a client waits for it: iterations, and stderr.
local function cost(address, fault, connect)
  local report = support.tmpdir() .. "/report"
  local server = scripts.serve("function events.data(_, input) return input end", {
    addresses = { address }, env = { EVIO_FAULTS = fault .. ",report=" .. report },
  })
  local function loops()
    local counts = faults.counts(report)
    return counts.epoll_wait.made + counts.poll.made
  end
  connect(server:address())
  local before = loops()
  support.pass(0.5)
  local count = loops() - before
  server:expect_error("trying again until it works\n")
  return count, (select(2, server:output()))
end

describe("a fault that stays", function()
  it("does not have accepting spin", function()
    local count, stderr = cost("tcp://127.0.0.1:0", "accept=EMFILE@1-1000000", support.connect)
    assert.is_true(count < 30, count .. " iterations")
    assert.matches("^evio: tcp://[^\n]*: cannot accept: too many open files; trying again until it works\n$", stderr)
  end)

  it("does not have receiving datagrams spin, and peers are served when it is over", function()
    local peer
    local count, stderr = cost("udp://127.0.0.1:0", "recvmmsg=ENOMEM@1-8", function(address)
      peer = datagrams.dial([[
        function events.opened(conn) conn:write("hello") end
        function events.data(_, input) print(input) end]], address)
    end)
    assert.is_true(count < 30, count .. " iterations")
    assert.matches("cannot receive: cannot allocate memory; trying again until it works\n", stderr)
    assert.equal("hello", peer:line())
  end)
end)
