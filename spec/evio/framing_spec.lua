-- The codecs of evio.framing by themselves: what each kind makes of bytes, cut anywhere, and of messages.
local codecs = require("spec.support.codecs")

local framing = codecs.load("evio.framing")
local assert_everywhere, assert_refused = codecs.assert_everywhere, codecs.assert_refused
local assert_raises = codecs.assert_raises

describe("lines", function()
  local codec = framing.lines()

  it("end with LF or CRLF, which is no part of them", function()
    assert_everywhere(codec, "one\r\ntwo\n\n\r\nthr\ree\n four\r\r\nfi",
      { "one", "two", "", "", "thr\ree", " four\r" }, "waits: fi")
  end)

  it("are encoded with the ending of the settings", function()
    assert.equal("one\r\n", codec:encode("one"))
    assert.equal("\r\n", codec:encode(""))
    assert.equal("\r\n", framing.lines({ ending = "\r\n" }):encode(""))
    assert.equal("one\n", framing.lines({ ending = "\n" }):encode("one"))
    assert_everywhere(codec, codec:encode("a\r") .. codec:encode("\0\255"), { "a\r", "\0\255" }, "waits: ")
  end)

  it("are refused with the byte that makes them too long", function()
    local small = framing.lines({ max = 5 })
    assert_everywhere(small, "12345\n12345\r\n1234\r\r\n", { "12345", "12345", "1234\r" }, "waits: ")
    assert_everywhere(small, "\n12345\r", { "" }, "waits: 12345\r")
    assert_refused(small, "123456", "a line of more than 5 bytes")
    assert_refused(small, "12345\r\r", "a line of more than 5 bytes")
    assert_refused(small, "12345\rx", "a line of more than 5 bytes")
    assert_everywhere(small, "ok\r\n123456\r\nno\n", { "ok" }, "a line of more than 5 bytes")
    assert_everywhere(small, "1234\r\r\r\n", {}, "a line of more than 5 bytes")
    assert.is_nil((select(2, codec:decode(("x"):rep(65536) .. "\r"))))
    assert.equal(65538, (select(2, codec:decode(("x"):rep(65536) .. "\r\n"))))
    assert.equal("a line of more than 65536 bytes", (select(2, codec:decode(("x"):rep(65537)))))
  end)

  it("that cannot be framed are not encoded", function()
    local small = framing.lines({ max = 5 })
    assert.equal("12345\r\n", small:encode("12345"))
    assert_raises("lines:encode: a line of 6 bytes, at most 5 are allowed", function() small:encode("123456") end)
    assert_raises("lines:encode: a line with LF at byte 2, which ends it", function() codec:encode("a\nb\n") end)
    assert_raises("lines:encode: a line with CR as its last byte, which the ending \"\\n\" would make a part of CRLF",
      function() framing.lines({ ending = "\n" }):encode("a\r") end)
  end)
end)

describe("messages with a delimiter", function()
  it("are what stands in front of it", function()
    assert_everywhere(framing.delimiter({ delimiter = "\0" }), "one\0\0two\n\0th", { "one", "", "two\n" }, "waits: th")
    assert_everywhere(framing.delimiter({ delimiter = "\r\n.\r\n" }), "one\r\n\r\n.\r\n\r\r\n.\r\n\r\n.\r",
      { "one\r\n", "\r" }, "waits: \r\n.\r")
    assert_everywhere(framing.delimiter({ delimiter = "aab" }), "aaaabaababaab", { "aa", "", "ab" }, "waits: ")
  end)

  it("are refused with the byte that makes them too long", function()
    local words = "a message of more than 3 bytes"
    local one = framing.delimiter({ delimiter = ";", max = 3 })
    assert_everywhere(one, "123;;12", { "123", "" }, "waits: 12")
    assert_refused(one, "1234", words)
    assert_everywhere(one, "1;1234;", { "1" }, words)
    local three = framing.delimiter({ delimiter = "aab", max = 3 })
    assert_everywhere(three, "123aabaaaaab", { "123", "aaa" }, "waits: ")
    assert_everywhere(three, "123aab123aa", { "123" }, "waits: 123aa")
    assert_refused(three, "1234", words)
    assert_refused(three, "123ab", words)
    assert_refused(three, "123aaa", words)
    assert_refused(three, "12aaaa", words)
    local long = framing.delimiter({ delimiter = "abcdefgh", max = 1 })
    assert_everywhere(long, "abcdefgh1abcdefgh", { "", "1" }, "waits: ")
    assert_refused(long, "1abcdex", "a message of more than 1 bytes")
  end)

  it("that cannot be framed are not encoded", function()
    local codec = framing.delimiter({ delimiter = "aa", max = 3 })
    assert.equal("123aa", codec:encode("123"))
    assert.equal("aa", codec:encode(""))
    assert_raises("delimiter:encode: a message of 4 bytes, at most 3 are allowed", function() codec:encode("1234") end)
    assert_raises("delimiter:encode: a message in which the delimiter would be found at byte 1",
      function() codec:encode("aab") end)
    assert_raises("delimiter:encode: a message in which the delimiter would be found at byte 3",
      function() codec:encode("12a") end)
  end)
end)

describe("messages with a length in front", function()
  it("have it in four bytes, big-endian, unless set", function()
    local codec = framing.prefix()
    assert.equal("\0\0\0\3abc", codec:encode("abc"))
    assert_everywhere(codec, "\0\0\0\3abc\0\0\0\0\0\0\0\5hello\0\0", { "abc", "", "hello" }, "waits: \0\0")
    local long = ("x"):rep(0x010203)
    assert.equal("\0\1\2\3" .. long, codec:encode(long))
    assert.equal(long, (codec:decode("\0\1\2\3" .. long .. "y")))
  end)

  it("have it in 1 to 8 bytes, in either order", function()
    for size = 1, 8 do
      local zeros = ("\0"):rep(size - 1)
      for order, head in pairs({ big = zeros .. "\5", little = "\5" .. zeros }) do
        local codec = framing.prefix({ size = size, order = order, max = 1000 })
        assert.equal(head .. "hello", codec:encode("hello"))
        assert_everywhere(codec, head .. "hello" .. head .. "again" .. head, { "hello", "again" }, "waits: " .. head)
        if size > 1 then
          local long = ("x"):rep(0x0102)
          local two = order == "big" and zeros:sub(2) .. "\1\2" or "\2\1" .. zeros:sub(2)
          assert.equal(two .. long, codec:encode(long))
          assert.equal(long, (codec:decode(two .. long)))
        end
      end
    end
  end)

  it("may have another number there than their length", function()
    local itself = framing.prefix({ size = 4, adjust = 4 })
    assert.equal("\0\0\0\7abc", itself:encode("abc"))
    assert_everywhere(itself, "\0\0\0\7abc\0\0\0\4\0\0\0\5x", { "abc", "", "x" }, "waits: ")
    assert_refused(itself, "\0\0\0\3", "a length of 3, expected 4 at least")
    local less = framing.prefix({ size = 1, adjust = -1 })
    assert.equal("\0x", less:encode("x"))
    assert_everywhere(less, "\0x\1yz", { "x", "yz" }, "waits: ")
    local full = ("x"):rep(256)
    assert.equal("\255" .. full, less:encode(full))
    assert.equal(full, (less:decode("\255" .. full)))
    assert_raises("prefix:encode: a message of 0 bytes, expected 1 at least", function() less:encode("") end)
  end)

  it("are refused when the prefix is there", function()
    local codec = framing.prefix({ size = 2, max = 5 })
    assert_everywhere(codec, "\0\00512345", { "12345" }, "waits: ")
    assert_refused(codec, "\0\6", "a message of 6 bytes, at most 5 are allowed")
    assert_refused(codec, "\255\255", "a message of 65535 bytes, at most 5 are allowed")
    assert_everywhere(codec, "\0\1x\1\0" .. "123", { "x" }, "a message of 256 bytes, at most 5 are allowed")
    assert.is_nil((select(2, framing.prefix():decode("\1\0\0\0"))))
    assert_refused(framing.prefix(), "\1\0\0\1", "a message of 16777217 bytes, at most 16777216 are allowed")
  end)

  it("are never of a wrong length where a number does not hold it", function()
    local big, little = framing.prefix({ size = 8 }), framing.prefix({ size = 8, order = "little" })
    local words = "a message of %s, at most 16777216 are allowed"
    assert_refused(big, "\0\31\255\255\255\255\255\255", words:format("9007199254740991 bytes"))
    assert_refused(little, "\255\255\255\255\255\255\31\0", words:format("9007199254740991 bytes"))
    for _, head in ipairs({ "\0\32\0\0\0\0\0\0", "\0\32\0\0\0\0\0\1", "\255\255\255\255\255\255\255\255",
      "\128\0\0\0\0\0\0\0" }) do
      assert_refused(big, head, words:format("2^53 bytes or more"))
      assert_refused(little, head:reverse(), words:format("2^53 bytes or more"))
    end
    assert_refused(framing.prefix({ size = 8, adjust = 2 ^ 30 }), "\0\32\0\0\0\0\0\1",
      words:format("2^53 bytes or more"))
    assert_refused(framing.prefix({ size = 7 }), "\255\255\255\255\255\255\255", words:format("2^53 bytes or more"))
  end)

  it("that cannot be framed are not encoded", function()
    local codec = framing.prefix({ max = 5 })
    assert_raises("prefix:encode: a message of 6 bytes, at most 5 are allowed", function() codec:encode("123456") end)
    local one = framing.prefix({ size = 1 })
    assert.equal("\255" .. ("x"):rep(255), one:encode(("x"):rep(255)))
    assert_raises("prefix:encode: a message of 256 bytes, at most 255 are allowed",
      function() one:encode(("x"):rep(256)) end)
  end)
end)

describe("messages of a fixed size", function()
  it("are so many bytes each", function()
    assert_everywhere(framing.fixed({ size = 3 }), "onetwo\0\r\nth", { "one", "two", "\0\r\n" }, "waits: th")
    assert_everywhere(framing.fixed({ size = 1 }), "abc", { "a", "b", "c" }, "waits: ")
  end)

  it("of another size are not encoded", function()
    local codec = framing.fixed({ size = 3 })
    assert.equal("one", codec:encode("one"))
    assert_raises("fixed:encode: a message of 2 bytes, expected 3", function() codec:encode("12") end)
    assert_raises("fixed:encode: a message of 4 bytes, expected 3", function() codec:encode("1234") end)
  end)
end)
