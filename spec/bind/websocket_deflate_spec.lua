-- evio.websocket with permessage-deflate on connections.
local scripts = require("spec.support.scripts")
local support = require("spec.support")
local websocket = require("spec.support.websocket")

local SOURCE = [[
  local all = {}
  events = evio.http.server(evio.websocket.server({
    opened = function(ws) all[ws] = true end,
    message = function(ws, data, kind)
      if data == "large" then
        ws:send(("x"):rep(2 ^ 24))
      elseif data == "all" then
        evio.websocket.broadcast(all, "to all of you, to all of you")
      else
        ws:send(data, kind)
      end
    end,
    closed = function(ws, code, reason) all[ws] = nil print("closed", code, reason) end,
  }, { deflate = %s, message = %d }))
]]

local frame = websocket.frame
local COMPRESSED = { reserved = 64 }
local HELLO = "\242\72\205\201\201\7\0" -- RFC 7692, 7.2.3.1

local function connect(server, offer)
  return websocket.connect(server:address(), "/", { ["Sec-WebSocket-Extensions"] = offer or "permessage-deflate" })
end

local function expect(client, first, data)
  local _, got, byte = websocket.receive(client)
  assert.equal(data, got)
  assert.equal(first, byte)
end

describe("evio.websocket with permessage-deflate", function()
  it("reads the RFC's examples (7.2.3), and writes them", function()
    local server = scripts.serve(SOURCE:format("{ threshold = 5 }", 2 ^ 20))
    local client, fields = connect(server)
    assert.equal("permessage-deflate", fields["sec-websocket-extensions"])
    client:send(frame(1, HELLO, COMPRESSED) .. frame(1, HELLO, COMPRESSED))
    expect(client, 0xc1, HELLO)
    expect(client, 0xc1, "\242\0\17\0\0") -- with the window of the one before
    for _, message in ipairs({ "\0\5\0\250\255Hello\0", "\243\72\205\201\201\7\0\0",
      "\242\72\5\0\0\0\255\255\202\201\201\7\0" }) do
      client:send(frame(1, message, COMPRESSED))
      local _, _, byte = websocket.receive(client)
      assert.equal(0xc1, byte)
    end
    client:send(frame(1, "Hell") .. frame(1, "")) -- below the threshold, and not compressed here
    expect(client, 0x81, "Hell")
    expect(client, 0x81, "")
  end)

  it("reads compressed fragments, cut anywhere, with pings between", function()
    local server = scripts.serve(SOURCE:format("{ threshold = 1000 }", 2 ^ 20))
    local client = connect(server)
    for cut = 0, #HELLO do
      client:send(frame(1, HELLO:sub(1, cut), { reserved = 64, more = true }) .. frame(9, "p")
        .. frame(0, HELLO:sub(cut + 1)))
      expect(client, 0x8a, "p")
      expect(client, 0x81, "Hello")
    end
    local bytes = frame(1, HELLO, COMPRESSED)
    for i = 1, #bytes do
      client:send(bytes:sub(i, i))
      support.pass(0.0003)
    end
    expect(client, 0x81, "Hello")
  end)

  it("forgets what was before where that was agreed on", function()
    local server = scripts.serve(SOURCE:format("{ threshold = 1 }", 2 ^ 20))
    local client, fields = connect(server, "permessage-deflate; server_no_context_takeover; client_no_context_takeover")
    assert.equal("permessage-deflate; server_no_context_takeover; client_no_context_takeover",
      fields["sec-websocket-extensions"])
    local other = connect(server, "permessage-deflate; server_no_context_takeover")
    for _ = 1, 3 do
      for _, one in ipairs({ client, other }) do
        one:send(frame(1, HELLO, COMPRESSED))
        expect(one, 0xc1, HELLO)
      end
    end
    client:send(frame(1, "\242\0\17\0\0", COMPRESSED)) -- which refers to what is forgotten
    websocket.expect_close(client, 1007, "no deflate stream")
  end)

  it("is not used where it was not offered", function()
    local server = scripts.serve(SOURCE:format("true", 2 ^ 20))
    local client, fields = websocket.connect(server:address())
    assert.is_nil(fields["sec-websocket-extensions"])
    client:send(frame(1, HELLO, COMPRESSED))
    websocket.expect_close(client, 1002, "reserved bits")
  end)

  it("sends to many what is not compressed", function()
    local server = scripts.serve(SOURCE:format("{ threshold = 1 }", 2 ^ 20))
    local client, plain = connect(server), websocket.connect(server:address())
    client:send(frame(1, HELLO, COMPRESSED))
    expect(client, 0xc1, HELLO)
    plain:send(frame(1, "all"))
    for _, one in ipairs({ client, plain }) do
      expect(one, 0x81, "to all of you, to all of you")
    end
    client:send(frame(1, HELLO, COMPRESSED)) -- the windows are as they were
    expect(client, 0xc1, "\242\0\17\0\0")
  end)

  it("refuses what is no deflate stream, or becomes no text", function()
    local server = scripts.serve(SOURCE:format("true", 2 ^ 20))
    for bytes, words in pairs({ ["\255\255\255"] = "no deflate stream", [HELLO:sub(1, 3)] = "compressed message is cut",
      ["\0\1\0\254\255\255\0"] = "not UTF-8", ["\0\1\0\254\255\195\0"] = "inside of a character" }) do
      local client = connect(server)
      client:send(frame(1, bytes, COMPRESSED))
      websocket.expect_close(client, 1007, words)
    end
    local client = connect(server)
    client:send(frame(2, "\0\1\0\254\255\255\0", COMPRESSED)) -- bytes may be any
    expect(client, 0x82, "\255")
  end)

  it("lives through whatever is said to be compressed", function()
    local server = scripts.serve(SOURCE:format("true", 2 ^ 20))
    math.randomseed(1)
    for _ = 1, 200 do
      local bytes = {}
      for i = 1, math.random(60) do
        bytes[i] = string.char(math.random(0, 255))
      end
      local client = connect(server)
      client:send(frame(math.random(2), table.concat(bytes), COMPRESSED) .. websocket.close(1000))
      local opcode
      repeat
        opcode = websocket.receive(client)
      until opcode == websocket.CLOSE
      client:close()
    end
    local client = connect(server)
    client:send(frame(1, HELLO, COMPRESSED))
    expect(client, 0x81, "Hello")
  end)

  it("never makes more of a message than its limit", function()
    local server = scripts.serve(SOURCE:format("true", 2 ^ 20))
    local client = connect(server)
    client:send(frame(1, "large"))
    local opcode, bomb = websocket.receive(client, 10)
    assert.equal(websocket.TEXT, opcode)
    assert.is_true(#bomb < 20000) -- of 16 MiB
    client:send(frame(1, HELLO, COMPRESSED))
    expect(client, 0x81, "Hello")
    local memory = support.peak_rss(server.pid)
    for _ = 1, 20 do
      client = connect(server)
      client:send(frame(1, bomb, COMPRESSED))
      websocket.expect_close(client, 1009, "longer than it may be")
    end
    assert.is_true(support.peak_rss(server.pid) - memory < 16 * 2 ^ 20)
  end)

  it("frees its memory when a connection ends", function()
    local server = scripts.serve(SOURCE:format("{ threshold = 1 }", 2 ^ 20) .. "collectgarbage('stop')")
    local function use(count)
      for _ = 1, count do
        local client = connect(server)
        client:send(frame(1, HELLO, COMPRESSED))
        expect(client, 0xc1, HELLO)
        client:send(websocket.close(1000))
        websocket.expect_close(client, 1000)
      end
    end
    use(20)
    local before = support.rss(server.pid)
    use(200) -- 300 KB each
    assert.is_true(support.sanitized or support.rss(server.pid) - before < 20 * 2 ^ 20) -- those keep what is freed
  end)
end)
