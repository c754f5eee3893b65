-- Starting and ending the loop from a script: nesting, one run after the other, many servers.
local posix_stat = require("posix.sys.stat")
local scripts = require("spec.support.scripts")
local support = require("spec.support")

-- Fires from every event that a server and one client bring about.
local EVERYWHERE = [[
  local fn = function() %s end
  for _, name in ipairs({ "serving", "tick", "opened", "data", "eof", "prewrite", "postwrite",
    "closed" }) do
    events[name] = function(a)
      local ok, message = pcall(fn)
      print(name, ok, message)
      if name == "serving" then print(a.addresses[1]) end
      return name == "data" and "x" or nil
    end
  end ]]
local EVENTS = { "serving", "tick", "opened", "data", "prewrite", "postwrite", "eof", "closed" }

local function assert_everywhere(code, words)
  local server = scripts.serve(EVERYWHERE:format(code))
  local seen = {}
  local client = support.connect(server:address())
  client:send("x")
  client:finish()
  client:receive_all()
  server:stop()
  for name, result, message in server:output():gmatch("(%l+)\t(%l+)\t([^\n]*)\n") do
    seen[name] = true
    assert.equal("false", result)
    assert.matches(words, message, 1, true)
  end
  for _, name in ipairs(EVENTS) do
    assert.is_true(seen[name], name)
  end
end

describe("evio.serve", function()
  it("inside of a callback raises and says what to do", function()
    assert_everywhere("evio.serve({}, 'tcp://127.0.0.1:0')",
      "server.lua:1: evio.serve inside of a callback, expected evio.listen there")
  end)

  it("inside of a callback binds nothing", function()
    local path = support.tmpdir() .. "/socket"
    local server = scripts.serve(("function events.tick() print(pcall(evio.serve, {}, 'unix://%s')) end")
      :format(path))
    server:expect("^false\t")
    assert.is_nil(posix_stat.lstat(path))
  end)

  it("returns nothing, and only when its server ended", function()
    local script = support.start([[
      local evio = require("evio")
      local count = 0
      local function tick() count = count + 1 if count == 5 then return nil, "shutdown" end return 0 end
      print(select("#", evio.serve({ tick = tick }, "tcp://127.0.0.1:0")), count)]])
    assert.equal("0\t5", script:line())
    assert.equal(0, script:wait().status)
  end)

  it("again after it ended, on the same address", function()
    local server = support.start([[
      local evio = require("evio")
      local address = "tcp://127.0.0.1:0"
      for _ = 1, 3 do
        evio.serve({
          serving = function(server) address = server.addresses[1] print(address) end,
          data = function(_, input) return input, "shutdown" end,
        }, address)
      end
      print("end")]])
    for number = 1, 3 do
      local where = server:address(number)
      assert.equal(server:address(1), where)
      assert.equal("hello", support.exchange(support.connect(where), "hello"))
    end
    server:expect("^end$")
    assert.equal(0, server:wait().status)
  end)

  it("again after an error in serving, which can be caught", function()
    local server = support.start([[
      local evio = require("evio")
      print(pcall(evio.serve, { serving = function() error("oops", 0) end }, "tcp://127.0.0.1:0"))
      evio.serve({
        serving = function(server) print(server.addresses[1]) end,
        data = function(_, input) return input, "shutdown" end,
      }, "tcp://127.0.0.1:0")]])
    assert.equal("hello", support.exchange(support.connect(server:address()), "hello"))
    assert.equal(0, server:wait().status)
    assert.matches("^false\toops", server:output())
  end)

  it("runs inside of a coroutine, too", function()
    local server = support.start([[
      local evio = require("evio")
      coroutine.wrap(function()
        evio.serve({
          serving = function(server) print(server.addresses[1]) end,
          data = function(_, input) return input, "shutdown" end,
        }, "tcp://127.0.0.1:0")
      end)()
      print("end")]])
    assert.equal("hello", support.exchange(support.connect(server:address()), "hello"))
    server:expect("^end$")
  end)
end)

describe("evio.run", function()
  it("inside of a callback raises", function()
    assert_everywhere("evio.run()", "server.lua:1: evio.run inside of a callback")
  end)

  it("returns at once where nothing is registered, every time", function()
    local _, stderr, stdout = scripts.run("evio.run() evio.run() print('end')")
    assert.equal("", stderr)
    assert.equal("end\n", stdout)
  end)

  it("runs until nothing is registered any more, and again", function()
    local server = support.start([[
      local evio = require("evio")
      for _ = 1, 2 do
        local server = evio.listen({ data = function(_, input) return input, "shutdown" end },
          "tcp://127.0.0.1:0")
        print(server.addresses[1])
        evio.run()
      end
      print("end")]])
    for number = 1, 2 do
      local client = support.connect(server:address(number))
      assert.equal("hello", support.exchange(client, "hello"))
    end
    server:expect("^end$")
    assert.equal(0, server:wait().status)
  end)
end)

describe("evio.listen", function()
  it("and shutdown a thousand times leave nothing behind", function()
    local script = support.start([[
      local evio = require("evio")
      local function status(name)
        return tonumber(io.open("/proc/self/status"):read("*a"):match(name .. ":%s*(%d+)"))
      end
      local ffi = require("ffi")
      ffi.cdef("int fcntl(int, int, ...);")
      local function descriptors()
        local count = 0
        for fd = 0, 255 do
          count = count + (ffi.C.fcntl(fd, 1) >= 0 and 1 or 0) -- F_GETFD
        end
        return count
      end
      local events = { serving = function() evio.shutdown() end, tick = function() return 0 end,
        data = evio.stream(function() end) }
      local function cycle(count)
        for i = 1, count do
          assert(evio.listen(events, "tcp://127.0.0.1:0", "127.0.0.1:0"))
          if i % 2 == 0 then evio.shutdown() end
          evio.run()
        end
        collectgarbage()
        collectgarbage()
      end
      cycle(200)
      local count, memory, lua = descriptors(), status("VmRSS"), collectgarbage("count")
      cycle(1000)
      print(descriptors() - count, status("VmRSS") - memory, collectgarbage("count") - lua)]])
    local line = script:line(30)
    local descriptors, memory, lua = line:match("^(%S+)\t(%S+)\t(%S+)$")
    assert.equal("0", descriptors)
    assert.is_true(tonumber(lua) < 64, line)
    assert.is_true(support.sanitized or tonumber(memory) < 512, line)
  end)

  it("may fail a thousand times and leaves nothing behind", function()
    local taken = scripts.serve(""):address()
    local _, stderr, stdout = scripts.run(([[
      local count = collectgarbage("count")
      for i = 1, 1000 do
        assert(not evio.listen({ data = print }, "tcp://127.0.0.1:0", "%s"))
        assert(not pcall(evio.listen, { dta = print }, "tcp://127.0.0.1:0"))
      end
      collectgarbage()
      collectgarbage()
      print(collectgarbage("count") - count < 32, #io.popen("ls /proc/$PPID/fd"):read("*a") < 100)]])
      :format(taken))
    assert.equal("", stderr)
    assert.equal("true\ttrue\n", stdout)
  end)

  it("is possible in a callback", function()
    local client, server = scripts.serve_one([[
      function events.data()
        local other = evio.listen({ data = function(_, input) return input:upper() end },
          "tcp://127.0.0.1:0")
        return other.addresses[1] .. "\n"
      end]])
    client:send("x")
    local where = client:receive_line()
    local other = support.connect(where)
    other:send("hello")
    assert.equal("HELLO", other:receive(5))
    server:stop()
  end)
end)

describe("a server's close", function()
  it("can be called in every way, again and again", function()
    local _, stderr, stdout = scripts.run([[
      local server = evio.listen({}, "tcp://127.0.0.1:0")
      local close = server.close
      print(server:close(), server.close(), close())
      evio.run()
      print(server:close(), close({}))]])
    assert.equal("", stderr)
    assert.equal("true\ttrue\ttrue\nfalse\tfalse\n", stdout)
  end)
end)
