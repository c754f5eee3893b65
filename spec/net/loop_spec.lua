-- The way of every byte through the loop, under load and under signals.
local scripts = require("spec.support.scripts")
local support = require("spec.support")

local MIB = 1024 * 1024

local GREETING_ECHO = [[
function events.opened() return "hello\n" end
function events.data(_, input) return input end
]]

-- Interrupts whatever the process waits for every half millisecond; the handler does nothing.
local INTERRUPTED = [[
local ffi = require("ffi")
ffi.cdef("typedef void (*handler)(int); handler signal(int, handler); int abs(int);"
  .. "struct interval { long seconds[4]; }; int setitimer(int, struct interval *, void *);")
local SIGALRM, ITIMER_REAL = 14, 0
ffi.C.signal(SIGALRM, ffi.cast("handler", ffi.C.abs))
local interval = ffi.new("struct interval", { { 0, 500, 0, 500 } })
ffi.C.setitimer(ITIMER_REAL, interval, nil)
function events.data(_, input) return input end
]]

-- Random blocks, each written whole before it is read back: the number of blocks.
local function talk(address, seconds)
  local client = support.connect(address)
  assert.equal("hello", client:receive_line())
  local blocks, finish = 0, support.clock() + seconds
  repeat
    local block = support.random_bytes(math.random(0, MIB))
    assert.is_true(client:send(block))
    support.same_bytes(block, client:receive(#block))
    blocks = blocks + 1
  until support.clock() >= finish
  client:finish()
  assert.equal("", client:receive_some())
  return blocks
end

-- Reads a little, and only when nothing more can be sent: what came back in all.
local function send_and_read_slowly(client, bytes)
  local sent, chunks = 0, {}
  while sent < #bytes do
    local count, code = client:try_send(bytes:sub(sent + 1, sent + 65536))
    if count then
      sent = sent + count
    else
      assert.equal("EAGAIN", code)
      support.pass(0.001)
      chunks[#chunks + 1] = client:receive_some(32768)
    end
  end
  assert.is_true(client:finish())
  local rest, code = client:receive_all(30)
  assert.is_nil(code)
  return table.concat(chunks) .. rest
end

describe("the loop", function()
  it("echoes 20 clients at once on tcp and unix, byte for byte (seed 35)", function()
    local addresses = { "tcp://127.0.0.1:0", "unix://" .. support.tmpdir() .. "/socket" }
    local server = scripts.serve(GREETING_ECHO, { addresses = addresses })
    addresses = { server:address(1), server:address(2) }
    local counts = support.parallel(20, function(number)
      return talk(addresses[number % 2 + 1], 1 + number % 3)
    end, 60)
    for number, blocks in ipairs(counts) do
      assert.is_true(blocks > 0, "client " .. number .. " got nothing")
    end
    server:stop()
  end)

  for _, scheme in ipairs({ "tcp", "unix" }) do
    it("gives 16 MiB back to a " .. scheme .. " client that reads slowly and half-closes (seed 5)",
      function()
        local bytes = support.random_bytes(16 * MIB)
        local address = scheme == "tcp" and "tcp://127.0.0.1:0"
          or "unix://" .. support.tmpdir() .. "/socket"
        local client = scripts.serve_one("function events.data(_, input) return input end",
          { addresses = { address } })
        support.same_bytes(bytes, send_and_read_slowly(client, bytes))
      end)
  end

  it("goes on when signals interrupt it all the time (seed 16)", function()
    local bytes = support.random_bytes(8 * MIB)
    local client, server = scripts.serve_one(INTERRUPTED)
    support.same_bytes(bytes, support.exchange(client, bytes, 30))
    support.pass(0.1)
    client:send("still here")
    assert.equal("still here", client:receive(10))
    assert.is_true(server:alive())
  end)

  it("goes on after it was stopped and continued (seed 16)", function()
    local client, server = scripts.serve_one("function events.data(_, input) return input end")
    for _ = 1, 20 do
      server:signal("STOP")
      client:send("ping")
      server:signal("CONT")
      assert.equal("ping", client:receive(4))
    end
  end)

  it("costs nothing while nobody talks #timing", function()
    local client, server = scripts.serve_one("function events.data(_, input) return input end")
    client:send("x")
    assert.equal("x", client:receive(1))
    local before = support.cpu_seconds(server.pid)
    support.pass(1)
    assert.is_true(support.cpu_seconds(server.pid) - before <= 0.02)
  end)
end)
