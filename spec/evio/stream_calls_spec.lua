-- When a stream handler is called, and what a short read puts back: evio's InputStream done right
-- (seed 34).
local scripts = require("spec.support.scripts")
local support = require("spec.support")

-- Records of a length in two bytes and as many bytes, answered by the length as a line.
local RECORDS = [[
events.data = evio.stream(function(_, s)
  local length = s:u16()
  local body = length and s:take(length)
  if not body then return end
  assert(#body == length)
  return body .. "\n"
end)
]]

local function record(text)
  return string.char(math.floor(#text / 256), #text % 256) .. text
end

local function lines(list)
  return table.concat(list, "\n") .. "\n"
end

-- Sends bytes in pieces that the server gets one by one: the handler must answer each with ".".
local function send_apart(client, pieces)
  for _, piece in ipairs(pieces) do
    client:send(piece)
    assert.equal(".", client:receive(1))
  end
end

describe("a stream handler", function()
  it("gets one message a call, however many come at once", function()
    local texts, bytes = {}, {}
    for i = 1, 10000 do
      texts[i] = ("x"):rep(i % 13)
      bytes[i] = record(texts[i])
    end
    local client = scripts.serve_one(RECORDS)
    client:send(table.concat(bytes))
    support.same_bytes(lines(texts), client:receive(#lines(texts)))
  end)

  it("gets a message that comes byte by byte (seed 34)", function()
    local client = scripts.serve_one([[
      events.data = evio.stream(function(_, s)
        local length = s:u16()
        local body = length and s:take(length)
        return body and "." .. body .. "\n" or "."
      end)]])
    local bytes = {}
    for byte in record("hello"):gmatch(".") do
      bytes[#bytes + 1] = byte
    end
    send_apart(client, bytes)
    assert.equal("hello", client:receive_line())
  end)

  it("gets the same messages wherever the bytes are split (seed 34)", function()
    local bytes = record("one") .. record("") .. record("three")
    for at = 1, #bytes - 1 do
      local client = scripts.serve_one([[
        events.data = evio.stream(function(_, s)
          if s:peek(2) == "??" then s:skip(2) return "." end
          local length = s:u16()
          local body = length and s:take(length)
          return body and body .. "\n"
        end)]])
      client:send(bytes:sub(1, at))
      local other = support.connect(client.address)
      other:send("??")
      assert.equal(".", other:receive(1)) -- by now the first part was read
      client:send(bytes:sub(at + 1))
      assert.equal("one\n\nthree\n", client:receive(11), at)
    end
  end)

  it("gets back all that it took when a read falls short", function()
    local client = scripts.serve_one([[
      events.data = evio.stream(function(_, s)
        local all, one, line = #s, s:u8(), s:line()
        s:find("x")
        s:peek(1)
        return ("%d %s %s\n"):format(all, tostring(one), tostring(line))
      end)]])
    client:send("ab")
    assert.equal("2 97 nil", client:receive_line())
    client:send("cd")
    assert.equal("4 97 nil", client:receive_line())
    client:send("\n")
    assert.equal("5 97 bcd", client:receive_line())
    client:send("ef")
    assert.equal("7 97 bcd", client:receive_line())
  end)

  it("gets back only what it took after the commit", function()
    local client = scripts.serve_one([[
      events.data = evio.stream(function(_, s)
        local head = s:take(2)
        s:commit()
        local body = s:take(2)
        return ("%s %s\n"):format(tostring(head), tostring(body))
      end)]])
    client:send("abc")
    assert.equal("ab nil", client:receive_line())
    client:send("de")
    assert.equal("cd nil", client:receive_line())
  end)

  it("may commit several times", function()
    local client = scripts.serve_one([[
      events.data = evio.stream(function(_, s)
        local taken = {}
        repeat
          local byte = s:take(1)
          if byte then s:commit() end
          taken[#taken + 1] = byte
        until not byte
        return table.concat(taken) .. "\n"
      end)]])
    client:send("abc")
    assert.equal("abc", client:receive_line())
    client:send("d")
    assert.equal("d", client:receive_line())
  end)

  it("is called again as long as it takes bytes, and not when it takes none", function()
    local client = scripts.serve_one([[
      local calls = 0
      events.data = evio.stream(function(_, s)
        calls = calls + 1
        if #s > 2 then s:skip(1) end
        return calls .. " " .. #s .. "\n"
      end)]])
    client:send("abcd")
    assert.equal("1 3", client:receive_line())
    assert.equal("2 2", client:receive_line())
    assert.equal("3 2", client:receive_line())
    client:send("e")
    assert.equal("4 2", client:receive_line())
    assert.equal("5 2", client:receive_line())
  end)

  it("is called once where it takes all", function()
    local client, server = scripts.serve_one([[
      events.data = evio.stream(function(_, s)
        print("call", s:take())
        return "x"
      end)]])
    client:send("hello")
    client:receive(1)
    server:stop()
    assert.equal("call\thello", server:expect("^call"))
    assert.is_nil(server:output():find("call.*call"))
  end)

  it("goes on after the action none", function()
    local client = scripts.serve_one([[
      events.data = evio.stream(function(_, s) return s:take(1), "none" end)]])
    assert.equal("hello", support.exchange(client, "hello"))
  end)

  it("answers in order, whatever way it answers", function()
    local client = scripts.serve_one([[
      local buffer = require("string.buffer").new()
      events.data = evio.stream(function(conn, s)
        local byte = s:take(1)
        conn:write(byte .. "1")
        conn:write(buffer:put(byte, "2"))
        if byte == "a" then return byte .. "3" end
        return buffer:put(byte, "3")
      end)]])
    local one, two = "a1a2a3b1b2b3", "c1c2c3a1a2a3"
    client:send("ab")
    assert.equal(one, client:receive(#one))
    client:send("ca")
    assert.equal(two, client:receive(#two))
  end)

  it("has its earlier answers sent when a later call fails", function()
    local client = scripts.serve_one([[
      events.data = evio.stream(function(_, s)
        local byte = s:take(1)
        return byte ~= "!" and byte or error("oops")
      end)]])
    client:send("abc!d")
    assert.equal("abc", client:receive_all())
  end)

  it("that returns something else is an error like any other, at its own place", function()
    for expression, words in pairs({
      ["5"] = "data returned a number as out, expected a string, a string.buffer or nil",
      ["{}"] = "data returned a table as out, expected a string, a string.buffer or nil",
      ["false"] = "data returned a boolean as out, expected a string, a string.buffer or nil",
      ["nil, 'clsoe'"] = 'data returned "clsoe" as the action, expected nil, "none", "close"',
      ["nil, {}"] = "data returned a table as the action, expected nil",
    }) do
      local client, server = scripts.serve_one(
        ("\nevents.data = evio.stream(function(_, s) s:take(1) return %s end)"):format(expression))
      client:send("hello")
      assert.equal("", client:receive_all())
      server:expect_error("error in data, connection 1 from %S+: [^\n]*server%.lua:2: "
        .. words:gsub("%p", "%%%0"))
      assert.is_true(server:alive())
    end
  end)

  it("may serve many connections, each with its own bytes", function()
    local server = scripts.serve(RECORDS)
    local clients = {}
    for i = 1, 20 do
      clients[i] = support.connect(server:address())
    end
    local bytes = record("hello")
    for at = 1, #bytes do
      for i = 1, 20 do
        clients[i]:send(bytes:sub(at, at))
      end
    end
    for i = 1, 20 do
      assert.equal("hello", clients[i]:receive_line())
    end
  end)

  it("may be in several events tables", function()
    local server = support.start([[
      local evio = require("evio")
      local data = evio.stream(function(_, s) return s:take() end)
      for _ = 1, 2 do print(evio.listen({ data = data }, "tcp://127.0.0.1:0").addresses[1]) end]])
    for number = 1, 2 do
      local client = support.connect(server:address(number))
      assert.equal("hello", support.exchange(client, "hello"))
    end
  end)
end)
