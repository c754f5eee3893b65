-- Bytes that handlers return and write: strings and string.buffers of every size and content.
local scripts = require("spec.support.scripts")
local support = require("spec.support")

local BUFFER = 'local buffer = require("string.buffer").new() '
local OBSERVED = "function events.prewrite() end function events.postwrite() end "
-- More than the system buffers for a client that does not read.
local LARGE = 16 * 1024 * 1024

-- What a client gets from a server whose `data` is function(conn, input) CODE end, for "x".
local function answer(code, before)
  local client = scripts.serve_one((before or "")
    .. ("function events.data(conn, input) %s end"):format(code))
  client:send("x")
  client:finish()
  local bytes, code_of_end = client:receive_all()
  assert.is_nil(code_of_end)
  return bytes
end

-- Each of these with and without handlers that observe the writes.
local function both(name, test)
  it(name, function()
    test("")
  end)
  it(name .. ", beside prewrite and postwrite", function()
    test(OBSERVED)
  end)
end

describe("out", function()
  it("may have every byte, NUL among them", function()
    local client = scripts.serve_one("function events.data(_, input) return input end")
    local bytes = "\0" .. support.random_bytes(10000) .. "\0\0"
    support.same_bytes(bytes, support.exchange(client, bytes))
  end)

  it("that is empty is nothing", function()
    assert.equal("", answer("return ''"))
  end)

  it("goes behind what was written in the same event", function()
    assert.equal("123", answer("conn:write('1') conn:write('2') return '3'"))
  end)

  it("in front of a close arrives", function()
    assert.equal("bye", answer("return 'bye', 'close'"))
  end)

  both("may be larger than all buffers of the system", function(observed)
    local client = scripts.serve_one(observed .. ([[
      function events.data(_, input) return input:rep(%d) end]]):format(LARGE))
    client:send("x")
    support.same_bytes(("x"):rep(LARGE), client:receive(LARGE, 30))
  end)

  both("may be a string.buffer, whose bytes are taken", function(observed)
    assert.equal("<one><0>", answer([[
      buffer:put("<one>")
      if #input == 1 then conn:write(buffer) buffer:put("<", #buffer, ">") end
      return buffer]], observed .. BUFFER))
  end)

  both("may be a buffer that is larger than all buffers of the system", function(observed)
    local client = scripts.serve_one(observed .. BUFFER .. ([[
      function events.data(_, input)
        if input == "size" then return #buffer .. "\n" end
        buffer:put(input:rep(%d))
        return buffer
      end]]):format(LARGE))
    client:send("y")
    support.same_bytes(("y"):rep(LARGE), client:receive(LARGE, 30))
    client:send("size")
    assert.equal("0", client:receive_line())
  end)

  it("of a buffer that goes on being used is not touched by that", function()
    local client = scripts.serve_one(BUFFER .. ([[
      function events.data(_, input)
        buffer:put(input:rep(%d))
        return buffer
      end
      function events.prewrite() buffer:reset():put(("#"):rep(%d)) end
      function events.postwrite() buffer:reset() end]]):format(LARGE, LARGE))
    client:send("y")
    support.same_bytes(("y"):rep(LARGE), client:receive(LARGE, 30))
  end)

  it("of an empty buffer is nothing", function()
    assert.equal("", answer("return buffer", BUFFER))
  end)

  it("of a buffer that only borrows its bytes is taken as well", function()
    assert.equal("borrowed|0", answer([[
      buffer:set("borrowed")
      conn:write(buffer)
      return "|" .. #buffer]], BUFFER))
    assert.equal("borrowed", answer("return buffer:set('borrowed')", BUFFER))
  end)

  for _, event in ipairs({ "opened", "eof" }) do
    it("may be a buffer in " .. event, function()
      local client = scripts.serve_one(BUFFER
        .. ("function events.%s() return buffer:put('taken') end"):format(event))
      client:finish()
      assert.equal("taken", client:receive_all())
    end)
  end

  it("may be a buffer in drained", function()
    local client, server = scripts.serve_one(BUFFER .. ([[
      function events.data(_, input) return input == "x" and input:rep(%d) or input end
      function events.drained() return buffer:put("drained") end]]):format(LARGE))
    client:send("x")
    -- When another one was answered, the output waits for the first.
    support.exchange(support.connect(server:address()), "y")
    support.same_bytes(("x"):rep(LARGE), client:receive(LARGE, 30))
    assert.equal("drained", client:receive(7))
  end)
end)

describe("conn:write", function()
  both("takes a string.buffer and leaves it empty", function(observed)
    assert.equal("onetwo|0", answer([[
      conn:write(buffer:put("one"))
      conn:write(buffer:put("two"))
      return "|" .. #buffer]], observed .. BUFFER))
  end)

  it("leaves a buffer as it was where it returns false", function()
    local server = scripts.serve(BUFFER .. [[
      function events.closed(conn)
        buffer:put("kept")
        print("result", conn:write(buffer), tostring(buffer))
      end]])
    support.connect(server:address()):close()
    assert.equal("result\tfalse\tkept", server:expect("^result"))
  end)

  it("returns the bytes that wait", function()
    assert.equal("1 3 3", answer([[
      local one, two, three = conn:write("a"), conn:write("bc"), conn:write("")
      return table.concat({ one, two, three }, " ") ]]):sub(4))
  end)

  it("takes every byte", function()
    local client = scripts.serve_one("function events.data(conn, input) conn:write(input) end")
    local bytes = "\0" .. support.random_bytes(10000) .. "\0"
    support.same_bytes(bytes, support.exchange(client, bytes))
  end)

  it("to another connection may be a buffer", function()
    local server = scripts.serve(BUFFER .. [[
      function events.opened() return "hello" end
      function events.data(_, input)
        for conn in evio.connections() do conn:write(buffer:put(input)) end
      end]])
    local one, two = support.connect(server:address()), support.connect(server:address())
    assert.equal("hellohello", one:receive(5) .. two:receive(5))
    two:send("all")
    assert.equal("all", one:receive(3))
    assert.equal("all", two:receive(3))
  end)
end)
