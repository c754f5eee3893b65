-- What a stream costs and where it ends: unread input, output that piles up, searching again.
local scripts = require("spec.support.scripts")
local support = require("spec.support")

local MIB = 1024 * 1024
local CLOSED = "function events.closed(conn, err, code) print('closed', conn.id, err, code) end "
-- Lines, answered by their length; a call that falls short answers ".".
local LINES = [[
events.data = evio.stream(function(_, s)
  local line = s:line()
  return line and #line .. "\n" or "."
end)
]]
-- What stands in front of an empty line is answered in the same way.
local HEAD_END = [[
events.data = evio.stream(function(_, s)
  local length = s:find("\r\n\r\n")
  if not length then return "." end
  s:skip(length + 4)
  return length .. "\n"
end)
]]

-- Sends pieces, each of them read by the server before the next one goes out.
local function send_apart(client, piece, count)
  for _ = 1, count do
    assert(client:send(piece))
    assert.equal(".", client:receive(1))
  end
end

describe("unread input", function()
  it("beyond options.input ends the connection with ENOBUFS", function()
    local client, server = scripts.serve_one("events.options = { input = 1000 } " .. LINES .. CLOSED)
    client:send(("x"):rep(1000))
    assert.equal(".", client:receive(1))
    client:send("x")
    local _, code = client:receive_all()
    assert.is_true(code == nil or code == "ECONNRESET")
    assert.equal("closed\t1\tunread input: 1001 bytes wait, options.input allows 1000\tENOBUFS",
      server:expect("^closed"))
    local other = support.connect(server:address())
    other:send("\n")
    assert.equal("0", other:receive_line())
  end)

  it("up to options.input is waited for", function()
    local client = scripts.serve_one("events.options = { input = 1000 } " .. LINES)
    client:send(("x"):rep(1000))
    assert.equal(".", client:receive(1))
    client:send("\n")
    assert.equal("1000", client:receive_line())
  end)

  it("is a mebibyte at most where there is no option", function()
    local client, server = scripts.serve_one(LINES .. CLOSED)
    client:send(("x"):rep(2 * MIB))
    client:receive_all()
    local waiting = server:expect("unread input: (%d+) bytes wait, options.input allows 1048576\t")
    assert.is_true(tonumber(waiting) <= MIB + 65536)
  end)

  it("does not count what is handled, however many messages come at once", function()
    local client = scripts.serve_one([[
      events.options = { input = 100 }
      events.data = evio.stream(function(_, s) return s:line() end) ]])
    client:send(("0123456789\n"):rep(10000))
    support.same_bytes(("0123456789"):rep(10000), client:receive(100000))
  end)

  it("does not count what waits for the end of a pause", function()
    local client, server = scripts.serve_one([[
      local paused
      events.options = { input = 100 }
      events.data = evio.stream(function(conn, s)
        local line = s:line()
        if line == "pause" then conn:pause() paused = conn end
        return line
      end)
      function events.opened() if paused then paused:resume() end end ]])
    client:send("pause\n" .. ("0123456789\n"):rep(1000))
    assert.equal("pause", client:receive(5))
    support.connect(server:address())
    support.same_bytes(("0123456789"):rep(1000), client:receive(10000))
  end)

  it("that a peer leaves behind is dropped without an event", function()
    local client, server = scripts.serve_one(LINES .. CLOSED)
    client:send("no end")
    assert.equal(".", client:receive(1))
    client:finish()
    assert.equal("", client:receive_all())
    assert.equal("closed\t1\tnil\tnil", server:expect("^closed"))
  end)
end)

describe("a pipeline of requests with large answers", function()
  local LARGE = [[
    local block = ("x"):rep(65535) .. "\n"
    events.data = evio.stream(function(_, s)
      s:skip(1)
      return block
    end) ]]

  it("is held at the high mark", function()
    local client, server = scripts.serve_one(LARGE
      .. "function events.opened() return 'up' end function events.tick() local conn = evio.conn(1) "
      .. "print('pending', conn and conn:pending() or 0) return 0.01 end ")
    assert.equal("up", client:receive(2))
    client:send(("?"):rep(100000))
    -- Between the marks it is held as well, once the high one was reached.
    local pending, most = 0, 0
    support.eventually(function()
      pending = tonumber(server:expect("^pending\t(%d+)"))
      return pending > MIB / 4
    end)
    for _ = 1, 20 do
      pending = tonumber(server:expect("^pending\t(%d+)"))
      most = math.max(most, pending)
    end
    assert.is_true(pending > MIB / 4, pending .. " bytes are pending")
    assert.is_true(most < MIB + 2 * 65536, most .. " bytes were pending")
    assert.is_true(support.sanitized or support.peak_rss(server.pid) < 16 * MIB)
  end)

  it("is answered as the client reads, all of it", function()
    local count = support.sanitized and 200 or 2000
    local client, server = scripts.serve_one(LARGE)
    client:send(("?"):rep(count))
    local block = ("x"):rep(65535) .. "\n"
    for _ = 1, count do
      if client:receive(65536) ~= block then
        error("an answer is not as it was sent")
      end
    end
    client:send("?")
    support.same_bytes(block, client:receive(65536))
    assert.is_true(support.sanitized or support.peak_rss(server.pid) < 16 * MIB)
  end)

  it("does not keep others waiting", function()
    local greedy, server = scripts.serve_one(LARGE)
    greedy:send(("?"):rep(100000))
    for _ = 1, 5 do
      local other = support.connect(server:address())
      other:send("?")
      assert.equal(65536, #other:receive(65536))
    end
  end)
end)

describe("a search", function()
  local BIG = "events.options = { input = 64 * 1024 * 1024 } "

  -- The server's CPU time for this many pieces of 4 KiB in front of an end.
  local function cost(handler, ending, pieces)
    local client, server = scripts.serve_one(BIG .. handler)
    send_apart(client, ("x"):rep(4096), pieces)
    client:send(ending)
    assert.equal(tostring(pieces * 4096), client:receive_line())
    return support.cpu_seconds(server.pid)
  end

  it("of line goes on where it ended, however long the line #timing", function()
    local seconds = cost(LINES, "\n", 4096)
    assert.is_true(seconds < 0.7, seconds .. " s for 16 MiB")
  end)

  it("of find goes on where it ended, and finds what lies across #timing", function()
    local seconds = cost(HEAD_END, "\r\n\r\n", 4096)
    assert.is_true(seconds < 0.7, seconds .. " s for 16 MiB")
  end)

  it("of two needles in turn goes on where each ended #timing", function()
    local handler = [[
      events.data = evio.stream(function(_, s)
        local length = s:find("\n") or s:find("\r")
        if not length then return "." end
        s:skip(length + 1)
        return length .. "\n"
      end) ]]
    local seconds = cost(handler, "\r", 4096)
    assert.is_true(seconds < 0.7, seconds .. " s for 16 MiB")
  end)

  it("of find finds a needle wherever it is split", function()
    local needle = "\r\n\r\n"
    for at = 1, #needle - 1 do
      local client = scripts.serve_one(HEAD_END)
      send_apart(client, "head\r" .. needle:sub(1, at), 1)
      client:send(needle:sub(at + 1))
      assert.equal("5", client:receive_line())
    end
  end)

  it("for several needles finds each of them, in any order", function()
    local client = scripts.serve_one([[
      local needles = { "abc", "\n", "c\n", "xyz" }
      events.data = evio.stream(function(_, s)
        local found = {}
        for i, needle in ipairs(needles) do found[i] = tostring(s:find(needle)) end
        return table.concat(found, " ") .. ";"
      end)]])
    for _, step in ipairs({
      { "ab", "nil nil nil nil;" },
      { "c", "0 nil nil nil;" },
      { "\n", "0 3 2 nil;" },
      { "xy", "0 3 2 nil;" },
      { "z", "0 3 2 4;" },
    }) do
      client:send(step[1])
      assert.equal(step[2], client:receive(#step[2]))
    end
  end)

  it("starts anew for the next message", function()
    local client = scripts.serve_one([[
      events.data = evio.stream(function(_, s)
        local byte, line = s:u8(), s:line()
        return line and line .. "\n" or "."
      end)]])
    client:send("1abc")
    assert.equal(".", client:receive(1))
    client:send("def\n2\n3x\n4")
    assert.equal("abcdef", client:receive_line())
    assert.equal("", client:receive_line())
    assert.equal("x", client:receive_line())
    assert.equal(".", client:receive(1))
    client:send("y\n")
    assert.equal("y", client:receive_line())
  end)
end)
