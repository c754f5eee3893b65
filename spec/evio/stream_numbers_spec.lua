-- The integers of a stream: sizes, signs, byte orders, and the borders of what a number holds.
local scripts = require("spec.support.scripts")

-- Bytes from hexadecimal text, as in "00 ff".
local function bytes_of(hex)
  return (hex:gsub("%s", ""):gsub("%x%x", function(byte)
    return string.char(tonumber(byte, 16))
  end))
end

-- What s:NAME() gives for each of the bytes (in hexadecimal), one after the other on one stream: a
-- list of text, or of the error's words.
local function read(name, list)
  local client = scripts.serve_one(([[
events.data = evio.stream(function(_, s)
  local ok, value = pcall(s.%s, s)
  s:take()
  return (ok and ("%%.17g"):format(value) or value) .. "\n"
end)]]):format(name))
  local answers = {}
  for i, hex in ipairs(list) do
    client:send(bytes_of(hex))
    answers[i] = client:receive_line()
  end
  return answers
end

-- Pairs of bytes and number, for the big-endian name; the little-endian one gets them reversed.
local function assert_both_orders(name, cases)
  local list, reversed, expected = {}, {}, {}
  for hex, number in pairs(cases) do
    local digits = hex:gsub("%s", "")
    list[#list + 1] = hex
    reversed[#reversed + 1] = digits:reverse():gsub("(%x)(%x)", "%2%1")
    expected[#expected + 1] = ("%.17g"):format(number)
  end
  assert.same(expected, read(name, list))
  if #list[1] > 2 then
    assert.same(expected, read(name .. "le", reversed))
  end
end

describe("a stream's integer", function()
  it("of one byte has a sign or none", function()
    assert_both_orders("u8", { ["00"] = 0, ["01"] = 1, ["7f"] = 127, ["80"] = 128, ["ff"] = 255 })
    assert_both_orders("i8", { ["00"] = 0, ["01"] = 1, ["7f"] = 127, ["80"] = -128, ["ff"] = -1 })
  end)

  it("of two bytes", function()
    assert_both_orders("u16", { ["0000"] = 0, ["0001"] = 1, ["0100"] = 256, ["7fff"] = 32767,
      ["8000"] = 32768, ["ffff"] = 65535, ["1234"] = 0x1234 })
    assert_both_orders("i16", { ["0000"] = 0, ["0100"] = 256, ["7fff"] = 32767, ["8000"] = -32768,
      ["ffff"] = -1, ["fffe"] = -2 })
  end)

  it("of four bytes", function()
    assert_both_orders("u32", { ["00000000"] = 0, ["00000001"] = 1, ["01000000"] = 2 ^ 24,
      ["7fffffff"] = 2 ^ 31 - 1, ["80000000"] = 2 ^ 31, ["ffffffff"] = 2 ^ 32 - 1,
      ["12345678"] = 0x12345678 })
    assert_both_orders("i32", { ["00000000"] = 0, ["7fffffff"] = 2 ^ 31 - 1, ["80000000"] = -2 ^ 31,
      ["ffffffff"] = -1, ["12345678"] = 0x12345678 })
  end)

  it("of eight bytes, up to 2^53", function()
    assert_both_orders("u64", {
      ["00000000 00000000"] = 0,
      ["00000000 00000001"] = 1,
      ["00000000 ffffffff"] = 2 ^ 32 - 1,
      ["00000001 00000000"] = 2 ^ 32,
      ["00123456 789abcde"] = 0x123456789abcde,
      ["001fffff ffffffff"] = 2 ^ 53 - 1,
      ["00200000 00000000"] = 2 ^ 53,
    })
  end)

  it("of eight bytes with a sign, down to -2^53", function()
    assert_both_orders("i64", {
      ["00000000 00000001"] = 1,
      ["00200000 00000000"] = 2 ^ 53,
      ["ffffffff ffffffff"] = -1,
      ["ffffffff 00000000"] = -2 ^ 32,
      ["fffffffe ffffffff"] = -2 ^ 32 - 1,
      ["ffe00000 00000001"] = -2 ^ 53 + 1,
      ["ffe00000 00000000"] = -2 ^ 53,
    })
  end)

  it("of eight bytes beyond 2^53 raises", function()
    local words = "the integer is beyond 2^53, which a number does not hold; peek(8) has its bytes"
    for name, list in pairs({
      u64 = { "00200000 00000001", "00200001 00000000", "80000000 00000000", "ffffffff ffffffff" },
      u64le = { "01000000 00002000", "00000000 01002000", "ffffffff ffffffff" },
      i64 = { "00200000 00000001", "7fffffff ffffffff", "80000000 00000000", "ffdfffff ffffffff" },
      i64le = { "01000000 00002000", "ffffffff ffffdfff", "00000000 00000080" },
    }) do
      for i, answer in ipairs(read(name, list)) do
        assert.matches(words, answer, 1, true, list[i])
      end
    end
  end)

  it("beyond 2^53 raises with the place in the script", function()
    local client, server = scripts.serve_one("\n\nevents.data = evio.stream(function(_, s)\n"
      .. "  local n = s:u64()\n  return tostring(n)\nend)")
    client:send(("\255"):rep(8))
    client:receive_all()
    server:expect_error("server%.lua:4: the integer is beyond 2%^53")
  end)

  -- The message says so.
  it("that was refused can be had as bytes", function()
    for _, name in ipairs({ "u64", "i64", "u64le", "i64le" }) do
      local client = scripts.serve_one(([[
        events.data = evio.stream(function(_, s)
          if not pcall(s.%s, s) then return s:take(8) .. "|" .. s:take() end
        end)]]):format(name))
      client:send("\127\254\253\252\251\250\249\127rest")
      assert.equal("\127\254\253\252\251\250\249\127|rest", client:receive(13))
    end
  end)

  for _, case in ipairs({ { 2, "u16", "i16" }, { 4, "u32", "i32" }, { 8, "u64", "i64" } }) do
    it(("of %d bytes waits for the last of them"):format(case[1]), function()
      for i = 2, 3 do
        for _, order in ipairs({ "", "le" }) do
          local client = scripts.serve_one(([[
            events.data = evio.stream(function(_, s)
              local left = #s
              local value = s:%s%s()
              return left .. " " .. tostring(value) .. " " .. #s .. "\n"
            end)]]):format(case[i], order))
          for count = 1, case[1] - 1 do
            client:send("\0")
            assert.equal(("%d nil %d"):format(count, count), client:receive_line())
          end
          client:send("\0")
          assert.equal(("%d 0 0"):format(case[1]), client:receive_line())
        end
      end
    end)
  end
end)
