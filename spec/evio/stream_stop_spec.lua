-- What ends the calls of a stream handler while bytes are left, and what becomes of these bytes.
local scripts = require("spec.support.scripts")
local support = require("spec.support")

describe("the calls of a stream handler stop", function()
  -- The handler for "!" is CODE; every other byte comes back. What the client gets for "ab!cd".
  local function answer(code, before)
    local client, server = scripts.serve_one((before or "") .. ([[
      events.data = evio.stream(function(conn, s)
        local byte = s:take(1)
        if byte == "!" then %s end
        return byte
      end)]]):format(code))
    client:send("ab!cd")
    return client, server
  end

  it("at an action close", function()
    assert.equal("abbye", answer("return 'bye', 'close'"):receive_all())
  end)

  it("at conn:close, whose answer is still sent", function()
    assert.equal("abbye", answer("conn:close() return 'bye'"):receive_all())
  end)

  it("at conn:abort", function()
    local bytes, code = answer("conn:abort() return 'never'"):receive_all()
    assert.is_nil(bytes:find("[cd!n]"))
    assert.is_true(code == "ECONNRESET" or code == nil)
  end)

  it("at an action shutdown", function()
    local client, server = answer("return 'bye', 'shutdown'")
    assert.equal("abbye", client:receive_all())
    assert.equal(0, server:wait().status)
  end)

  it("at conn:pause, and go on at conn:resume", function()
    local client = answer("conn:pause() paused = conn",
      "function events.tick() if paused then print('resumed') paused:resume() paused = nil end "
        .. "return 0.02 end ")
    assert.equal("ab!cd", client:receive(5))
  end)

  it("at conn:pause, and stay so until conn:resume", function()
    local client, server = answer("conn:pause() paused = conn", [[
      function events.opened(conn) if paused then paused:resume() end end ]])
    assert.equal("ab!", client:receive(3))
    local other = support.connect(server:address())
    assert.equal("cd", client:receive(2))
    assert.equal("x", support.exchange(other, "x"))
  end)

  it("at conn:handler, which gets the rest", function()
    local client = answer([[
      conn:handler({ data = function(_, input) return "[" .. input .. "]" end }) ]])
    assert.equal("ab![cd]", client:receive(7))
  end)

  it("at conn:handler with another stream handler, which gets the rest", function()
    local client = answer([[
      conn:handler({ data = evio.stream(function(_, s) return s:take(1):upper() end) })
      return "=" ]])
    assert.equal("ab=CD", client:receive(5))
  end)

  it("at conn:handler in a short read, which puts back what was taken", function()
    local client = scripts.serve_one([[
      events.data = evio.stream(function(conn, s)
        s:take(2)
        if not s:take(100) then
          conn:handler({ data = function(_, input) return input:upper() end })
        end
      end)]])
    client:send("hello")
    assert.equal("HELLO", client:receive(5))
  end)
end)
