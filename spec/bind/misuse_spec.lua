-- Misuse of evio's functions raises: where in the script, what came, what was expected.
local scripts = require("spec.support.scripts")

local EVENTS = "expected serving, opened, data, woken, eof, prewrite, postwrite, drained, stopping, "
  .. "detached, closed, failed, tick or options"
local BYTES = "expected a number of bytes from 1 to 2^30"
local SECONDS = "expected a number of seconds from 0 to 10^6"

-- The message of a script whose third line is this one.
local function message_of(line)
  local message = scripts.fail("\n\n" .. line)
  local words = message:match("^evio%-lua: server%.lua:3: (.*)$")
  assert(words, "no place in the script: " .. message)
  return words
end

-- Each line of a script, and words that its error has.
local function assert_messages(lines)
  for line, words in pairs(lines) do
    assert.matches(words, message_of(line), 1, true)
  end
end

-- The same for evio.listen and evio.serve with these expressions as the events table.
local function assert_refused(tables)
  for expression, words in pairs(tables) do
    for _, name in ipairs({ "listen", "serve" }) do
      local message = message_of(("evio.%s(%s, 'tcp://127.0.0.1:0')"):format(name, expression))
      assert.matches(words, message, 1, true)
    end
  end
end

describe("an events table", function()
  it("that is none is refused", function()
    for _, name in ipairs({ "listen", "serve" }) do
      assert_messages({
        [("evio.%s()"):format(name)] = "table expected, got no value",
        [("evio.%s(nil, 'tcp://:0')"):format(name)] = "table expected, got nil",
        [("evio.%s('tcp://:0')"):format(name)] = "table expected, got string",
        [("evio.%s(print, 'tcp://:0')"):format(name)] = "table expected, got function",
      })
    end
  end)

  it("with a misspelt event is refused, and every event is named", function()
    assert_refused({
      ["{ dta = print }"] = 'unknown event "dta", ' .. EVENTS,
      ["{ Opened = print }"] = 'unknown event "Opened", ' .. EVENTS,
      ["{ [''] = print }"] = 'unknown event "", ' .. EVENTS,
      ["{ data = print, daat = false }"] = 'unknown event "daat"',
    })
  end)

  it("with a name that only begins like an event's is refused", function()
    assert_refused({
      ["{ ['data\\0'] = print }"] = 'unknown event "data',
      ["{ ['options\\0x'] = {} }"] = 'unknown event "options',
      ["{ options = { ['high\\0'] = 2 ^ 21 } }"] = 'unknown option "high',
    })
  end)

  it("with a table that only looks like a stream handler is refused", function()
    local meta = "{ __name = 'evio.stream' }"
    assert_refused({
      ["{ data = setmetatable({}, " .. meta .. ") }"] = "events.data is a table, expected a function",
      ["{ data = setmetatable({ fn = 5, drive = print }, " .. meta .. ") }"] =
        "events.data is a table, expected a function",
    })
  end)

  it("with a key that is no name is refused", function()
    assert_refused({
      ["{ print }"] = "the events table has a number as a key, expected the name of an event",
      ["{ [true] = print }"] = "the events table has a boolean as a key",
    })
  end)

  it("with a handler that is no function is refused", function()
    assert_refused({
      ["{ data = 'input' }"] = "events.data is a string, expected a function",
      ["{ data = {} }"] = "events.data is a table, expected a function",
      ["{ opened = true }"] = "events.opened is a boolean, expected a function",
      ["{ tick = 1 }"] = "events.tick is a number, expected a function",
      ["{ closed = newproxy() }"] = "events.closed is a userdata, expected a function",
      ["{ opened = evio.stream(print) }"] = "events.opened is a table, expected a function",
    })
  end)

  it("with options that are no table is refused", function()
    assert_refused({
      ["{ options = 5 }"] = "events.options is a number, expected a table",
      ["{ options = print }"] = "events.options is a function, expected a table",
    })
  end)

  it("with a misspelt option is refused, and every option is named", function()
    local all = "expected high, low, queue, input, connections, per_address, duplex, linger, idle, read, write or " ..
      "handshake"
    assert_refused({
      ["{ options = { hihg = 1 } }"] = 'unknown option "hihg", ' .. all,
      ["{ options = { High = 1 } }"] = 'unknown option "High", ' .. all,
      ["{ options = { 5 } }"] = "events.options has a number as a key, expected the name of an option",
    })
  end)

  it("with an option of the wrong type is refused", function()
    assert_refused({
      ["{ options = { high = 'much' } }"] = "options.high is \"much\", " .. BYTES,
      ["{ options = { queue = {} } }"] = "options.queue is a table, " .. BYTES,
      ["{ options = { input = false } }"] = "options.input is false, " .. BYTES,
      ["{ options = { linger = '5s' } }"] = "options.linger is \"5s\", " .. SECONDS,
    })
  end)

  it("with an option out of range is refused", function()
    assert_refused({
      ["{ options = { high = 0 } }"] = "options.high is 0, " .. BYTES,
      ["{ options = { low = -1 } }"] = "options.low is -1, " .. BYTES,
      ["{ options = { queue = 2 ^ 40 } }"] = "options.queue is 1099511627776, " .. BYTES,
      ["{ options = { input = 1 / 0 } }"] = "options.input is inf, " .. BYTES,
      ["{ options = { input = 0 / 0 } }"] = "options.input is nan, " .. BYTES,
      ["{ options = { linger = -1 } }"] = "options.linger is -1, " .. SECONDS,
      ["{ options = { linger = 0 / 0 } }"] = "options.linger is nan, " .. SECONDS,
      ["{ options = { linger = 1e300 } }"] = "options.linger is 1e+300, " .. SECONDS,
    })
  end)

  it("with marks that contradict each other is refused", function()
    local words = "options.low (%d), high (%d) and queue (%d) must not decrease"
    assert_refused({
      ["{ options = { low = 200, high = 100, queue = 1000 } }"] = words:format(200, 100, 1000),
      ["{ options = { low = 10, high = 2000, queue = 1000 } }"] = words:format(10, 2000, 1000),
    })
  end)

  it("with a string of digits as an option is told that it is a string", function()
    assert_refused({
      ["{ options = { high = '5' } }"] = [[options.high is "5", ]] .. BYTES,
      ["{ options = { linger = '5' } }"] = [[options.linger is "5", ]] .. SECONDS,
    })
  end)

  it("is not read through a metatable, and needs no handler", function()
    local status, stderr = scripts.run(
      "evio.listen(setmetatable({}, { __index = error }), 'tcp://127.0.0.1:0') evio.shutdown()")
    assert.equal("", stderr)
    assert.equal(0, status)
  end)
end)

describe("evio", function()
  it("raises on a name that it does not have", function()
    assert_messages({
      ["evio.nosuchname()"] = 'evio has no "nosuchname"',
      ["local x = evio[5]"] = 'evio has no "5"',
      ["if evio.Serve then end"] = 'evio has no "Serve"',
    })
  end)

  it("raises where a stream handler is no function", function()
    local expected = "expected a function(conn, stream)"
    assert_messages({
      ["evio.stream()"] = "evio.stream: the handler is a nil, " .. expected,
      ["evio.stream({})"] = "evio.stream: the handler is a table, " .. expected,
      ["evio.stream(evio.stream(print))"] = "evio.stream: the handler is a table, " .. expected,
    })
  end)

  it("raises where an id is no number", function()
    assert_messages({
      ["evio.conn('x')"] = "number expected, got string",
      ["evio.conn()"] = "number expected, got no value",
      ["evio.conn({})"] = "number expected, got table",
    })
  end)

  it("finds no connection for an id that nobody has, and returns nil", function()
    local _, _, stdout = scripts.run([[
      for _, id in ipairs({ 0, 1, -1, 1.5, 2 ^ 53, 1e300, 1 / 0, 0 / 0 }) do
        print(select("#", evio.conn(id)), (evio.conn(id)))
      end]])
    assert.equal(("1\tnil\n"):rep(8), stdout)
  end)

  it("tells the place of a misuse in a file that was required, too", function()
    local _, stderr = scripts.fail("require('part')",
      { files = { ["part.lua"] = "\nrequire('evio').listen({ dta = 1 }, 'tcp://:0')" } })
    assert.matches("part.lua:2: unknown event \"dta\"", stderr, 1, true)
  end)
end)
