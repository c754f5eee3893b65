-- What crosses to a background job and back, what is refused, and how it is said.
local scripts = require("spec.support.scripts")

-- Runs a script to its end: its lines on stdout. Nothing may be on stderr.
local function lines(source, opts)
  local status, stderr, stdout = scripts.run(source, opts)
  assert.equal("", stderr)
  assert.equal(0, status)
  return stdout
end

-- Each source is an error of misuse, with the script's place in front.
local function assert_messages(cases)
  for source, message in pairs(cases) do
    assert.equal("evio-lua: server.lua:1: " .. message, (scripts.fail(source)))
  end
end

-- Prints the error of a job, without its traceback.
local FAILURE = [[
  local function failure(...)
    evio.spawn(...):done(function(ok, text) print(ok, (text:match("^[^\n]*"))) end)
  end
]]

describe("what crosses #threads", function()
  it("are values and tables of them, copied", function()
    assert.equal("true\ttrue\n", lines([[
      local value = { 1, -0.5, 1e300, 1 / 0, 2 ^ 53, true, false, "a\0b", ("x"):rep(100000),
        { a = { b = { [1.5] = "c", [true] = 1, [-1] = 2 } } }, 12LL, 13ULL }
      evio.spawn(function(copy) return copy end, value):done(function(ok, copy)
        for i = 1, 9 do assert(copy[i] == value[i], i) end
        assert(copy[10].a.b[1.5] == "c" and copy[10].a.b[true] == 1 and copy[10].a.b[-1] == 2)
        assert(copy[11] == 12LL and copy[12] == 13ULL)
        print(ok, copy ~= value)
      end)]]))
  end)

  it("may be a table that is there twice", function()
    assert.equal("true\tx\tx\n", lines([[
      local one = { "x" }
      evio.spawn(function(t) return t[1][1], t[2][1] end, { one, one }):done(print)]]))
  end)

  it("may be nested as deep as 100 tables, and no deeper", function()
    assert.equal("false\nargument 1: [1][1][1][1][1]... lies in more than 100 tables\ntrue\n", lines([[
      local deep = {}
      for _ = 2, 100 do deep = { deep } end
      evio.spawn(function(t) return true end, deep):done(function(ok) print(ok) end)
      local ok, message = pcall(evio.spawn, print, { deep })
      ok, message = pcall(evio.spawn, function() end, { deep })
      print(ok)
      print((message:gsub("^evio.spawn: ", "")))]]))
  end)

  it("may be large", function()
    assert.equal("true\t20000000\n", lines([[
      evio.spawn(function(bytes) return bytes .. bytes end, ("x"):rep(10000000))
        :done(function(ok, bytes) print(ok, #bytes) end)]]))
  end)

  it("is not a table with a metatable, wherever it is", function()
    assert_messages({
      ["evio.spawn(function() end, setmetatable({}, {}))"] =
        "evio.spawn: argument 1 has a metatable",
      ["evio.spawn(function() end, 1, { list = { 1, 2, setmetatable({}, {}) } })"] =
        "evio.spawn: argument 2: .list[3] has a metatable",
      ["evio.spawn(function() end, { ['a b'] = { [true] = setmetatable({}, { __metatable = 1 }) } })"] =
        'evio.spawn: argument 1: ["a b"][true] has a metatable',
    })
  end)

  it("is not a function, a coroutine or a userdata", function()
    local words = "which cannot cross to another thread"
    assert_messages({
      ["evio.spawn(function() end, nil, print)"] = "evio.spawn: argument 2 is a function, " .. words,
      ["evio.spawn(function() end, { x = coroutine.create(print) })"] =
        "evio.spawn: argument 1: .x is a thread, " .. words,
      ["evio.spawn(function() end, io.stdout)"] = "evio.spawn: argument 1 is a userdata, " .. words,
      ["evio.spawn(function() end, { require('ffi').new('int[3]') })"] =
        "evio.spawn: argument 1: [1] is a cdata, " .. words,
      ["evio.spawn(function() end, { [print] = 1 })"] =
        "evio.spawn: argument 1 has a function as a key",
      ["evio.spawn(function() end, { a = { [{}] = 1 } })"] =
        "evio.spawn: argument 1: .a has a table as a key",
    })
  end)

  it("is not a table that contains itself", function()
    assert_messages({
      ["local t = {} t.a = { b = t } evio.spawn(function() end, t)"] =
        "evio.spawn: argument 1: .a.b is a table that contains itself",
    })
  end)

  it("is refused in results, too, as an error of the job", function()
    assert.equal("false\tresult 2: .x is a function, which cannot cross to another thread\n"
      .. "false\tresult 1 has a metatable\n", lines(FAILURE .. [[
      evio.pool({ threads = 1 })
      failure(function() return 1, { x = print } end)
      failure(function() return setmetatable({}, {}) end)]]))
  end)

  it("is refused in a post where it is posted", function()
    assert.equal("false\tserver.lua:6: evio.post: the value: .x has a metatable\n", lines(FAILURE .. [[
      failure(function()
        local value = { x = setmetatable({}, {}) }
        evio.post(value)
      end)]]):gsub("/%S*/server", "server"))
  end)
end)

describe("a job's function #threads", function()
  it("may use loaded modules from outside, which are the job's", function()
    assert.equal("true\t3\ttrue\tpart\tnil\n", lines([[
      package.path = arg[0]:match("^.*/") .. "?.lua"
      local ffi, floor_of, part, bit = require("ffi"), math, require("part"), bit
      part.changed = true
      evio.spawn(function(x)
        return floor_of.floor(x) + bit.band(1, 3), ffi.abi("64bit"), part.name, part.changed
      end, 2.5):done(print)]], { files = { ["part.lua"] = "return { name = 'part' }" } }))
  end)

  it("may use _G from outside, which are the job's globals", function()
    assert.equal("true\t1\tnil\tnil\n", lines([[
      local globals = _G
      x = "the loop's"
      evio.spawn(function()
        local before = globals.x
        globals.y = 1
        return y, before, rawget(globals._G, "x")
      end):done(print)]]))
  end)

  it("may use no other value from outside", function()
    local words = "; expected modules only, give it as an argument"
    assert_messages({
      ["local count = 1 evio.spawn(function() return count end)"] =
        'evio.spawn: the function uses "count" from outside, a number' .. words,
      ["local t = {} evio.spawn(function() return t end)"] =
        'evio.spawn: the function uses "t" from outside, a table' .. words,
      ["local x evio.spawn(function() return x end)"] =
        'evio.spawn: the function uses "x" from outside, a nil' .. words,
      ["local print = print evio.spawn(function() print() end)"] =
        'evio.spawn: the function uses "print" from outside, a function; expected modules only, '
        .. "define it inside or in a module",
      ["package.loaded.t = true local t = true evio.spawn(function() return t end)"] =
        'evio.spawn: the function uses "t" from outside, a boolean' .. words,
      ["local x = 1 evio.spawn(loadstring(string.dump(function() return x end, true)))"] =
        'evio.spawn: the function uses "upvalue 1" from outside, a nil' .. words,
    })
  end)

  it("may call itself", function()
    assert.equal("true\t55\n", lines([[
      local function fib(n) return n < 2 and n or fib(n - 1) + fib(n - 2) end
      evio.spawn(fib, 10):done(print)]]))
  end)

  it("may be named, as a module's", function()
    assert.equal("true\t2\ntrue\tx\ntrue\tx\n", lines([[
      evio.pool({ threads = 1 })
      evio.spawn("math.floor", 2.5):done(print)
      evio.spawn("part.go", "x"):done(print)
      evio.spawn("string.buffer.decode", require("string.buffer").encode("x")):done(print)]],
      { files = { ["part.lua"] = "return { go = function(x) return x end }" } }))
  end)

  it("that is named but not there is an error of the job", function()
    assert.equal("false\tmath.flor is a nil, expected a function\n"
      .. "false\tmath.pi is a number, expected a function\n"
      .. "false\tlua/evio/worker.lua: module 'nosuch' not found:\n", (lines(FAILURE .. [[
      evio.pool({ threads = 1 })
      failure("math.flor")
      failure("math.pi")
      failure("nosuch.name")]]):gsub("%S*evio/worker.lua:%d+", "lua/evio/worker.lua")))
  end)

  it("that is none is refused", function()
    assert_messages({
      ["evio.spawn()"] =
        'evio.spawn: the function is a nil, expected a function or "module.function"',
      ["evio.spawn({})"] =
        'evio.spawn: the function is a table, expected a function or "module.function"',
      ["evio.spawn('print')"] = 'evio.spawn: the name is "print", expected "module.function"',
      ["evio.spawn('math.')"] = 'evio.spawn: the name is "math.", expected "module.function"',
      ["evio.spawn(print)"] = "evio.spawn: the function is a C function, expected a Lua function "
        .. 'or a name such as "math.floor"',
    })
  end)
end)

describe("the options of evio.pool", function()
  it("are checked", function()
    local whole = "expected a whole number from 1 to "
    assert_messages({
      ["evio.pool()"] = "evio.pool: the options are a nil, expected a table",
      ["evio.pool({ thread = 1 })"] =
        'evio.pool: unknown option "thread", expected threads, queue or linger',
      ["evio.pool({ 4 })"] = 'evio.pool: unknown option "1", expected threads, queue or linger',
      ["evio.pool({ threads = 0 })"] = "evio.pool: threads is 0, " .. whole .. "256",
      ["evio.pool({ threads = 1.5 })"] = "evio.pool: threads is 1.5, " .. whole .. "256",
      ["evio.pool({ threads = '4' })"] = "evio.pool: threads is a string, " .. whole .. "256",
      ["evio.pool({ threads = 0 / 0 })"] = "evio.pool: threads is nan, " .. whole .. "256",
      ["evio.pool({ queue = 1e9 })"] = "evio.pool: queue is 1000000000, " .. whole .. "1000000",
      ["evio.pool({ linger = -1 })"] = "evio.pool: linger is -1, expected seconds from 0 to 1000000",
      ["evio.pool({ linger = 0 / 0 })"] = "evio.pool: linger is nan, expected seconds from 0 to 1000000",
    })
  end)

  it("that are wrong change nothing", function()
    assert.equal("false\n", lines([[
      print((pcall(evio.pool, { threads = 4, queue = 0, linger = 1 })))]]))
  end)
end)

describe("what exists in background jobs only", function()
  it("raises on the loop, and says so", function()
    assert_messages({
      ["evio.post(1)"] = "evio.post waits, which the loop must not do: it is there in background jobs, see evio.spawn",
    })
  end)
end)

describe("a job's methods", function()
  it("say what they expect", function()
    local text = lines([[
      local job = evio.spawn(function() end)
      print(pcall(job.done, job))
      print(pcall(job.done, job, "x"))
      print(pcall(job.message, job, 1))
      print(pcall(job.cancel))
      print(pcall(job.done, io.stdout, print))
      print(getmetatable(job), job.nosuch, pcall(function() job.x = 1 end))]])
    assert.matches("function expected, got no value", text, 1, true)
    assert.matches("function expected, got string", text, 1, true)
    assert.matches("function expected, got number", text, 1, true)
    assert.matches("job (call it as job:method()) expected, got no value", text, 1, true)
    assert.matches("job (call it as job:method()) expected, got userdata", text, 1, true)
    assert.matches("evio.job\tnil\tfalse", text, 1, true)
  end)
end)

