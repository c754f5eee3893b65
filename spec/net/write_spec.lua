-- Writing: prewrite and postwrite, what conn:write returns, the order of bytes.
local scripts = require("spec.support.scripts")
local support = require("spec.support")

local MIB = 1024 * 1024

-- Prints the name and the arguments of every event.
local OBSERVED = [[
function events.prewrite(_, amount) print("prewrite", amount) end
function events.postwrite(_, amount, remaining) print("postwrite", amount, remaining) end
]]

local function expect_lines(server, lines)
  for _, line in ipairs(lines) do
    assert.equal(line, server:line())
  end
end

describe("prewrite and postwrite", function()
  it("tell the bytes on the wire, after opened", function()
    local client, server = scripts.serve_one(OBSERVED .. [[
      function events.opened() print("opened") return "hello" end]])
    assert.equal("hello", client:receive(5))
    expect_lines(server, { "opened", "prewrite\t5", "postwrite\t5\t0" })
  end)

  it("fire once for all that one callback wrote", function()
    local client, server = scripts.serve_one(OBSERVED .. [[
      function events.data(conn)
        conn:write("one ")
        conn:write("two ")
        return "three"
      end]])
    client:send("x")
    assert.equal("one two three", client:receive(13))
    expect_lines(server, { "prewrite\t13", "postwrite\t13\t0" })
  end)

  it("account for every byte of a long answer", function()
    local client, server = scripts.serve_one([[
      local offered, sent, last = nil, 0, nil
      function events.prewrite(_, amount) offered = amount end
      function events.postwrite(conn, amount, remaining)
        assert(amount <= offered and amount >= 0)
        assert(remaining == conn:pending())
        sent, last = sent + amount, remaining
      end
      function events.data() return ("x"):rep(16 * 1024 * 1024) end
      function events.eof() print(sent, last) end]])
    client:send("x")
    assert.is_truthy(client:receive(16 * MIB))
    client:finish()
    assert.equal(16 * MIB .. "\t0", server:line())
    server:stop()
    assert.equal("", (select(2, server:output())))
  end)

  it("send what they write, in order", function()
    local client = scripts.serve_one([[
      local before, after = 0, 0
      function events.data(_, input) return input end
      function events.prewrite(conn)
        before = before + 1
        if before == 1 then conn:write("(before)") end
      end
      function events.postwrite(conn)
        after = after + 1
        if after <= 2 then conn:write("(after " .. after .. ")") end
      end]])
    client:send("data")
    assert.equal("data(before)(after 1)(after 2)", client:receive(30))
  end)

  it("do not keep others waiting by writing without end", function()
    local server = scripts.serve([[
      function events.data(_, input) return input end
      function events.postwrite(conn, amount)
        if conn.index == 1 and amount > 0 then conn:write("x") end
      end]], { addresses = { "tcp://127.0.0.1:0", "tcp://127.0.0.1:0" } })
    local endless = support.connect(server:address(1))
    endless:send("go")
    assert.is_truthy(endless:receive(1000))
    local other = support.connect(server:address(2))
    for _ = 1, 10 do
      other:send("ping")
      assert.equal("ping", other:receive(4))
    end
    assert.is_truthy(endless:receive(1000))
  end)
end)

describe("conn:write", function()
  it("returns the pending bytes", function()
    local client, server = scripts.serve_one([[
      function events.data(conn)
        print(conn:pending(), conn:write("hello"), conn:write(" you"), conn:pending())
      end]])
    client:send("x")
    assert.equal("hello you", client:receive(9))
    assert.equal("0\t5\t9\t9", server:line())
  end)

  it("goes in front of the bytes that the callback returns, a close behind both", function()
    local client = scripts.serve_one([[
      function events.data(conn)
        conn:write("a")
        conn:close()
        return "b"
      end]])
    client:send("x")
    assert.equal("ab", client:receive_all())
  end)

  it("returns false once the connection is closing or finished", function()
    local client, server = scripts.serve_one([[
      function events.data(conn, input)
        if input == "finish" then conn:finish() else conn:close() end
        print(input, conn:write("never"))
      end]])
    client:send("finish")
    assert.equal("", client:receive_all())
    assert.equal("finish\tfalse", server:line())
    client:send("close")
    assert.equal("close\tfalse", server:line())
  end)

  it("takes a string.buffer and leaves it empty", function()
    local client, server = scripts.serve_one([[
      local buffer = require("string.buffer").new()
      function events.data(conn)
        buffer:put("one")
        conn:write(buffer)
        print(#buffer)
        return buffer:put("two")
      end
      function events.eof() print(#buffer) end]])
    client:send("x")
    assert.equal("onetwo", client:receive(6))
    client:finish()
    expect_lines(server, { "0", "0" })
  end)

  it("reaches any connection from any event", function()
    local server = scripts.serve([[
      function events.opened() return "hello" end
      function events.data(conn, input)
        for other in evio.connections() do
          other:write(other == conn and "you: " or "them: ")
          other:write(input)
        end
      end]])
    local one, two = support.connect(server:address()), support.connect(server:address())
    assert.equal("hellohello", one:receive(5) .. two:receive(5))
    one:send("hi")
    assert.equal("you: hi", one:receive(7))
    assert.equal("them: hi", two:receive(8))
  end)

  it("to a peer that has gone ends the connection with its error", function()
    local server = scripts.serve([[
      function events.opened(conn) conn:pause() print("opened") end
      function events.tick()
        for conn in evio.connections() do conn:write("x") end
        return 0.02
      end
      function events.closed(_, err, code) print("closed", code) end]])
    local client = support.connect(server:address())
    server:expect("opened")
    client:reset()
    local code = server:expect("^closed\t(%u+)$")
    assert.is_true(code == "ECONNRESET" or code == "EPIPE", code)
    assert.is_true(server:alive())
  end)
end)
