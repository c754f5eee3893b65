-- The codecs of evio.resp by themselves. Values and replies need no host; requests are scanned by a leaf in C,
-- so their part runs in the host.
local codecs = require("spec.support.codecs")
local support = require("spec.support")

local resp = codecs.load("evio.codec.resp")
resp.decode = codecs.load("evio.codec.resp_decode").decode
local glob = codecs.load("evio.codec.glob")

local NULL = resp.null

-- A value for the comparison: lines as text, errors with a minus, lists with their type.
local function plain(value)
  if resp.is_error(value) then
    return "-" .. value.text
  elseif type(value) == "table" and value ~= NULL then
    local list = { type = value.type_byte }
    for i, item in ipairs(value) do
      list[i] = plain(item)
    end
    return list
  end
  return value == NULL and "null" or type(value) == "cdata" and tostring(value) or value
end

-- Decodes bytes whole, at every beginning of them, and behind other bytes.
local function decode(bytes)
  local value, used = resp.decode(bytes)
  assert.is_not_nil(value, used)
  assert.equal(#bytes, used)
  for i = 0, #bytes - 1 do
    local early, why = resp.decode(bytes:sub(1, i))
    assert.is_nil(early)
    assert.is_nil(why)
  end
  local again, size = resp.decode("x" .. bytes .. "+OK\r\n", 2)
  assert.same(plain(value), plain(again))
  assert.equal(#bytes, size)
  return plain(value)
end

local function assert_wrong(bytes, words)
  local value, why = resp.decode(bytes)
  assert.is_nil(value)
  assert.equal(words, why)
end

describe("resp.decode", function()
  it("reads what RESP2 has, at every split point", function()
    assert.equal("OK", decode("+OK\r\n"))
    assert.equal("", decode("+\r\n"))
    assert.equal("-ERR no", decode("-ERR no\r\n"))
    assert.equal(0, decode(":0\r\n"))
    assert.equal(-9007199254740991, decode(":-9007199254740991\r\n"))
    assert.equal("-9223372036854775808LL", decode(":-9223372036854775808\r\n"))
    assert.equal("9223372036854775807LL", decode(":9223372036854775807\r\n"))
    assert.equal("", decode("$0\r\n\r\n"))
    assert.equal("a\r\n\0b", decode("$5\r\na\r\n\0b\r\n"))
    assert.equal("null", decode("$-1\r\n"))
    assert.equal("null", decode("*-1\r\n"))
    assert.same({}, decode("*0\r\n"))
    assert.same({ "a", { 1, "null", {} }, "-E" }, decode("*3\r\n$1\r\na\r\n*3\r\n:1\r\n$-1\r\n*0\r\n-E\r\n"))
  end)

  it("reads what RESP3 has, at every split point", function()
    assert.equal("null", decode("_\r\n"))
    assert.same({ true, false }, decode("*2\r\n#t\r\n#f\r\n"))
    assert.same({ 1.5, math.huge, -math.huge, 1e300, -3 }, decode("*5\r\n,1.5\r\n,inf\r\n,-inf\r\n,1e300\r\n,-3\r\n"))
    local nan = resp.decode(",nan\r\n")
    assert.is_true(nan ~= nan)
    assert.equal("12345678901234567890123", decode("(12345678901234567890123\r\n"))
    assert.equal("-SYNTAX no", decode("!9\r\nSYNTAX no\r\n"))
    assert.equal("text", decode("=8\r\ntxt:text\r\n"))
    assert.same({ type = "%", "a", 1, "b", { type = "~", "c" } }, decode("%2\r\n+a\r\n:1\r\n+b\r\n~1\r\n+c\r\n"))
    assert.same({ type = ">", "message", "x" }, decode(">2\r\n+message\r\n$1\r\nx\r\n"))
    assert.same({ "about", 1 }, decode("*2\r\n|1\r\n+ttl\r\n:5\r\n+about\r\n:1\r\n"))
  end)

  it("says what is wrong", function()
    assert_wrong("x", 'a value begins with "x"')
    assert_wrong(":1x\r\n", 'an integer is "1x"')
    assert_wrong(":\r\n", 'an integer is ""')
    assert_wrong(":9223372036854775808\r\n", 'an integer is "9223372036854775808"')
    assert_wrong("$-2\r\n", 'the length of a bulk string is "-2"')
    assert_wrong("$536870913\r\n", 'the length of a bulk string is "536870913"')
    assert_wrong("$1\r\nabc", "a bulk string is longer than its length")
    assert_wrong("*x\r\n", 'the length of a list is "x"')
    assert_wrong("*2\r\n:1\r\n:y\r\n", 'an integer is "y"')
    assert_wrong("#x\r\n", 'a boolean is "x"')
    assert_wrong(",1,5\r\n", 'a double is "1,5"')
    assert_wrong("_x\r\n", "a null has bytes in it")
    assert_wrong("(1.5\r\n", 'a big number is "1.5"')
    assert_wrong(("*1\r\n"):rep(129), "lists are in each other 128 deep")
    assert_wrong("+a\rb\r\n", 'a line has a CR inside, behind "+a"')
    assert_wrong("+" .. ("x"):rep(65536), "a line of more than 65536 bytes")
    assert_wrong("+" .. ("x"):rep(65536) .. "\r\n", "a line of more than 65536 bytes")
    assert.equal(("x"):rep(65535), (resp.decode("+" .. ("x"):rep(65535) .. "\r\n")))
    assert.is_nil((select(2, resp.decode(("*1\r\n"):rep(128)))))
    assert.is_nil((select(2, resp.decode("*2147483647\r\n"))))
  end)

  it("does not go deep in attributes behind each other", function()
    assert_wrong(("|0\r\n"):rep(100000) .. "x", 'a value begins with "x"')
  end)
end)

describe("resp.encode", function()
  it("writes values in both versions, which decode reads", function()
    for _, case in ipairs({
      { "text", "$4\r\ntext\r\n" }, { "", "$0\r\n\r\n" }, { nil, "$-1\r\n", "_\r\n" }, { NULL, "$-1\r\n", "_\r\n" },
      { 0, ":0\r\n" }, { -5, ":-5\r\n" }, { 2 ^ 53, ":9007199254740992\r\n" }, { 9223372036854775807LL,
        ":9223372036854775807\r\n" }, { -9223372036854775807LL - 1, ":-9223372036854775808\r\n" },
      { 1.5, "$3\r\n1.5\r\n", ",1.5\r\n" }, { 0.1, "$19\r\n0.10000000000000001\r\n", ",0.10000000000000001\r\n" },
      { math.huge, "$3\r\ninf\r\n", ",inf\r\n" }, { -math.huge, "$4\r\n-inf\r\n", ",-inf\r\n" },
      { 0 / 0, "$3\r\nnan\r\n", ",nan\r\n" }, { 2 ^ 100,
        "$22\r\n1.2676506002282294e+30\r\n", ",1.2676506002282294e+30\r\n" },
      { true, ":1\r\n", "#t\r\n" }, { false, ":0\r\n", "#f\r\n" }, { resp.status("OK"), "+OK\r\n" },
      { resp.error("ERR a\r\nb"), "-ERR a  b\r\n" }, { {}, "*0\r\n" }, { { 1, { "a" } },
        "*2\r\n:1\r\n*1\r\n$1\r\na\r\n" },
      { { n = 2 }, "*2\r\n$-1\r\n$-1\r\n", "*2\r\n_\r\n_\r\n" }, { { 1, NULL, n = 2 }, "*2\r\n:1\r\n$-1\r\n",
        "*2\r\n:1\r\n_\r\n" }, { resp.map({ "a", 1 }), "*2\r\n$1\r\na\r\n:1\r\n", "%1\r\n$1\r\na\r\n:1\r\n" },
      { resp.set({ "a" }), "*1\r\n$1\r\na\r\n", "~1\r\n$1\r\na\r\n" }, { resp.push({ "a" }), "*1\r\n$1\r\na\r\n",
        ">1\r\n$1\r\na\r\n" },
    }) do
      local value, two, three = case[1], case[2], case[3] or case[2]
      assert.equal(two, resp.encode(value))
      assert.equal(two, resp.encode(value, 2))
      assert.equal(three, resp.encode(value, 3))
      local again, used = resp.decode(three)
      assert.equal(#three, used)
      if not three:find("^[-+]") then -- statuses become strings
        assert.equal(three, resp.encode(again, 3))
      end
    end
  end)

  it("raises for what is no value", function()
    codecs.assert_raises("evio.resp.encode: a function is no value of RESP", function() resp.encode(print) end)
    codecs.assert_raises("evio.resp.encode: a userdata is no value of RESP", function() resp.encode({ io.stdout }) end)
    local ring = {}
    ring[1] = ring
    codecs.assert_raises("evio.resp.encode: lists are in each other 128 deep", function() resp.encode(ring) end)
    codecs.assert_raises("evio.resp.encode: a map of 3 items, expected names and values in turn",
      function() resp.encode(resp.map({ 1, 2, 3 }), 3) end)
  end)
end)

describe("resp.encode_request", function()
  it("writes strings and numbers", function()
    assert.equal("*3\r\n$3\r\nSET\r\n$2\r\n\0\n\r\n$2\r\n-1\r\n", resp.encode_request({ "SET", "\0\n", -1 }))
    assert.equal("*1\r\n$3\r\n0.5\r\n", resp.encode_request({ 0.5 }))
    assert.equal("*0\r\n", resp.encode_request({}))
    codecs.assert_raises("evio.resp.encode_request: part 2 is a boolean, expected a string or a number",
      function() resp.encode_request({ "a", true }) end)
  end)
end)

describe("resp.to_integer", function()
  it("reads integers of 64 bits as Redis does", function()
    for text, expected in pairs({ ["0"] = 0, ["7"] = 7, ["-1"] = -1, ["9007199254740991"] = 2 ^ 53 - 1 }) do
      assert.equal(expected, resp.to_integer(text))
    end
    for _, text in ipairs({ "9007199254740992", "-9007199254740993", "9223372036854775807", "-9223372036854775808" }) do
      assert.equal(text .. "LL", tostring(resp.to_integer(text)))
    end
    for _, text in ipairs({ "", "-", "-0", "00", "01", "+1", " 1", "1 ", "1.0", "1e3", "0x1", "9223372036854775808",
      "-9223372036854775809", "99999999999999999999", "1\0", "\0", "inf" }) do
      assert.is_nil(resp.to_integer(text), text)
    end
  end)
end)

describe("resp.matcher", function()
  it("means what the glob means", function() -- more of them beside redis-server in examples/redis_spec.lua
    for _, case in ipairs({ { "a*c", "abbc" }, { "a?c", "a.c" }, { "[a-c]", "b" }, { "[^a]", "b" }, { "\\*", "*" },
      { "%d", "%d" }, { "a.c", "a.c", "abc" }, { "[]", nil, "a" }, { "\0*", "\0a", "a" }, { "[\0-\2]", "\1", "0" },
      { "[\0-\2]", "\0" }, { "[^\0-\2]", "0", "\0" },
      { "[%a]", "%", "b" }, { "[^%]]", nil, "b" }, { "**", "x", "" }, { "*", "" },
      { "a*a", "aa", "a" }, { "ab*ba", "abba", "aba" }, { "*a*b*", "ab", "ba" }, { "a**b*", "ab", "b" },
      { "*?", "a", "" }, { "[\255-a]", "Z", "\200" } }) do
      local matches = glob.matcher(case[1])
      assert.is_true(not case[2] or matches(case[2]), case[1])
      assert.is_true(not case[3] or not matches(case[3]), case[1])
    end
  end)

  it("takes no time for many stars", function()
    assert.is_true(glob.matcher(("*a"):rep(300))(("a"):rep(300)))
    assert.is_false(glob.matcher(("*a"):rep(30) .. "b")(("a"):rep(300)))
  end)
end)

describe("resp.decode_request", function()
  it("reads requests at every split point, in their words where they are none", function()
    local result = support.run({ "-e", [==[
      local resp = require("evio").resp
      local function show(bytes)
        for i = 0, #bytes - 1 do
          local early, why = resp.decode_request(bytes:sub(1, i))
          assert(early == nil and why == nil, i)
        end
        local parts, used = resp.decode_request("xy" .. bytes .. "*1\r\n", 3)
        assert(not parts or used == #bytes)
        print(parts and table.concat(parts, "|") or used)
      end
      show(resp.encode_request({ "SET", "k", "a\r\nb" })) show("PING  a\r\n") show('SET "a b" \'c\'\r\n') show("\r\n")
      show("*0\r\n") show("*x\r\n") show("*1\r\n$x\r\n") show("*1\r\n:1\r\n") show('"a\r\n')
      local many = {}
      for i = 1, 1000 do many[i] = "p" .. i end
      show(resp.encode_request(many):sub(1, 40):gsub("1000", "3"):gsub("p3\r\n.*", "p3\r\n"))
      assert(#resp.decode_request(resp.encode_request(many)) == 1000)
      assert(#resp.decode_request(table.concat(many, " ") .. "\n") == 1000)
      local options, bad = resp.options({ "nx", "Ex", "10", "EX", "11" }, { NX = true, EX = "value" })
      print(options.NX, options.EX, bad, select(2, resp.options({ "EX" }, { EX = "value" })),
        select(2, resp.options({ "NX", "foo" }, { NX = true })), next(resp.options(nil, {})))
    ]==] })
    assert.equal("", result.stderr)
    assert.equal("SET|k|a\r\nb\nPING|a\nSET|a b|c\n\n\ninvalid multibulk length\ninvalid bulk length\n"
      .. "expected '$', got ':'\nunbalanced quotes in request\np1|p2|p3\ntrue\t11\tnil\tEX\tfoo\tnil\n", result.stdout)
  end)
end)
