-- The codec of evio.websocket by itself. A leaf in C finds frames, so it runs in the host.
local scripts = require("spec.support.scripts")

-- Decodes bytes in two pieces cut at every place, and byte by byte: what comes of it is always the same.
local HEAD = [[
  local websocket = evio.websocket
  local function tell(message)
    return message.kind .. (message.code or "") .. "(" .. message.data .. ")"
  end
  local function feed(from, pieces, most)
    local decoder, rest, told = websocket.decoder(from, most), "", {}
    for _, piece in ipairs(pieces) do
      rest = rest .. piece
      while true do
        local message, used, code = decoder:decode(rest)
        if code then
          told[#told + 1] = code .. ": " .. used
          return table.concat(told, " ")
        elseif not message then
          break
        end
        told[#told + 1] = tell(message)
        rest = rest:sub(used + 1)
      end
    end
    return table.concat(told, " ") .. (rest ~= "" and " waits" or "")
  end
  local function check(from, bytes, expected, most)
    local single = {}
    for i = 1, #bytes do
      single[i] = bytes:sub(i, i)
    end
    for i = 0, #bytes + 1 do
      local pieces = i > #bytes and single or { bytes:sub(1, i), bytes:sub(i + 1) }
      local got = feed(from, pieces, most)
      if got ~= expected then
        error(("cut at %d: expected %s, got %s"):format(i, expected, got), 2)
      end
    end
  end
]]

local function run(source)
  local status, stderr = scripts.run(HEAD .. source .. " os.exit(0)")
  assert.equal("", stderr)
  assert.equal(0, status)
end

describe("the codec of evio.websocket", function()
  it("reads the RFC's examples, cut anywhere (5.7)", function()
    run([=[
      check("server", "\x81\x05Hello", "text(Hello)")
      check("client", "\x81\x85\x37\xfa\x21\x3d\x7f\x9f\x4d\x51\x58", "text(Hello)")
      check("server", "\x01\x03Hel\x80\x02lo", "text(Hello)")
      check("server", "\x89\x05Hello", "ping(Hello)")
      check("client", "\x8a\x85\x37\xfa\x21\x3d\x7f\x9f\x4d\x51\x58", "pong(Hello)")
      check("server", "\x82\x7e\x01\x00" .. ("\xff"):rep(256), "binary(" .. ("\xff"):rep(256) .. ")")
    ]=])
  end)

  it("keeps fragments while control frames come between them", function()
    run([=[
      check("server", "\x01\x01a\x89\x01p\x00\x00\x88\x05\x03\xe8bye\x80\x01b\x82\x01c\x88\x00",
        "ping(p) close1000(bye) text(ab) binary(c) close1005()")
      check("server", "\x01\x01a\x00", " waits") -- what is not complete is not told of
    ]=])
  end)

  it("says what is wrong, with the code to close with", function()
    run([=[
      check("server", "\x81\x01a\x83", "text(a) 1002: a frame has an opcode that is reserved")
      check("client", "\x81\x01", "1002: a client's frame is not masked")
      check("server", "\x81\x81", "1002: a server's frame is masked")
      check("server", "\xc1", "1002: a frame has reserved bits that were not agreed on")
      check("server", "\x01\x02\xc3\xa4\x80\x01\xff", "1007: a text is not UTF-8")
      check("server", "\x82\x05", "1009: a message is longer than it may be", 4)
    ]=])
  end)

  it("writes what it reads", function()
    run([=[
      for _, size in ipairs({ 0, 1, 125, 126, 127, 65535, 65536, 100000 }) do
        local data = ("x"):rep(size)
        for _, kind in ipairs({ "text", "binary" }) do
          local bytes = websocket.encode(data, kind)
          local message, used = websocket.decoder("server"):decode("ab" .. bytes .. "c", 3)
          assert(message.kind == kind and message.data == data and used == #bytes)
        end
      end
      assert(websocket.encode("a") == "\x81\x01a")
    ]=])
  end)

  it("raises for what is no message", function()
    local function fails(source, message)
      assert.equal("evio-lua: server.lua:1: evio.websocket." .. message, (scripts.fail("evio.websocket." .. source)))
    end
    fails("encode(5)", "encode: the data is a number, expected a string")
    fails("encode('a', 'txt')", 'encode: the kind is "txt", expected "text", "binary" or nil')
    fails("encode('a\\255')",
      'encode: the text is not UTF-8 from byte 2 on, expected the kind "binary" for such bytes')
    fails("encode('a\\195')", 'encode: the text is not UTF-8 at its end, expected the kind "binary" for such bytes')
    fails("decoder('peer')", 'decoder: it reads what a peer sends, expected "client" or "server"')
  end)
end)
