-- pairs and next in a script: LuaJIT ends loops over them early, or never, when its compiler gives them up.
local posix_unistd = require("posix.unistd")
local support = require("spec.support")

-- The inner loops have the outer one given up, which then ends early. (Reduced in LuaJIT's issue 827.)
local LOOPS = [[
  local function loop(over)
    local list = { 1, 2, 3, 4, 5 }
    local lists = { a = list, b = list, c = list, d = list, e = list }
    local function leave_trace(...) for _ = 1, 100 do end return ... end
    for _ = 1, 100000 do
      leave_trace()
      local count = 0
      if over == "pairs" then
        for _, inner in pairs(lists) do
          for _ in pairs(inner) do end
          count = count + 1
        end
      else
        for _, inner in next, lists do
          for _ in next, inner do end
          count = count + 1
        end
      end
      if count ~= 5 then return over .. " ended after " .. count end
    end
    return over .. " is whole"
  end
]]
local WHOLE = "pairs is whole\nnext is whole\n"

local function run(source, opts)
  local result = support.start(LOOPS .. source, opts)
  assert.same({ status = 0 }, result:wait())
  return (result:output())
end

describe("loops over tables", function()
  it("are whole when LuaJIT gives up compiling them", function()
    assert.equal(WHOLE, run('print(loop("pairs")) print(loop("next"))'))
  end)

  it("are whole in background jobs", function()
    assert.equal(WHOLE, run([[
      local evio = require("evio")
      evio.spawn(loop, "pairs"):done(function(_, text)
        print(text)
        evio.spawn(loop, "next"):done(function(_, other) print(other) end)
      end)]]))
  end)

  it("are whole in a plain LuaJIT that loaded evio.so", function()
    assert.equal(WHOLE, run('require("evio") print(loop("pairs")) print(loop("next"))',
      { command = { "luajit" }, env = { LUA_CPATH = posix_unistd.getcwd() .. "/?.so" } }))
  end)

  it("fail as the originals do", function()
    local sources = { "pairs(nil)", "next(5)", "next({}, 5)", "for _ in pairs('x') do end" }
    for _, source in ipairs(sources) do
      local script = ("print(select(2, pcall(loadstring(%q, '=script'))))"):format(source)
      local original = support.run({ "-e", script }, { command = { "luajit" } }).stdout
      assert.matches("bad argument #1 to '%w+'", original:gsub("invalid key to", "bad argument #1 to"))
      assert.equal(original, support.run({ "-e", script }).stdout)
    end
  end)

  it("go through what is in a table, and nothing else", function()
    assert.equal("1 a\n2 b\nx c\nnil\n1\nnil\n", run([[
      for key, value in pairs({ "a", "b", x = "c" }) do print(key .. " " .. value) end
      print(next({}))
      print((next({ 5 })))
      print(next({ 5 }, 1))]]))
  end)
end)
