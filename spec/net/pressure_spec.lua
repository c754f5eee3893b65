-- Back-pressure: the marks, the cap, and what a peer that does not read can cost.
local scripts = require("spec.support.scripts")
local support = require("spec.support")

local KIB, MIB = 1024, 1024 * 1024

-- Clients of the first address are served by `work`; the second answers any byte with what `stats`
-- returns.
local WITH_CONTROL = [[
local function control(conn) return conn.index == 2 end
local stats, work, first
function events.opened(conn) if not control(conn) then first = conn end end
function events.data(conn, input)
  if control(conn) then return stats(first) .. "\n" end
  return work(conn, input)
end
]]
local TWO = { "tcp://127.0.0.1:0", "tcp://127.0.0.1:0" }

local ECHO_STATS = WITH_CONTROL .. [[
function work(_, input) return input end
function stats(conn) return conn:pending() end
]]

-- Answers with much, which is below the high mark, and closes behind it; counts write attempts.
local CLOSE_STATS = WITH_CONTROL .. [[
events.options = { high = 32 * 1024 * 1024 }
local attempts = 0
function events.prewrite(conn) if not control(conn) then attempts = attempts + 1 end end
function events.closed(conn, err) if not control(conn) then print("closed", err) end end
function work() return ("x"):rep(8 * 1024 * 1024), "close" end
function stats() return attempts end
]]

-- The system keeps little for this client, so that the host has to.
local NARROW = { receive_buffer = 64 * KIB }

local function serve(source)
  local server = scripts.serve(source, { addresses = TWO })
  local client = support.connect(server:address(1), NARROW)
  local other = support.connect(server:address(2))
  local function ask()
    other:send("?")
    return tonumber((other:receive_line()))
  end
  return client, ask, server
end

-- Sends until nothing more is taken for a while: how much went out.
local function flood(client, while_seconds)
  local bytes, sent, last = ("x"):rep(64 * KIB), 0, support.clock()
  while support.clock() - last < while_seconds and sent < 512 * MIB do
    local count = client:try_send(bytes)
    if count then
      sent, last = sent + count, support.clock()
    else
      support.pass(0.005)
    end
  end
  return sent
end

-- Keeps sending for some seconds, whatever is taken.
local function pester(client, seconds)
  local finish = support.clock() + seconds
  while support.clock() < finish do
    client:try_send("more")
    support.pass(0.001)
  end
end

describe("a client that never reads", function()
  it("is held at the high mark while it sends, and others are served", function()
    local client, ask = serve(ECHO_STATS)
    local sent, pending = 0, nil
    support.eventually(function() -- the server may be slower than the flood
      sent, pending = sent + flood(client, 0.3), ask()
      return pending >= MIB, pending .. " bytes are pending"
    end)
    assert.is_true(sent < 64 * MIB, sent .. " bytes were taken")
    assert.is_true(pending <= MIB + 64 * KIB, pending .. " bytes are pending")
  end)

  it("costs no CPU and no memory while it is held #timing", function()
    local client, ask, server = serve(ECHO_STATS)
    local memory = support.rss(server.pid)
    flood(client, 0.3)
    local cpu = support.cpu_seconds(server.pid)
    pester(client, 1)
    ask()
    assert.is_true(support.cpu_seconds(server.pid) - cpu <= 0.05)
    local growth = support.peak_rss(server.pid) - memory
    assert.is_true(growth < 4 * MIB, growth .. " bytes of growth")
  end)

  it("cannot make answers pile up with small requests (seed 9)", function()
    local client, ask, server = serve(WITH_CONTROL .. [[
      local answer = ("x"):rep(256 * 1024)
      function work() return answer end
      function stats(conn) return conn:pending() end]])
    local memory = support.rss(server.pid)
    for _ = 1, 200 do
      client:try_send("?")
      support.pass(0.002)
    end
    local pending = ask()
    assert.is_true(pending < MIB + 257 * KIB, pending .. " bytes are pending")
    local growth = support.peak_rss(server.pid) - memory
    assert.is_true(support.sanitized or growth < 4 * MIB, growth .. " bytes of growth")
  end)

  it("does not make a pending close spin while it keeps sending (seed 4)", function()
    local client, ask, server = serve(CLOSE_STATS)
    client:send("go")
    support.eventually(function()
      return ask() > 0
    end)
    pester(client, 0.5)
    local attempts = ask()
    assert.is_true(attempts < 100, attempts .. " write attempts")
    local bytes, code = client:receive_all()
    assert.same({ 8 * MIB, nil }, { #bytes, code })
    assert.equal("closed\tnil", server:line())
  end)

  it("costs no CPU while a close is pending and it keeps sending #timing (seed 4)", function()
    local client, ask, server = serve(CLOSE_STATS)
    client:send("go")
    support.eventually(function()
      return ask() > 1
    end)
    local cpu = support.cpu_seconds(server.pid)
    pester(client, 1)
    assert.is_true(support.cpu_seconds(server.pid) - cpu <= 0.05)
  end)
end)

-- Writes blocks until the cap is met, then says how much was taken and what became of it.
local CAPPED = [[
events.options = { queue = 16 * 1024 * 1024 }
local block = ("x"):rep(64 * 1024)
function events.opened() return "hello\n" end
function events.data(conn)
  local taken = 0
  while conn:write(block) do taken = taken + #block end
  print("taken", taken)
end
function events.closed(_, err, code) print("closed", code, err) end
]]

-- Never lets the queue run empty until all was written.
local STREAMED = [[
events.options = { high = 16 * 1024 * 1024, low = 8 * 1024 * 1024 }
local block, left, emptied = ("x"):rep(64 * 1024), 1024, 0
local function fill(conn)
  while left > 0 do
    left = left - 1
    if conn:write(block) >= 16 * 1024 * 1024 then return end
  end
  print("emptied", emptied)
  conn:close()
end
function events.data(conn) fill(conn) end
function events.drained(conn)
  if conn:pending() == 0 then emptied = emptied + 1 end
  fill(conn)
end
]]

describe("pending output", function()
  it("beyond the cap ends the connection with ENOBUFS, memory staying below it", function()
    local client, server = scripts.serve_one(CAPPED)
    assert.equal("hello", client:receive_line())
    local memory = support.rss(server.pid)
    client:send("go")
    local taken = tonumber((server:expect("^taken\t(%d+)$")))
    assert.equal(16 * MIB, taken)
    local code, message = server:expect("^closed\t(%S+)\t(.*)$")
    assert.equal("ENOBUFS", code)
    assert.matches("options.queue", message, 1, true)
    local growth = support.peak_rss(server.pid) - memory
    assert.is_true(support.sanitized or growth < 17 * MIB, growth .. " bytes of growth")
    local again = support.connect(server:address())
    assert.equal("hello", again:receive_line())
  end)

  it("gives its memory back once it is dropped", function()
    if support.sanitized then
      return
    end
    local client, server = scripts.serve_one(CAPPED)
    assert.equal("hello", client:receive_line())
    local memory = support.rss(server.pid)
    client:send("go")
    server:expect("^closed")
    support.eventually(function()
      local growth = support.rss(server.pid) - memory
      return growth < 2 * MIB, growth .. " bytes of growth"
    end)
  end)

  it("is released as it is sent, though the queue never runs empty (seed 9)", function()
    local server = scripts.serve(STREAMED)
    local client = support.connect(server:address(), NARROW)
    local memory = support.rss(server.pid)
    client:send("go")
    local total, chunk = 0, "x"
    while chunk ~= "" do
      chunk = assert(client:receive_some(256 * KIB))
      total = total + #chunk
    end
    assert.equal(64 * MIB, total)
    assert.equal("emptied\t0", server:line())
    local growth = support.peak_rss(server.pid) - memory
    assert.is_true(support.sanitized or growth < 18 * MIB, growth .. " bytes of growth")
  end)
end)
