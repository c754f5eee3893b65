-- What evio.websocket refuses of a peer, with which code, and how soon.
local scripts = require("spec.support.scripts")
local support = require("spec.support")
local websocket = require("spec.support.websocket")

local SOURCE = [[
  events = evio.http.server(evio.websocket.server({
    message = function(ws, data, kind) ws:send(data, kind) end,
    closed = function(_, code, reason) print("closed", code, reason) end,
  }, { message = %d }))
]]

local frame, text = websocket.frame, websocket.text

-- Sends bytes behind a good message, which is answered, and expects a close.
local function refuses(server, bytes, code, words)
  local client = websocket.connect(server:address())
  client:send(text("first") .. bytes)
  websocket.expect(client, websocket.TEXT, "first")
  websocket.expect_close(client, code, words)
  server:expect(("^closed\t%d\t.*%s"):format(code, words:gsub("%p", "%%%0")))
end

describe("evio.websocket", function()
  it("refuses frames that are none with 1002", function()
    local server = scripts.serve(SOURCE:format(1000))
    for _, case in ipairs({
      { frame(1, "a", { reserved = 16 }), "reserved bits" }, { frame(2, "a", { reserved = 32 }), "reserved bits" },
      { frame(1, "a", { reserved = 64 }), "reserved bits" }, { frame(9, "", { reserved = 64 }), "reserved bits" },
      { frame(3, ""), "an opcode that is reserved" }, { frame(7, "a"), "an opcode that is reserved" },
      { frame(11, ""), "an opcode that is reserved" }, { frame(15, "a"), "an opcode that is reserved" },
      { frame(9, "", { more = true }), "a control frame is fragmented" },
      { frame(8, "", { more = true }), "a control frame is fragmented" },
      { frame(9, ("x"):rep(126)), "more than 125 bytes" }, { frame(10, ("x"):rep(65536)), "more than 125 bytes" },
      { frame(0, "a"), "a continuation has no message" }, { frame(0, "", { more = true }), "a continuation has no" },
      { frame(1, "a", { more = true }) .. text("b"), "inside of another" },
      { frame(1, "a", { mask = false }), "is not masked" },
      { "\129\254\0\5abcdhello", "more bytes than it needs" },
      { "\129\255\0\0\0\0\0\0\0\5abcdhello", "more bytes than it needs" },
      { "\130\255\128\0\0\0\0\0\0\0", "its first bit set" },
    }) do
      refuses(server, case[1], 1002, case[2])
    end
    local client = websocket.connect(server:address())
    client:send(frame(1, "a", { more = true }) .. frame(0, "b") .. frame(0, ""))
    websocket.expect(client, websocket.TEXT, "ab")
    websocket.expect_close(client, 1002, "a continuation has no message")
  end)

  it("refuses close frames that are wrong", function() -- Autobahn's 7.3 to 7.9
    local server = scripts.serve(SOURCE:format(1000))
    refuses(server, frame(websocket.CLOSE, "\3"), 1002, "half a code")
    refuses(server, frame(websocket.CLOSE, "\3\232" .. ("x"):rep(124)), 1002, "more than 125 bytes")
    refuses(server, websocket.close(1000, "\206\186\225\189\185\237\160\128"), 1007, "reason is not UTF-8")
    for _, code in ipairs({ 0, 999, 1004, 1005, 1006, 1015, 1016, 1100, 2000, 2999, 5000, 65535 }) do
      refuses(server, websocket.close(code), 1002, "a code that may not be sent")
    end
  end)

  it("refuses text that is not UTF-8 with the first byte that is not", function() -- Autobahn's 6.3 and 6.4
    local server = scripts.serve(SOURCE:format(1000))
    for _, bytes in ipairs({ "\206\186\225\189\185\237\160\128", "\192\175", "\224\128\175", "\240\128\128\175", "\255",
      "\244\144\128\128", "\248\136\128\128\128", "\237\191\191", "\128", "\206\186\225" }) do
      refuses(server, text(bytes), 1007, "text")
      refuses(server, frame(1, bytes:sub(1, 1), { more = true }) .. frame(0, bytes:sub(2)), 1007, "text")
    end
    local client = websocket.connect(server:address())
    client:send(frame(1, "\206\186", { more = true }) .. frame(0, ("x"):rep(50) .. "\255"))
    websocket.expect_close(client, 1007, "not UTF-8")
    client = websocket.connect(server:address()) -- the rest of the frame never comes
    client:send(frame(1, "\206\186\244\144" .. ("x"):rep(100)):sub(1, 10))
    websocket.expect_close(client, 1007, "not UTF-8")
  end)

  it("refuses a message that is too long before it came", function()
    local server = scripts.serve(SOURCE:format(1000))
    local client = websocket.connect(server:address())
    client:send(frame(2, ("x"):rep(1000)))
    websocket.expect(client, websocket.BINARY, ("x"):rep(1000))
    client:send(frame(2, ("x"):rep(1001)):sub(1, 4))
    websocket.expect_close(client, 1009, "longer than it may be")
    refuses(server, frame(1, ("x"):rep(600), { more = true }) .. frame(0, ("x"):rep(401)), 1009, "longer")
    refuses(server, "\130\255\127\255\255\255\255\255\255\255", 1009, "longer")
  end)

  it("takes messages of megabytes in one frame and in many, in one pass (seed 32)", function()
    local server = scripts.serve(SOURCE:format(2 ^ 25))
    local client = websocket.connect(server:address())
    local data = support.random_bytes(8 * 2 ^ 20)
    local bytes = { frame(2, data, { mask = "\0\0\0\0" }) }
    for at = 1, #data, 1000 do
      bytes[#bytes + 1] = frame(at == 1 and 2 or 0, data:sub(at, at + 999),
        { mask = "\0\0\0\0", more = at + 999 < #data })
    end
    client:send(bytes[1])
    local _, got = websocket.receive(client, 10)
    support.same_bytes(data, got)
    client:send(table.concat(bytes, "", 2))
    _, got = websocket.receive(client, 10)
    support.same_bytes(data, got)
  end)

  it("keeps no memory of how many fragments a message has", function()
    local server = scripts.serve(SOURCE:format(2 ^ 24))
    local client = websocket.connect(server:address())
    client:send(frame(2, "", { more = true }) .. frame(0, "", { more = true, mask = "\0\0\0\0" }):rep(300000))
    client:send(frame(websocket.PING, "still there"))
    websocket.expect(client, websocket.PONG, "still there")
    local before = support.rss(server.pid)
    for _ = 1, 5 do
      client:send(frame(0, "", { more = true, mask = "\0\0\0\0" }):rep(300000))
      client:send(frame(websocket.PING, "still there"))
      websocket.expect(client, websocket.PONG, "still there")
    end
    assert.is_true(support.sanitized or support.rss(server.pid) - before < 4 * 2 ^ 20)
  end)
end)
