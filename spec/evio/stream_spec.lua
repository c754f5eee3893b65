-- What a stream's methods read.
local scripts = require("spec.support.scripts")
local support = require("spec.support")

-- The handler is function(conn, s) CODE end; show(...) makes a line of values.
local STREAM = [[
local function show(...)
  local list = {}
  for i = 1, select("#", ...) do
    local value = select(i, ...)
    list[i] = type(value) == "string" and ("%%q"):format(value) or tostring(value)
  end
  return table.concat(list, " ") .. "\n"
end
events.data = evio.stream(function(conn, s)
  %s
end)
]]

-- The line that a handler answers with when these bytes came.
local function read(code, bytes)
  local client = scripts.serve_one(STREAM:format(code))
  client:send(bytes)
  return client:receive_line()
end

-- The message of the error that the handler raises, which must name the script's line.
local function error_of(code, bytes)
  local answer = read(("local ok, message = pcall(function() %s end) s:take() return "
    .. "(ok and 'no error' or message) .. '\\n'"):format(code), bytes or "x")
  local words = answer:match("server%.lua:10: (.*)$")
  assert(words, "no place in the script: " .. answer)
  return words
end

describe("stream:take", function()
  it("takes bytes as a string", function()
    assert.equal('"hel" "lo" ""', read("return show(s:take(3), s:take(2), s:take(0))", "hello"))
  end)

  it("takes all there are without a number", function()
    assert.equal('"h" "ello" 0 ""', read("return show(s:take(1), s:take(), #s, s:take())", "hello"))
  end)

  it("is nil where too few bytes are there", function()
    assert.equal("nil 5", read("local taken = s:take(6) s:commit() return show(taken, #s)", "hello"))
  end)

  it("takes every byte", function()
    assert.equal('"\\0\255\\r"', (read("return show(s:take(3))", "\0\255\r"):gsub("\\13", "\\r")))
  end)
end)

describe("stream:peek", function()
  it("looks without taking", function()
    assert.equal('"he" "hel" 5', read("return show(s:peek(2), s:peek(3), #s), s:skip(5) and nil",
      "hello"))
  end)

  it("is nil where too few bytes are there", function()
    assert.equal("nil", read("return show(s:peek(6))", "hello"))
  end)
end)

describe("stream:skip", function()
  it("takes without a string", function()
    assert.equal('true "lo" true', read("return show(s:skip(3), s:take(2), s:skip(0))", "hello"))
  end)

  it("is nil where too few bytes are there, and takes none", function()
    assert.equal("nil 5", read("return show(s:skip(6), #s)", "hello"))
  end)
end)

describe("stream:line", function()
  it("ends at LF or CRLF, which it leaves out", function()
    assert.equal('"one" "two" "" "" "\\13x"',
      read("return show(s:line(), s:line(), s:line(), s:line(), s:line())",
        "one\ntwo\r\n\n\r\n\rx\n"))
  end)

  it("leaves out one CR only", function()
    assert.equal('"one\\13"', read("return show(s:line())", "one\r\r\n"))
  end)

  it("is nil without an end, and takes nothing", function()
    assert.equal("nil 4", read("return show(s:line(), #s)", "one\r"))
  end)

  it("starts after what was taken", function()
    assert.equal('"wo" "x"', read("s:line() s:skip(1) return show(s:line(), s:take())", "one\ntwo\nx"))
  end)
end)

describe("stream:find", function()
  it("counts the bytes in front, from the position on", function()
    assert.equal("2 0 5", read(
      "local one = s:find('l') s:skip(2) local two = s:find('l') s:skip(1) "
      .. "return show(one, two, s:find('rl')), s:take() and nil", "hello world"))
  end)

  it("finds long needles, at the end, and every byte", function()
    assert.equal("0 6 10 3",
      read("return show(s:find('hello world'), s:find('world'), s:find('d'), s:find('lo wor')), "
        .. "s:take() and nil", "hello world"))
    assert.equal("1 3", read("return show(s:find('\\0'), s:find('\\255\\0')), s:take() and nil",
      "a\0b\255\0"))
  end)

  it("finds a needle that begins in vain first", function()
    assert.equal("2 3", read("return show(s:find('aab'), s:find('ab ab')), s:take() and nil",
      "aaaab ab ab"))
    assert.equal("3", read("return show(s:find('\\r\\n\\r\\n')), s:take() and nil",
      "\r\n\r\r\n\r\n"))
  end)

  it("is nil where it is not there, and takes nothing", function()
    assert.equal("nil 5", read("return show(s:find('x'), #s)", "hello"))
    assert.equal("nil 5", read("return show(s:find('hello!'), #s)", "hello"))
  end)
end)

describe("stream:view", function()
  it("shows bytes where they lie", function()
    assert.equal('3 "ell" 5', read([[
      local ffi = require("ffi")
      local first = s:view()
      s:skip(1)
      local bytes, length = s:view(3)
      local text = ffi.string(bytes, length)
      assert(bytes == first + 1 and ffi.istype("const uint8_t *", bytes))
      s:take()
      return show(length, text, 5)]], "hello"))
  end)

  it("shows all there are without a number", function()
    assert.equal("4 0", read("s:skip(1) local _, all = s:view() s:take() "
      .. "local _, none = s:view() return show(all, none)", "hello"))
  end)

  it("is nil where too few bytes are there", function()
    assert.equal("nil 1", read("return show((s:view(6)), select('#', s:view(6)))", "hello"))
  end)
end)

describe("#stream", function()
  it("is the number of unread bytes", function()
    assert.equal("5 3 0", read("local all = #s s:skip(2) local rest = #s s:take() "
      .. "return show(all, rest, #s)", "hello"))
  end)

  it("has a text that says so", function()
    assert.equal('"stream of 5 unread bytes"', read("return show(tostring(s)), s:take() and nil",
      "hello"))
  end)
end)

describe("a stream's method", function()
  it("raises where a count is none", function()
    local expected = "expected a whole number from 0 on"
    for _, name in ipairs({ "take", "peek", "skip", "view" }) do
      for count, what in pairs({ ["-1"] = "-1", ["1.5"] = "1.5", ["'1'"] = "1", ["{}"] = "table",
        ["true"] = "true", ["0 / 0"] = "nan", ["1 / 0"] = "inf" }) do
        local words = error_of(("s:%s(%s)"):format(name, count)):gsub("%-nan", "nan")
        assert.matches(("^stream:%s: the count is %s.*, %s$"):format(name, what:gsub("%p", "%%%0"),
          expected), words)
      end
    end
    for _, name in ipairs({ "peek", "skip" }) do
      assert.equal(("stream:%s: the count is nil, %s"):format(name, expected),
        error_of(("s:%s()"):format(name)))
    end
  end)

  it("takes counts beyond any stream as too many", function()
    assert.equal("nil nil nil nil", read("return show(s:take(2 ^ 31), s:skip(2 ^ 32), "
      .. "s:peek(2 ^ 53), (s:view(1e300)))", "hello"))
  end)

  it("raises where a needle is none", function()
    for needle, what in pairs({ [""] = "a nil", ["5"] = "a number", ["{}"] = "a table",
      ["''"] = "empty" }) do
      assert.equal(("stream:find: the needle is %s, expected a string of at least one byte")
        :format(what), error_of(("s:find(%s)"):format(needle)))
    end
  end)

  it("that does not exist is named", function()
    assert.matches("tkae", error_of("s:tkae(1)"), 1, true)
  end)
end)

describe("a stream beyond its event", function()
  local METHODS = { "take(1)", "take(0)", "take()", "peek(1)", "peek(0)", "skip(1)", "skip(0)", "line()",
    "find('x')", "view()", "view(0)", "commit()", "u8()", "i16()", "u32le()", "u64()", "i64le()" }
  local CHECK = "local function check(s) for _, call in ipairs({ %s }) do "
    .. "print(pcall(loadstring('local s = ...; s:' .. call), s)) end print('end') end "

  local function assert_all_raise(server)
    for _ = 1, #METHODS do
      assert.matches("^false\t.*: the stream is used outside of its event$", server:line())
    end
    assert.equal("end", server:line())
  end

  local check = CHECK:format(('"%s"'):format(table.concat(METHODS, '", "')))

  it("raises in another event of its connection", function()
    local client, server = scripts.serve_one(check .. [[local kept
      events.data = evio.stream(function(_, s) kept = s end)
      function events.closed() check(kept) end]])
    server:address()
    client:send("hello")
    client:close()
    assert_all_raise(server)
  end)

  it("raises in the data event of another connection", function()
    local one, server = scripts.serve_one(check .. [[local kept
      events.data = evio.stream(function(_, s)
        if kept then check(kept) else kept = s end
        return s:take()
      end)]])
    assert.equal("hello", support.exchange(one, "hello"))
    support.connect(server:address()):send("x")
    assert_all_raise(server)
  end)

  it("raises when its connection was gone", function()
    local client, server = scripts.serve_one(check .. [[local kept
      events.data = evio.stream(function(_, s) kept = s return nil, "close" end)
      function events.tick()
        if kept and not evio.connections()() then check(kept) return end
        return 0.01
      end]])
    client:send("hello")
    client:close()
    assert_all_raise(server)
  end)
end)
