local support = require("spec.support")

-- Calls a loop, which is a tail call, 1000 times with each of the numbers of rounds that are given, and says so where
-- it went more than once. Prints how the trace of it ends that is there then.
local LOOP = [[
  local evio = require("evio")
  local looped = require("evio.compiler").looped
  local util = require("jit.util")

  local function loop(n)
    if n > 1 then return loop(n - 1) end
    return n
  end

  local function call(rounds)
    for _ = 1, 100 do
      loop(rounds)
      if rounds > 1 and $HELPED then looped() end
    end
  end
  jit.off(call)

  local turns = {}
  for _, rounds in ipairs({ $ROUNDS }) do
    for _ = 1, 10 do turns[#turns + 1] = rounds end
  end
  evio.every(0, function()
    local rounds = table.remove(turns, 1)
    if rounds then return call(rounds) end
    print(util.traceinfo(bit.rshift(util.funcbc(loop, 0), 16)).linktype)
    evio.shutdown()
  end)
]]

local function compile(rounds, helped)
  local source = LOOP:gsub("$(%u+)", { ROUNDS = rounds, HELPED = tostring(helped ~= false) })
  return support.start(source):line(10)
end

describe("a loop that is a tail call", function()
  it("is compiled as one when it runs often", function()
    assert.equal("tail-recursion", compile("30"))
  end)

  it("is compiled as one when it ran once before, where LuaJIT alone gives up", function()
    assert.equal("return", compile("1, 30", false))
    assert.equal("tail-recursion", compile("1, 30"))
  end)

  it("ends with its function where it runs once only", function()
    assert.equal("return", compile("1"))
  end)
end)
