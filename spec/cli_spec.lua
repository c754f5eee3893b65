-- The command: options, arguments, where scripts and modules come from, exit statuses.
local posix_stat = require("posix.sys.stat")
local support = require("spec.support")

local USAGE = "usage: evio-lua [options] script.lua [arguments]"
local ARGUMENTS = [[
local lowest = 0
while arg[lowest - 1] do lowest = lowest - 1 end
print(lowest, #arg)
for i = lowest + 1, #arg do print(i, arg[i]) end
print(select("#", ...), ...)
]]
local SHOW_BACKEND = 'print(require("evio").backend)'
local LISTENING = [[
local evio = require("evio")
local server = evio.listen({ data = function(_, input) return input end }, "tcp://127.0.0.1:0")
print(server.addresses[1])
]]

local function assert_usage_error(args, ...)
  local result = support.run(args)
  assert.equal(2, result.status)
  assert.equal("", result.stdout)
  for _, words in ipairs({ ... }) do
    assert.matches(words, result.stderr, 1, true)
  end
end

-- The names of the backends that were compiled in, best one first, and all of them as text.
local function backends()
  local text = support.run({ "--version" }).stdout:match("; ([%w, ]+)%)")
  local names = {}
  for name in text:gmatch("%w+") do
    names[#names + 1] = name
  end
  return names, text
end

-- A directory with files: its path.
local function directory(files)
  local path = support.tmpdir()
  for name, text in pairs(files) do
    local parent = name:match("^(.*)/")
    if parent then
      assert(posix_stat.mkdir(path .. "/" .. parent))
    end
    support.write_file(path .. "/" .. name, text)
  end
  return path
end

local function assert_output(expected, args, opts)
  local result = support.run(args, opts)
  assert.equal("", result.stderr)
  assert.equal(0, result.status)
  assert.equal(expected, result.stdout)
end

describe("the command", function()
  it("runs a script", function()
    local path = directory({ ["a.lua"] = 'print("here")' })
    assert_output("here\n", { path .. "/a.lua" })
  end)

  it("passes arguments as ... and in arg, as lua does", function()
    local path = directory({ ["a.lua"] = ARGUMENTS }) .. "/a.lua"
    for _, args in ipairs({ {}, { "x", "", "-y", "--backend" }, { "-", "--", "-e" } }) do
      local line = { path, unpack(args) }
      assert_output(support.run(line, { command = { "luajit" } }).stdout, line)
    end
  end)

  it("passes what stands in front of the script in arg below 0, as lua does", function()
    local path = directory({ ["a.lua"] = ARGUMENTS }) .. "/a.lua"
    local line = { "-e", "x = 1", path, "y" }
    assert_output(support.run(line, { command = { "luajit" } }).stdout, line)
  end)

  it("keeps a script's first line that starts with #", function()
    local path = directory({ ["a.lua"] = "#!/usr/bin/env evio-lua\nerror('line two')\n" })
    local result = support.run({ path .. "/a.lua" })
    assert.matches("a.lua:2: line two", result.stderr, 1, true)
  end)

  it("ends at once when a script registers nothing", function()
    assert_output("done\n", { "-e", 'require("evio"); print("done")' })
  end)

  it("serves what a script registered before it ended", function()
    local server = support.start(LISTENING)
    assert.equal("hello", support.exchange(support.connect(server:address()), "hello"))
    server:stop()
  end)
end)

describe("the command's option", function()
  it("-e runs code", function()
    assert_output("3\n", { "-e", "print(1 + 2)" })
  end)

  it("-e runs in front of the script", function()
    local path = directory({ ["a.lua"] = "print(x)" })
    assert_output("5\n", { "-e", "x = 5", path .. "/a.lua" })
  end)

  it("-e runs in order when it is given twice, as in lua", function()
    assert_output("1 2\n", { "-e", "x = 1", "-e", "print(x .. ' 2')" })
  end)

  it("-e serves what the code registered", function()
    local server = support.spawn({ "-e", 'io.stdout:setvbuf("line") ' .. LISTENING })
    assert.equal("hello", support.exchange(support.connect(server:address()), "hello"))
    server:stop()
  end)

  it("- takes the script from standard input, with arguments", function()
    assert_output("2\ta\tb\n", { "-", "a", "b" }, { stdin = 'print(select("#", ...), ...)' })
  end)

  it("-- ends the options", function()
    local path = directory({ ["-e"] = "print('file', ...)" })
    assert_output("file\tx\n", { "--", "-e", "x" }, { directory = path })
  end)

  it("--version prints the versions of itself and of LuaJIT", function()
    local result = support.run({ "--version" })
    assert.equal(0, result.status)
    assert.matches("^evio%-lua %d+%.%d+%.%d+ %(LuaJIT 2%.1%.[^\n]*poll%)\n$", result.stdout)
  end)

  it("--help prints every option", function()
    local result = support.run({ "--help" })
    assert.equal(0, result.status)
    for _, words in ipairs({ USAGE, "-e CODE", "--check", "--backend NAME", "--version" }) do
      assert.matches(words, result.stdout, 1, true)
    end
  end)

  it("--check runs nothing", function()
    local path = directory({ ["good.lua"] = "print('ran')" })
    assert_output("", { "--check", path .. "/good.lua" })
    assert_output("", { "--check", "-e", "print('ran')" })
    assert_output("", { "--check", "-" }, { stdin = "print('ran')" })
  end)

  it("--check finds syntax errors, with name and line", function()
    local path = directory({ ["bad.lua"] = "local x = 1\nlocal = 2\n" })
    local result = support.run({ "--check", path .. "/bad.lua" })
    assert.equal(1, result.status)
    assert.matches("bad.lua:2: ", result.stderr, 1, true)
  end)

  it("--backend chooses the backend, in front of EVIO_BACKEND", function()
    local names = backends()
    assert.is_true(#names > 1)
    for i, name in ipairs(names) do
      local other = names[i % #names + 1]
      local opts = { env = { EVIO_BACKEND = other } }
      assert_output(name .. "\n", { "--backend", name, "-e", SHOW_BACKEND }, opts)
      assert_output(name .. "\n", { "--backend=" .. name, "-e", SHOW_BACKEND }, opts)
      assert_output(other .. "\n", { "-e", SHOW_BACKEND }, opts)
    end
  end)

  it("--backend is not needed: the best one is taken", function()
    local best = backends()[1] .. "\n"
    assert_output(best, { "-e", SHOW_BACKEND }, { env = { EVIO_BACKEND = false } })
    assert_output(best, { "-e", SHOW_BACKEND }, { env = { EVIO_BACKEND = "" } })
  end)

  it("--backend refuses a name that it does not know", function()
    local _, all = backends()
    assert_usage_error({ "--backend", "select", "-e", "" },
      [[unknown backend "select", expected one of: ]] .. all)
    assert_usage_error({ "--backend", "", "-e", "" }, [[unknown backend ""]])
  end)

  it("is refused when it is unknown", function()
    assert_usage_error({ "--bogus", "x.lua" }, [[unknown option "--bogus"]], USAGE)
    assert_usage_error({ "-x" }, [[unknown option "-x"]], USAGE)
  end)

  it("is refused without its value, or with one that it does not take", function()
    assert_usage_error({ "-e" }, [[a value is missing after "-e"]], USAGE)
    assert_usage_error({ "--backend" }, [[a value is missing after "--backend"]], USAGE)
    assert_usage_error({ "--check=yes" }, [[no value is expected in "--check=yes"]], USAGE)
  end)
end)

describe("the command's exit status", function()
  it("is 2 with a usage text when there is nothing to run", function()
    assert_usage_error({}, "a script is missing", USAGE)
    assert_usage_error({ "--check" }, "a script is missing", USAGE)
    assert_usage_error({ "--" }, "a script is missing", USAGE)
  end)

  it("is 1 for a script that raises, with one traceback", function()
    local path = directory({ ["a.lua"] = "\nlocal function f() error('oops') end\nf()\nx = 1" })
    local result = support.run({ path .. "/a.lua" })
    assert.equal(1, result.status)
    assert.matches("^evio%-lua: %S+a%.lua:2: oops\nstack traceback:\n.*a%.lua:3: in main chunk",
      result.stderr)
    assert.equal(1, select(2, result.stderr:gsub("stack traceback", "")))
  end)

  it("is 1 for an error that is not a string", function()
    for code, words in pairs({
      ["error({})"] = "(error object is a table)",
      ["error()"] = "(error object is a nil)",
      ["error(setmetatable({}, { __tostring = function() return 'mine' end }))"] = "mine",
    }) do
      local result = support.run({ "-e", code })
      assert.equal(1, result.status)
      assert.matches("evio-lua: " .. words, result.stderr, 1, true)
    end
  end)

  it("is 1 for a script that is not there, or not a file", function()
    local path = directory({})
    local result = support.run({ path .. "/gone.lua" })
    assert.equal(1, result.status)
    assert.matches("gone.lua: No such file or directory", result.stderr, 1, true)
    result = support.run({ path })
    assert.equal(1, result.status)
    assert.matches(path .. ": Is a directory", result.stderr, 1, true)
  end)

  it("is 1 for a syntax error, with name and line and no traceback", function()
    local path = directory({ ["bad.lua"] = "\n\nx = = 1" })
    local runs = {
      ["bad.lua:3: unexpected symbol near '='"] = { path .. "/bad.lua" },
      ["stdin:2: unexpected symbol near '='"] = { "-" },
      ["(command line):1: unexpected symbol near '='"] = { "-e", "x = = 1" },
    }
    for words, args in pairs(runs) do
      local result = support.run(args, { stdin = "\nx = = 1" })
      assert.equal(1, result.status)
      assert.matches(words, result.stderr, 1, true)
      assert.is_nil(result.stderr:find("traceback", 1, true))
    end
  end)

  it("is 1 for an unknown EVIO_BACKEND, which is named", function()
    local _, all = backends()
    local result = support.run({ "-e", 'require("evio")' }, { env = { EVIO_BACKEND = "select" } })
    assert.equal(1, result.status)
    assert.matches([[unknown backend "select" in EVIO_BACKEND, expected one of: ]] .. all,
      result.stderr, 1, true)
  end)

  it("is what os.exit says", function()
    assert.equal(7, support.run({ "-e", "os.exit(7)" }).status)
  end)
end)

describe("the command's modules", function()
  it("are found beside the script, from wherever it is run", function()
    local path = directory({
      ["a.lua"] = 'print(require("part"), require("whole"))',
      ["part.lua"] = 'return "part"',
      ["whole/init.lua"] = 'return "whole"',
    })
    assert_output("part\twhole\n", { path .. "/a.lua" })
    assert_output("part\twhole\n", { "a.lua" }, { directory = path })
    assert_output("part\twhole\n", { "../a.lua" }, { directory = path .. "/whole" })
  end)

  it("beside the script go in front of those of the directory it is run from", function()
    local path = directory({ ["a.lua"] = 'print(require("part"))', ["part.lua"] = 'return "mine"' })
    local elsewhere = directory({ ["part.lua"] = 'return "theirs"' })
    assert_output("mine\n", { path .. "/a.lua" }, { directory = elsewhere })
  end)

  it("of evio come from the tree that EVIO_LUA_PATH names", function()
    local path = directory({})
    os.execute(("cp -r lua/evio '%s' && echo 'return \"changed\"' > '%s/evio/added.lua'")
      :format(path, path))
    assert_output("changed\tfunction\n",
      { "-e", 'print(require("evio.added"), type(require("evio").serve))' },
      { env = { EVIO_LUA_PATH = path } })
  end)

  it("of evio are built in otherwise", function()
    assert_output("table\n", { "-e", 'package.path = ""; print(type(require("evio")))' },
      { env = { EVIO_LUA_PATH = "" }, directory = directory({}) })
  end)
end)
