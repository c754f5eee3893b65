-- The module as a whole: what it says about itself, and evio.so in a plain LuaJIT.
local posix_signal = require("posix.signal")
local posix_unistd = require("posix.unistd")
local support = require("spec.support")

local LUAJIT = { "luajit" }
-- The lines of /proc/self/status about signals.
local SIGNALS = [[
local function signals()
  local text = io.open("/proc/self/status"):read("*a")
  return text:match("SigIgn:%s*(%x+)") .. " " .. text:match("SigCgt:%s*(%x+)")
end
]]
local SERVE = [[
local evio = require("evio")
evio.serve({
  serving = function(server) print(server.addresses[1]) end,
  data = function(_, input) return input, input == "end" and "shutdown" or nil end,
}, "tcp://127.0.0.1:0")
print("after")
]]

local function assert_output(pattern, code, opts)
  local result = support.run({ "-e", code }, opts)
  assert.equal("", result.stderr)
  assert.equal(0, result.status)
  assert.matches(pattern, result.stdout)
end

-- opts for a plain LuaJIT in some other directory that is told where evio.so is.
local function elsewhere()
  return {
    command = LUAJIT,
    directory = support.tmpdir(),
    env = { LUA_CPATH = posix_unistd.getcwd() .. "/?.so" },
  }
end

describe("the module", function()
  it("has the version that the command prints", function()
    local version = support.run({ "--version" }).stdout:match("^evio%-lua (%S+)")
    assert_output("^" .. version:gsub("%p", "%%%0") .. "\n$", "print(require('evio').version)")
  end)

  it("has the backend that EVIO_BACKEND names", function()
    local name = os.getenv("EVIO_BACKEND")
    if name and name ~= "" then
      assert_output("^" .. name .. "\n$", "print(require('evio').backend)")
    end
    assert_output("^poll\n$", "print(require('evio').backend)", { env = { EVIO_BACKEND = "poll" } })
  end)

  it("has a monotonic clock in seconds", function()
    local before = support.clock()
    local now = tonumber(support.run({ "-e", "print(('%.9f'):format(require('evio').now()))" }).stdout)
    assert.is_true(before < now and now < support.clock())
  end)

  it("has a clock that moves while nothing runs the loop", function()
    assert_output("^true\n$", [[
      local evio = require("evio")
      local before = evio.now()
      while evio.now() < before + 0.01 do end
      print(evio.now() - before < 5)]])
  end)

  it("loads its parts on first use", function()
    assert_output("^nil\tnil\ttrue\ttrue\n$", [[
      local evio = require("evio")
      print(package.loaded["evio.framing"], rawget(evio, "framing"), evio.framing == require("evio.framing"),
        rawget(evio, "framing") == evio.framing)]])
  end)

  it("is the same table wherever it is required, and lets no name be mistaken", function()
    assert_output("^true\tfalse\n$",
      "print(require('evio') == require('evio'), (pcall(function() return require('evio').sevre end)))")
  end)
end)

describe("evio.so", function()
  it("serves examples/echo.lua from the repository root", function()
    local server = support.spawn({ "examples/echo.lua", "--port", "0" }, { command = LUAJIT })
    local port = server:expect("started on .*:(%d+)$")
    local client = support.connect("tcp://127.0.0.1:" .. port)
    assert.equal("hello", support.exchange(client, "hello"))
    server:stop()
  end)

  it("is found through LUA_CPATH, and takes its Lua part along", function()
    local server = support.start(SERVE, elsewhere())
    assert.equal("hello", support.exchange(support.connect(server:address()), "hello"))
    server:stop()
  end)

  it("is the same module", function()
    local ours = support.run({ "-e", "print(require('evio').version, require('evio').backend)" })
    local theirs = support.run({ "-e", "print(require('evio').version, require('evio').backend)" },
      elsewhere())
    assert.equal(ours.stdout, theirs.stdout)
  end)

  it("reads streams", function()
    local server = support.start([[
      local evio = require("evio")
      evio.serve({
        serving = function(server) print(server.addresses[1]) end,
        data = evio.stream(function(_, s)
          local line = s:line()
          return line and line:upper() .. "\n"
        end),
      }, "tcp://127.0.0.1:0")]], elsewhere())
    local client = support.connect(server:address())
    client:send("one\ntw")
    assert.equal("ONE", client:receive_line())
    client:send("o\n")
    assert.equal("TWO", client:receive_line())
  end)

  it("reports misuse and errors like the command", function()
    local opts = elsewhere()
    opts.files = { ["a.lua"] = "" }
    local result = support.run({ "-e", "require('evio').listen({ dta = 1 }, 'tcp://:0')" }, opts)
    assert.equal(1, result.status)
    assert.matches('(command line):1: unknown event "dta"', result.stderr, 1, true)
  end)

  for _, name in ipairs({ "INT", "TERM" }) do
    it("ends its loop in order at SIG" .. name, function()
      local server = support.start(SERVE, elsewhere())
      local client = support.connect(server:address())
      support.exchange(client, "hello")
      server:signal(name)
      assert.equal("", client:receive_all())
      server:expect("^after$")
      assert.equal(0, server:wait().status)
    end)
  end

  it("ends its loop in order at SIGINT in the middle of work", function()
    for _ = 1, 5 do
      local server = support.start(SERVE:gsub("data = function%(_, input%)",
        "%0 local x = 0 for i = 1, 1e6 do x = x + i end", 1), elsewhere())
      local client = support.connect(server:address())
      client:send("go")
      support.pass(0.002)
      server:signal("INT")
      client:receive_all()
      server:expect("^after$")
      assert.equal(0, server:wait().status)
    end
  end)

  it("puts the signal handlers back after evio.serve", function()
    local server = support.start(SIGNALS .. "local before = signals() " .. SERVE
      .. "print(before == signals() and 'same' or before .. ' became ' .. signals())", elsewhere())
    support.exchange(support.connect(server:address()), "end")
    server:expect("^after$")
    assert.equal("same", server:line())
  end)

  it("leaves SIGINT to LuaJIT after evio.serve, and SIGTERM to the system", function()
    for _, name in ipairs({ "INT", "TERM" }) do
      -- LuaJIT's own handler is a hook, which compiled loops do not see.
      local server = support.start(SERVE .. "jit.off() while true do end", elsewhere())
      support.exchange(support.connect(server:address()), "end")
      server:expect("^after$")
      server:signal(name)
      local result = server:wait()
      if name == "INT" then
        assert.equal(1, result.status)
        server:expect_error("interrupted!")
      else
        assert.equal(posix_signal.SIGTERM, result.signal)
      end
    end
  end)

  it("takes its signals again in the next evio.serve", function()
    local server = support.start(SERVE .. SERVE, elsewhere())
    support.exchange(support.connect(server:address()), "end")
    server:expect("^after$")
    support.connect(server:address(2))
    server:signal("INT")
    server:expect("^after$")
    assert.equal(0, server:wait().status)
  end)

  it("exports its one entry point and nothing else", function()
    local pipe = io.popen("nm -D --defined-only evio.so")
    local text = pipe:read("*a")
    pipe:close()
    assert.equal("luaopen_evio\n", (text:gsub("%x+ %a ", "")))
  end)
end)
