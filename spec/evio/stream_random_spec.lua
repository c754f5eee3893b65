-- Random reads of a stream against the text that was sent, in random pieces.
local scripts = require("spec.support.scripts")
local support = require("spec.support")

local PIECES = 1500

-- The handler knows the text. Each call makes a few random reads and compares them with what must
-- be there; `taken` is where the text goes on in the next call.
local SERVER = [[
local text = io.open(arg[2]):read("*a")
math.randomseed(tonumber(arg[3]))
arg = { arg[1] }
local taken = 0
local function random(n) return math.random(0, n) end

local function same(name, expected, found)
  if expected ~= found then
    error(("%s at %d: expected %q, got %q"):format(name, taken, tostring(expected), tostring(found)))
  end
end

-- Each read gets the stream, the position in the text and the position of what is here of it. It
-- returns the position after it, or nil where it falls short.
local reads = {}

function reads.take(s, at, stop)
  local n = random(random(3) == 0 and 2 * (stop - at) or 20)
  local found = s:take(n)
  same("take", at + n <= stop and text:sub(at + 1, at + n) or nil, found)
  return found and at + n
end

function reads.peek(s, at, stop)
  local n = random(100)
  local found = s:peek(n)
  same("peek", at + n <= stop and text:sub(at + 1, at + n) or nil, found)
  return found and at
end

function reads.skip(s, at, stop)
  local n = random(100)
  local found = s:skip(n)
  same("skip", at + n <= stop or nil, found)
  return found and at + n
end

function reads.u16(s, at, stop)
  local high, low = text:byte(at + 1, at + 2)
  local found = s:u16()
  same("u16", at + 2 <= stop and high * 256 + low or nil, found)
  return found and at + 2
end

function reads.line(s, at, stop)
  local last = text:find("\n", at + 1, true)
  local here = last and last <= stop
  same("line", here and text:sub(at + 1, last - 1):gsub("\r$", "") or nil, s:line())
  return here and last
end

local needles = { "\n", "ab", "xcx", "abcabc\n" }

function reads.find(s, at, stop)
  local needle = needles[math.random(#needles)]
  local first, last = text:find(needle, at + 1, true)
  local here = first and last <= stop
  same("find " .. needle, here and first - 1 - at or nil, s:find(needle))
  return here and at
end

local names = {}
for name in pairs(reads) do names[#names + 1] = name end
table.sort(names)

events.options = { input = #text }
events.data = evio.stream(function(_, s)
  local at, mark, stop = taken, taken, taken + #s
  local short = false
  for _ = 1, math.random(4) do
    local after = reads[names[math.random(#names)] ](s, at, stop)
    if after then at = after else short = true end
    if random(6) == 0 then
      s:commit()
      mark = at
    end
  end
  if not short and at == taken and stop > at then
    same("one byte", text:sub(at + 1, at + 1), s:take(1)) -- goes on, whatever was drawn
    at = at + 1
  end
  taken = short and mark or at
  if stop == #text then
    same("rest", text:sub(at + 1), s:take())
    return "end", "close"
  end
  return "."
end)
function events.closed(_, err) if err then print(err) end end
]]

-- Few letters, so that needles begin everywhere; as pieces, and in one.
local function make_text()
  local letters = { "a", "a", "b", "c", "ab", "abc", "\n", "\r\n", "x" }
  local pieces = {}
  for i = 1, PIECES do
    local parts = {}
    for k = 1, math.random(10) == 1 and 1000 or math.random(20) do
      parts[k] = letters[math.random(#letters)]
    end
    pieces[i] = table.concat(parts)
  end
  return pieces, table.concat(pieces)
end

describe("a stream", function()
  for seed = 1, 5 do
    it(("gives what was sent, whatever is read: seed %d"):format(seed), function()
      math.randomseed(seed)
      local pieces, text = make_text()
      local file = support.write_file(support.tmpdir() .. "/text", text)
      local client, server = scripts.serve_one(SERVER,
        { addresses = { "tcp://127.0.0.1:0", file, seed } })
      local answer
      for _, piece in ipairs(pieces) do
        client:send(piece)
        answer = client:receive_some() -- every call answers, so the piece was read
      end
      answer = answer .. client:receive_all()
      assert.equal("end", answer:match("%l+$"), (server:output()))
    end)
  end
end)
