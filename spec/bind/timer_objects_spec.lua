-- Timers as objects: misuse, forgery, garbage, and very many of them.
local scripts = require("spec.support.scripts")
local support = require("spec.support")

describe("evio.after and evio.every", function()
  it("raise on misuse", function()
    local cases = {
      ["()"] = "number expected, got no value",
      ["('soon', print)"] = "number expected, got string",
      ["(-1, print)"] = "expected seconds from 0 to 10^9",
      ["(-0.001, print)"] = "expected seconds from 0 to 10^9",
      ["(0 / 0, print)"] = "expected seconds from 0 to 10^9",
      ["(1 / 0, print)"] = "expected seconds from 0 to 10^9",
      ["(2e9, print)"] = "expected seconds from 0 to 10^9",
      ["(1)"] = "function expected, got no value",
      ["(1, 'print')"] = "function expected, got string",
      ["(1, setmetatable({}, { __call = print }))"] = "function expected, got table",
    }
    for _, name in ipairs({ "after", "every" }) do
      for arguments, words in pairs(cases) do
        local message = scripts.fail("\n\nevio." .. name .. arguments)
        assert.matches("^evio%-lua: server%.lua:3: ", message)
        assert.matches(words, message, 1, true)
      end
    end
  end)

  it("take the longest time there is", function()
    local _, stderr, stdout = scripts.run([[
      local timer = evio.after(1e9, print)
      evio.after(0.01, function() print(timer:cancel()) end)]])
    assert.same({ "", "true\n" }, { stderr, stdout })
  end)
end)

describe("a timer", function()
  it("that is forged raises, and never crashes", function()
    local _, stderr, stdout = scripts.run([[
      local timer = evio.after(0, print)
      timer:cancel()
      local forged = { 5, "x", {}, io.stdout, newproxy(), newproxy(true), print, timer.cancel }
      local fake = newproxy(true)
      getmetatable(fake).__index = timer
      getmetatable(fake).__metatable = "evio.timer"
      forged[#forged + 1] = fake
      forged[#forged + 1] = setmetatable({}, { __index = timer })
      for _, value in ipairs(forged) do
        local ok, message = pcall(timer.cancel, value)
        assert(not ok and message:find("timer (call it as timer:cancel()) expected", 1, true))
      end
      print(pcall(timer.cancel))
      print(getmetatable(timer), pcall(function() timer.own = 5 end))]])
    assert.equal("", stderr)
    assert.matches("^false\t.*%(timer %(call it as timer:cancel%(%)%) expected, got no value", stdout)
    assert.matches("\nevio.timer\tfalse\t", stdout, 1, true)
  end)

  it("is kept while it is pending, and collected when it fired or was cancelled", function()
    local _, stderr, stdout = scripts.run([[
      local seen = setmetatable({}, { __mode = "k" })
      local function watched(text)
        local fn = function() print(text) return nil end
        seen[fn] = text
        return fn
      end
      local function count()
        collectgarbage()
        collectgarbage()
        local n = 0
        for _ in pairs(seen) do n = n + 1 end
        return n
      end
      seen[evio.after(0.02, watched("after"))] = "timer"
      seen[evio.every(100, watched("never"))] = "timer"
      local every = evio.every(0.01, watched("every"))
      for _ = 1, 10 do seen[evio.after(100, watched("cancelled"))] = "timer" end
      print(count())
      evio.after(0.05, function()
        every:cancel()
        every = nil
        evio.shutdown()
      end)
      evio.run()
      print(count())]])
    assert.equal("", stderr)
    assert.matches("^25\n", stdout)
    assert.matches("\nafter\n", stdout)
    assert.matches("every\n", stdout)
    assert.matches("\n0\n$", stdout)
  end)

  it("may be cancelled by a finalizer that is older than evio", function()
    local result = support.run({ "-e", [[
      object = newproxy(true)
      local timers = {}
      getmetatable(object).__gc = function()
        for _, timer in ipairs(timers) do print(pcall(timer.cancel, timer)) end
      end
      local evio = require("evio")
      timers[1], timers[2] = evio.after(5, print), evio.every(5, print)
      evio.shutdown()
      timers[3] = evio.after(5, print)
      os.exit(0, true)]] })
    assert.same({ 0, "" }, { result.status, result.stderr })
    assert.equal(3, select(2, result.stdout:gsub("false\t[^\n]*finalizer[^\n]*\n", "")))
  end)
end)

describe("very many timers", function()
  it("fire in order, each once, but for those that are cancelled", function()
    local _, stderr, stdout = scripts.run([[
      math.randomseed(7)
      local COUNT = 100000
      local timers, state = {}, {}
      local last, fired, cancelled, wrong = 0, 0, 0, 0
      local function cancel(i)
        if timers[i]:cancel() then
          cancelled = cancelled + 1
          if state[i] then wrong = wrong + 1 end
          state[i] = "cancelled"
        elseif not state[i] then
          wrong = wrong + 1
        end
      end
      for i = 1, COUNT do
        local seconds, earliest, latest = math.random(1000) / 1000, evio.now(), nil
        timers[i] = evio.after(seconds, function()
          local too_early = earliest + seconds > evio.now() + 1e-6
          if state[i] or too_early or latest + seconds < last - 1e-6 then wrong = wrong + 1 end
          state[i], last, fired = "fired", math.max(last, earliest + seconds), fired + 1
          if math.random(3) == 1 then cancel(math.random(COUNT)) end
        end)
        latest = evio.now()
      end
      for _ = 1, COUNT / 2 do cancel(math.random(COUNT)) end
      evio.run()
      print(wrong, fired + cancelled == COUNT, fired > COUNT / 4, cancelled > COUNT / 4)]],
      { seconds = 60 })
    assert.same({ "", "0\ttrue\ttrue\ttrue\n" }, { stderr, stdout })
  end)

  it("cost no memory once they are gone", function()
    local _, stderr, stdout = scripts.run([[
      local function round()
        local left = 20000
        for _ = 1, left do
          local timer
          timer = evio.after(0, function() left = left - 1 end)
          if math.random(2) == 1 then timer:cancel() end
        end
        evio.run()
        collectgarbage()
        collectgarbage()
        return collectgarbage("count")
      end
      round()
      local before, after = round(), nil
      for _ = 1, 5 do after = round() end
      print(after - before < 100)]])
    assert.same({ "", "true\n" }, { stderr, stdout })
  end)
end)
