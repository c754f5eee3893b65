-- What holds for every codec of evio.framing, and what their settings may be.
local codecs = require("spec.support.codecs")
local support = require("spec.support")

local framing = codecs.load("evio.framing")
local assert_raises = codecs.assert_raises

local MAX = "expected a whole number from 1 to 2^30"

describe("a codec", function()
  local all = {
    framing.lines(), framing.lines({ ending = "\n" }), framing.delimiter({ delimiter = "\0" }),
    framing.delimiter({ delimiter = "xyzx" }), framing.prefix(), framing.prefix({ size = 2, order = "little" }),
    framing.prefix({ size = 8, adjust = 8 }), framing.prefix({ size = 3, adjust = -1 }), framing.fixed({ size = 4 }),
  }
  local LETTERS = { "x", "y", "z", "\r", "\0", "\n", "\255", "longer" }

  local function random_message()
    local parts = {}
    for i = 1, math.random(4) == 1 and math.random(0, 300) or math.random(0, 5) do
      parts[i] = LETTERS[math.random(#LETTERS)]
    end
    return table.concat(parts)
  end

  local function random_pieces(bytes)
    local pieces, at = {}, 1
    while at <= #bytes do
      local n = math.random(math.random(3) == 1 and 200 or 4)
      pieces[#pieces + 1] = bytes:sub(at, at + n - 1)
      at = at + n
    end
    return pieces
  end

  it("gives back what was encoded, in whatever pieces it comes", function()
    math.randomseed(2)
    for _, codec in ipairs(all) do
      for _ = 1, 50 do
        local messages, wire = {}, {}
        for _ = 1, 60 do
          local message = random_message()
          local ok, bytes = pcall(codec.encode, codec, message)
          if ok then
            messages[#messages + 1] = message
            wire[#wire + 1] = bytes
          end
        end
        local got, said = codecs.feed(codec, random_pieces(table.concat(wire)))
        assert.same(messages, got)
        assert.equal("waits: ", said)
      end
    end
  end)

  it("keeps bytes that nobody else keeps while it decodes them", function()
    local path = support.write_file(support.tmpdir() .. "/script.lua", [[
      local codec = require("evio").framing.prefix()
      collectgarbage("setstepmul", 1e9) -- the whole collection in each step
      collectgarbage("setpause", 0)
      local body = ("x"):rep(1000000)
      for _ = 1, 100 do assert(codec:decode(codec:encode(body)) == body) end]])
    assert.same({ status = 0, stdout = "", stderr = "" }, support.run({ path }))
  end)

  it("decodes at a position, and counts from there", function()
    local lines = framing.lines()
    local function at(...)
      return { lines:decode("one\r\ntwo\nth", ...) }
    end
    assert.same({ "one", 5 }, at())
    assert.same({ "one", 5 }, at(1))
    assert.same({ "e", 3 }, at(3))
    assert.same({ "", 2 }, at(4))
    assert.same({ "two", 4 }, at(6))
    assert.same({ nil }, at(10))
    assert.same({ nil }, at(12))
    assert.equal("ab", (framing.prefix({ size = 1 }):decode("xx\2abc", 3)))
    assert.equal("cd", (framing.fixed({ size = 2 }):decode("abcd", 3)))
    assert.same({ "c", 3 }, { framing.delimiter({ delimiter = "::" }):decode("ab::c::", 5) })
  end)

  it("raises where it is not given bytes", function()
    local lines = all[1]
    for _, given in ipairs({ 5, true, {} }) do
      local kind = type(given)
      assert_raises("lines:decode: the bytes are a " .. kind .. ", expected a string",
        function() lines:decode(given) end)
      assert_raises("lines:encode: the message is a " .. kind .. ", expected a string",
        function() lines:encode(given) end)
      assert_raises("lines:take: the stream is a " .. kind .. ", expected that of a handler of evio.stream",
        function() lines:take(given) end)
      assert_raises("lines:handler: the handler is a " .. kind .. ", expected a function(conn, message)",
        function() lines:handler(given) end)
    end
    for at, text in pairs({ [0] = "0", [-1] = "-1", [1.5] = "1.5", [4] = "4", ["1"] = "1", [math.huge] = "inf" }) do
      assert_raises("lines:decode: the position is " .. text .. ", expected a whole number from 1 to 3, behind the "
        .. "last byte", function() lines:decode("ab", at) end)
    end
  end)

  it("has no handler in a background job", function()
    assert_raises("prefix:handler: a background job has no connections", function() all[5]:handler(print) end)
  end)
end)

describe("settings", function()
  local function assert_misuse(name, cases)
    for words, settings in pairs(cases) do
      assert_raises(("evio.framing.%s: %s"):format(name, words), function() framing[name](settings) end)
    end
  end

  it("of lines are checked", function()
    assert_misuse("lines", {
      ["the settings are a number, expected a table"] = 5,
      ['unknown setting "maxx", expected ending or max'] = { maxx = 5 },
      ["max is 0, " .. MAX] = { max = 0 },
      ["max is 1.5, " .. MAX] = { max = 1.5 },
      ["max is inf, " .. MAX] = { max = math.huge },
      ["max is a string, " .. MAX] = { max = "5" },
      ['ending is "\\13", expected "\\r\\n" or "\\n"'] = { ending = "\r" },
      ['ending is a boolean, expected "\\r\\n" or "\\n"'] = { ending = true },
    })
  end)

  it("of delimiter are checked", function()
    assert_misuse("delimiter", {
      ["delimiter is missing, expected a string of at least one byte"] = {},
      ["delimiter is empty, expected a string of at least one byte"] = { delimiter = "" },
      ["delimiter is a number, expected a string of at least one byte"] = { delimiter = 0 },
      ["max is 1073741825, " .. MAX] = { delimiter = "\0", max = 2 ^ 30 + 1 },
    })
    assert_raises("evio.framing.delimiter: the settings are a nil, expected a table",
      function() framing.delimiter() end)
  end)

  it("of prefix are checked", function()
    assert_misuse("prefix", {
      ["size is 0, expected a whole number from 1 to 8"] = { size = 0 },
      ["size is 9, expected a whole number from 1 to 8"] = { size = 9 },
      ["size is 2.5, expected a whole number from 1 to 8"] = { size = 2.5 },
      ['order is "le", expected "big" or "little"'] = { order = "le" },
      ["adjust is 0.5, expected a whole number from -2^30 to 2^30"] = { adjust = 0.5 },
      ["adjust is 256, which leaves no message that a prefix of size 1 and max allow"] = { size = 1, adjust = 256 },
      ["adjust is -6, which leaves no message that a prefix of size 4 and max allow"] = { adjust = -6, max = 5 },
      ["max is 0, " .. MAX] = { max = 0 },
    })
    assert.equal("\255", framing.prefix({ size = 1, adjust = 255 }):encode(""))
    assert.equal("\0\0\0\00012345", framing.prefix({ adjust = -5, max = 5 }):encode("12345"))
  end)

  it("of fixed are checked", function()
    assert_misuse("fixed", {
      ["size is missing, " .. MAX] = {},
      ["size is 0, " .. MAX] = { size = 0 },
      ['unknown setting "max", expected size'] = { max = 5 },
    })
  end)
end)
