-- A background job's own world: its evio, its globals, its modules.
local posix_unistd = require("posix.unistd")
local scripts = require("spec.support.scripts")
local support = require("spec.support")

local function lines(source, opts)
  local status, stderr, stdout = scripts.run(source, opts)
  assert.equal("", stderr)
  assert.equal(0, status)
  return (stdout:gsub("/%S*/server", "server"))
end

-- Prints a job's results, or the first line of its error.
local SHOW = [[
  evio.pool({ threads = 1 })
  local function show(...)
    evio.spawn(...):done(function(ok, first, ...)
      if ok then print(first, ...) else print("error", (first:match("^[^\n]*"))) end
    end)
  end
]]

describe("a job's evio #threads", function()
  it("is what require finds there, and what an upvalue becomes", function()
    assert.equal("true\ttrue\ttrue\n", lines(SHOW .. [[
      show(function()
        return require("evio") == evio, evio.version ~= nil, math.abs(evio.now() - evio.now()) < 1
      end)]]))
  end)

  it("has the loop's version and clock", function()
    assert.equal("true\ttrue\n", lines(SHOW .. [[
      evio.spawn(function() return evio.version, evio.now() end):done(function(_, version, now)
        print(version == evio.version, now <= evio.now() and now > evio.now() - 10)
      end)]]))
  end)

  it("sleeps as long as it is told", function()
    assert.equal("true\n", lines(SHOW .. [[
      show(function()
        local before = evio.now()
        evio.sleep(0.05)
        evio.sleep(0)
        return evio.now() - before >= 0.05
      end)]]))
  end)

  it("refuses a time that is none", function()
    assert.equal("error\tserver.lua:8: bad argument #1 to 'sleep' (expected seconds from 0 to 10^9)\n"
      .. "error\tserver.lua:9: bad argument #1 to 'sleep' (number expected, got no value)\n",
      lines(SHOW .. [[

      show(function() evio.sleep(-1) end)
      show(function() evio.sleep() end)]]))
  end)

  it("says what a job has when it is asked for anything of the loop's", function()
    local names = lines("for name in pairs(evio) do print(name) end")
    local count = 0
    for name in names:gmatch("%S+") do
      if not (" now post sleep version wake "):find(" " .. name .. " ", 1, true) then
        count = count + 1
        assert.matches(("error\tserver.lua:7: there is no evio.%s in a background job: it has now, "
          .. "post, sleep, version and wake; the rest belongs to the loop\n"):format(name),
          lines(SHOW .. ("show(function() return evio.%s end)"):format(name)), 1, true)
      end
    end
    assert.is_true(count > 10)
  end)

  it("wakes nobody where nobody is", function()
    assert.equal("false\tfalse\tfalse\n", lines(SHOW .. [[
      show(function() return evio.wake(1), evio.wake(0 / 0), evio.wake(2 ^ 60) end)]]))
  end)

  it("is the same where the Lua part comes from a source tree", function()
    assert.equal("true\ttrue\n", lines(SHOW .. [[
      show(function() return require("evio") == evio, evio.sleep(0) == nil end)]],
      { env = { EVIO_LUA_PATH = posix_unistd.getcwd() .. "/lua" } }))
  end)
end)

describe("a job's globals #threads", function()
  it("are fresh for each one", function()
    assert.equal("1\t1\ttrue\nnil\tnil\ttrue\n", lines(SHOW .. [[
      show(function()
        x = 1
        _G.y = 1
        return _G.x, y, print == _G.print
      end)
      show(function() return x, y, print ~= nil end)]]))
  end)

  it("do not have the script's arguments or globals", function()
    assert.equal("nil\tnil\n", lines("mine = 1\n" .. SHOW .. "show(function() return mine, arg end)"))
  end)

  it("have no os.exit that ends the process under the loop", function()
    assert.equal("error\tserver.lua:7: os.exit in a background job, expected on the loop: return, "
      .. "or post that it is to end\n", lines(SHOW .. "show(function() os.exit(3) end)"))
  end)
end)

describe("a thread #threads", function()
  local files = { ["counter.lua"] = "local M = { n = 0 } loads = (loads or 0) + 1\n"
    .. "function M.next() M.n = M.n + 1 return M.n, loads end return M" }

  it("keeps the modules that its jobs loaded", function()
    assert.equal("1\t1\n2\t1\n3\t1\n", lines(SHOW .. [[
      package.path = arg[0]:match("^.*/") .. "?.lua"
      for _ = 1, 3 do show("counter.next") end]], { files = files }))
  end)

  it("has a Lua state of its own", function()
    -- Each job goes on when the other one has begun, and so on a thread of its own.
    assert.equal("1\t1\n1\t1\n", lines([[
      local directory = arg[0]:match("^.*/")
      package.path = directory .. "?.lua"
      require("counter").next()
      for i = 1, 2 do
        evio.spawn(function(mine, other)
          local number, loads = require("counter").next()
          io.open(mine, "w"):close()
          repeat
            evio.sleep(0.001)
            local file = io.open(other)
          until file
          return number, loads
        end, directory .. i, directory .. 3 - i):done(function(_, ...) print(...) end)
      end]], { files = files }))
  end)

  it("finds modules where the loop finds them at the spawn", function()
    assert.equal("none\nfound\nx.so\n", lines(SHOW .. [[
      local function look()
        local ok = pcall(require, "counter")
        return ok and "found" or "none"
      end
      local path = package.path
      package.path = ""
      show(look)
      package.path = path
      show(look)
      package.cpath = "x.so"
      show(function() return package.cpath end)]], { files = files }))
  end)

  it("survives an error, a deep recursion and a lot of garbage", function()
    assert.equal("error\nerror\n1\ntrue\n", (lines(SHOW .. [[
      show(function() error("on purpose") end)
      show(function() local function f() return 1 + f() end return f() end)
      show(function() local t = {} for i = 1, 1e6 do t[i] = { i } end return 1 end)
      show(function() return collectgarbage("count") < 4096 end)]]):gsub("error\t[^\n]*", "error")))
  end)

  it("has its Lua state closed in order when the loop goes", function()
    local path = support.tmpdir() .. "/closed"
    lines(SHOW .. ([[
      show(function(path)
        package.loaded.kept = newproxy(true)
        getmetatable(package.loaded.kept).__gc = function()
          local file = io.open(path, "w")
          file:write(tostring(pcall(require("evio").post, 1)))
          file:close()
        end
      end, "%s")]]):format(path))
    assert.equal("false", support.read_file(path))
  end)

  it("survives an error in a finalizer", function()
    assert.equal("1\n2\n", lines(SHOW .. [[
      show(function()
        getmetatable(newproxy(true)).__gc = function() error("on purpose") end
        return 1
      end)
      show(function() return 2 end)]]))
  end)

  it("is no signal's", function()
    assert.equal("true\n", lines(SHOW .. [[
      show(function()
        local mask = io.open("/proc/thread-self/status"):read("*a"):match("SigBlk:%s*(%x+)")
        return bit.band(tonumber(mask:sub(-8), 16), 0x4006) == 0x4006 -- INT, QUIT, TERM
      end)]]))
  end)
end)

