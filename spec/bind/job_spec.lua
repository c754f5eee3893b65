-- Background jobs as the loop sees them: results, errors, messages, cancelling, the pool.
local scripts = require("spec.support.scripts")
local support = require("spec.support")

-- Runs a script to its end: its lines on stdout. Nothing may be on stderr.
local function lines(source)
  local status, stderr, stdout = scripts.run(source)
  assert.equal("", stderr)
  assert.equal(0, status)
  return stdout
end

-- A thread that is busy until the file `go` exists, so that what follows waits. Both are globals.
local HOLD = ([[
  local directory = "%s"
  function hold()
    return evio.spawn(function(path)
      evio.post("held")
      while not io.open(path) do evio.sleep(0.002) end
    end, directory .. "/go")
  end
  function release() assert(io.open(directory .. "/go", "w")):close() end
]])

-- How many threads jobs have. The first one may bring others: a sanitizer's.
local THREADS = [[
  local others = 0
  local function threads()
    return io.open("/proc/self/status"):read("*a"):match("Threads:%s*(%d+)") - others
  end
  evio.spawn(function() end)
  evio.run()
  others = threads() - 1
]]

local function held()
  return HOLD:format(support.tmpdir())
end

describe("a background job #threads", function()
  it("delivers its results, nils among them", function()
    assert.equal("true\t5\t12\tnil\tx\tnil\tnil\n", lines([[
      evio.spawn(function(a, b) return a + b, nil, "x", nil, nil end, 5, 7)
        :done(function(...) print((...), select("#", select(2, ...)), select(2, ...)) end)]]))
  end)

  it("gets its arguments, nils among them", function()
    assert.equal("4\tnil\t1\tnil\tnil\n", lines([[
      evio.spawn(function(...) return select("#", ...), ... end, nil, 1, nil, nil)
        :done(function(_, ...) print(...) end)]]))
  end)

  it("runs beside the loop", function()
    local client, server = scripts.serve_one(held() .. [[
      function events.data(_, input)
        if input == "start" then hold():done(function() print("done") end) end
        if input == "end" then release() end
        return input
      end]])
    for _, word in ipairs({ "start", "echo", "end" }) do
      client:send(word)
      assert.equal(word, client:receive(#word))
    end
    assert.equal("done", server:line())
  end)

  it("keeps evio.run going until it is delivered, and no longer", function()
    assert.equal("1\tdone\n2\tdone\nend\n", lines([[
      for i = 1, 2 do
        evio.spawn(function() evio.sleep(0.02) return "done" end)
          :done(function(_, word) print(i, word) end)
        evio.run()
      end
      print("end")]]))
  end)

  it("tells of its error with a traceback", function()
    local text = lines([[
      evio.pool({ threads = 1 }) local function job() error("on purpose") end
      evio.spawn(job):done(print)
      evio.spawn(function() error({}) end):done(print)
      evio.spawn(function() error() end):done(print)]])
    assert.matches("^false\t[^\n]*server.lua:1: on purpose\nstack traceback:\n.*server.lua:1:", text)
    assert.matches("\nfalse\t%(error object is a table%)\nstack traceback:", text)
    assert.matches("\nfalse\t%(error object is a nil%)\nstack traceback:", text)
  end)

  it("whose end nobody asked for has its error printed", function()
    local status, stderr, stdout = scripts.run(([[
      local path = "%s/over"
      evio.pool({ threads = 1 })
      for _ = 1, 3 do evio.spawn(function() error("on purpose") end) end
      evio.spawn(function(path) io.open(path, "w"):close() end, path)
      while not io.open(path) do end -- now all of them are told of at once]]):format(support.tmpdir()))
    assert.equal(0, status)
    assert.equal("", stdout)
    assert.matches("^evio: error in a background job: server.lua:3: on purpose\nstack traceback:",
      stderr)
    assert.matches("evio: 2 more like it: server.lua:3: on purpose\n", stderr)
  end)

  it("that ended before done still delivers, once", function()
    assert.equal("true\t7\nfalse\tserver.lua:1: job:done was called before, expected one function "
      .. "for a job\n", (lines([[
      local job = evio.spawn(function() return 7 end)
      evio.run()
      job:done(print)
      evio.run()
      print(pcall(function() job:done(print) end))]]):gsub("\t/%S*/server.lua:%d", "\tserver.lua:1")))
  end)

  it("does not call back while done is being set", function()
    assert.equal("first\nsecond\n", lines([[
      local job = evio.spawn(function() end)
      evio.run()
      job:done(function() print("second") end)
      print("first")]]))
  end)

  it("is forgotten with its results when nobody asks", function()
    assert.equal("true\n", lines([[
      local seen = setmetatable({}, { __mode = "k" })
      for _ = 1, 100 do seen[evio.spawn(function() return ("x"):rep(1000) end)] = true end
      evio.run()
      collectgarbage()
      collectgarbage()
      print(next(seen) == nil)]]))
  end)

  it("leaves nothing behind, however many there are", function()
    local lua, memory = lines([[
      local function status()
        return tonumber(io.open("/proc/self/status"):read("*a"):match("VmRSS:%s*(%d+)"))
      end
      evio.pool({ threads = 2, queue = 5000 })
      local function cycle(count)
        for i = 1, count do
          local job = evio.spawn(function(t) evio.post(t) return t, ("x"):rep(100) end, { i })
          if i % 2 == 0 then job:done(function() end) end
          if i % 3 == 0 then job:message(function() end) end
          if i % 10 == 0 then evio.run() end
        end
        evio.run()
        collectgarbage()
        collectgarbage()
      end
      cycle(1000)
      local lua, memory = collectgarbage("count"), status()
      cycle(4000)
      print(collectgarbage("count") - lua, status() - memory)]]):match("^(%S+)\t(%S+)\n$")
    assert.is_true(tonumber(lua) < 64, lua)
    assert.is_true(support.sanitized or tonumber(memory) < 2048, memory)
  end)

  it("posts in order, and its end comes last", function()
    assert.equal("3000\t3000\ntrue\n", lines([[
      local last, count = 0, 0
      local job = evio.spawn(function() for i = 1, 3000 do assert(evio.post({ i })) end end)
      job:message(function(value)
        assert(value[1] == last + 1)
        last, count = value[1], count + 1
      end):done(function(ok) print(last, count) print(ok) end)]]))
  end)

  it("waits with its posts for a loop that is busy", function()
    assert.equal("true\ttrue\n3000\n", lines(([[
      local path, delivered = "%s/posted", 0
      local job = evio.spawn(function(path)
        local file = io.open(path, "w")
        file:setvbuf("no")
        for i = 1, 3000 do
          evio.post(i)
          file:write(i, "\n")
        end
      end, path)
      local function posted()
        return tonumber(io.open(path):read("*a"):match("(%%d+)\n[^\n]*$")) or 0
      end
      job:message(function()
        delivered = delivered + 1
        if delivered > 1 then return end
        local finish = evio.now() + 9
        while posted() < 1024 and evio.now() < finish do end
        finish = evio.now() + 0.1
        while evio.now() < finish do end
        print(posted() >= 1024, posted() - delivered <= 1024)
      end)
      evio.run()
      print(delivered)]]):format(support.tmpdir())))
  end)

  it("may end everything by its callback's action", function()
    assert.equal("message\nend\n", lines([[
      evio.every(100, print)
      evio.spawn(function() evio.post("message") end)
        :message(function(value) print(value) return "shutdown" end)
      evio.run()
      print("end")]]))
  end)

  it("in whose callbacks an error happens prints one traceback, and the loop goes on", function()
    local status, stderr, stdout = scripts.run([[
      evio.spawn(function() evio.post(1) end)
        :message(function() error("first") end)
        :done(function() error("second") end)
      evio.spawn(function() end):done(function() return "close" end)
      evio.after(0.1, function() print("later") end)]])
    assert.equal(0, status)
    assert.equal("later\n", stdout)
    assert.matches("evio: error in a job's callback: server.lua:2: first\nstack traceback:", stderr)
    assert.matches("evio: error in a job's callback: server.lua:3: second\nstack", stderr)
    assert.matches("server.lua:4: a job's callback returned \"close\" as the action, "
      .. "expected nil, \"none\" or \"shutdown\"", stderr, 1, true)
  end)
end)

describe("job:cancel #threads", function()
  it("takes a job back that waits, and none that runs", function()
    assert.equal("false\ntrue\tfalse\nfalse\tcancelled\tECANCELED\ntrue\n", lines(held() .. [[
      evio.pool({ threads = 1 })
      local first = hold():done(print)
      local second = evio.spawn(function() error("it ran") end)
      local third = evio.spawn(function() error("it ran") end)
      second:done(function(...) print(...) release() end)
      first:message(function()
        print(first:cancel())
        third:cancel() -- nobody asked how it went
        print(second:cancel(), second:cancel())
      end)]]))
  end)

  it("returns false for one that ended", function()
    assert.equal("false\n", lines([[
      local job = evio.spawn(function() end)
      evio.run()
      print(job:cancel())]]))
  end)
end)

describe("evio.pool #threads", function()
  it("bounds the queue: one too many is refused, and said so", function()
    assert.equal("nil\tthe job queue is full: 3 jobs wait\tEAGAIN\n5\n", lines(held() .. [[
      evio.pool({ threads = 2, queue = 3 })
      local count = 0
      for _ = 1, 2 do hold():done(function() count = count + 1 end) end
      for _ = 1, 3 do assert(evio.spawn(function() end)):done(function() count = count + 1 end) end
      print(evio.spawn(function() end))
      release()
      evio.run()
      print(count)]]))
  end)

  it("starts threads when a job finds none idle, and no more than are allowed", function()
    assert.equal("1\t2\t4\t4\n", lines(held() .. THREADS .. [[
      evio.pool({ threads = 4 })
      local counts = { threads() }
      for _, more in ipairs({ 2, 2, 2 }) do
        for _ = 1, more do hold() end
        counts[#counts + 1] = threads()
      end
      release()
      print(unpack(counts))]]))
  end)

  it("may grow and shrink while jobs wait and run", function()
    assert.equal("200\ttrue\n", lines(THREADS .. [[
      local count = 0
      for i = 1, 200 do
        evio.pool({ threads = i * 7 % 9 + 1 })
        evio.spawn(function() evio.sleep(0.001) end):done(function() count = count + 1 end)
      end
      evio.run()
      evio.pool({ threads = 1 })
      local finish = evio.now() + 9
      while threads() > 1 and evio.now() < finish do end
      print(count, threads() == 1)]]))
  end)

  it("that shrinks leaves its modules' threads in peace", function()
    assert.equal("true\ttrue\n", lines([[
      evio.pool({ threads = 3 })
      for _ = 1, 3 do evio.spawn(function() evio.sleep(0.01) end) end
      evio.run()
      evio.pool({ threads = 1 })
      evio.spawn(function() return true end):done(print)]]))
  end)
end)
