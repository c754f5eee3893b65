-- Codecs by themselves: bytes in, messages out, no host and no socket. Without an evio.core of the loop
-- they are what a background job sees.
local assert = require("luassert")

local M = {}

-- The codecs of a module, as in load("evio.framing").
function M.load(name)
  local path = package.path
  package.path = "lua/?.lua;" .. path
  package.loaded["evio.core"] = {}
  local module = require(name)
  package.path = path
  return module
end

-- The messages in pieces of bytes, and what a codec said at the end: its error, or the bytes that wait.
function M.feed(codec, pieces)
  local rest, got = "", {}
  for _, piece in ipairs(pieces) do
    local at = 1
    rest = rest .. piece
    while true do
      local message, used = codec:decode(rest, at)
      if message then
        got[#got + 1] = message
        at = at + used
      elseif used then
        return got, used
      else
        break
      end
    end
    rest = rest:sub(at)
  end
  return got, "waits: " .. rest
end

local function bytes_of(text)
  local list = {}
  for i = 1, #text do
    list[i] = text:sub(i, i)
  end
  return list
end

-- Feeds bytes in one, cut at every place, at every two, and one by one: the result is always the same.
function M.assert_everywhere(codec, bytes, messages, last)
  local function assert_same(pieces)
    local got, said = M.feed(codec, pieces)
    assert.same(messages, got)
    assert.equal(last, said)
  end
  assert_same({ bytes })
  assert_same(bytes_of(bytes))
  for i = 0, #bytes do
    assert_same({ bytes:sub(1, i), bytes:sub(i + 1) })
    for k = i, #bytes <= 40 and #bytes or -1 do
      assert_same({ bytes:sub(1, i), bytes:sub(i + 1, k), bytes:sub(k + 1) })
    end
  end
end

-- What a codec refuses, and with which byte it does.
function M.assert_refused(codec, bytes, words)
  assert.is_nil((codec:decode(bytes:sub(1, -2))))
  assert.is_nil((select(2, codec:decode(bytes:sub(1, -2)))))
  local message, why = codec:decode(bytes)
  assert.is_nil(message)
  assert.equal(words, why)
  M.assert_everywhere(codec, bytes, {}, words)
end

function M.assert_raises(words, fn)
  local place = debug.getinfo(fn, "S")
  local ok, message = pcall(fn)
  assert.is_false(ok)
  assert.equal(("%s:%d: %s"):format(place.short_src, place.linedefined, words), message)
end

return M
