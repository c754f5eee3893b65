-- What holds for all examples and for what the README says about running.
local support = require("spec.support")

local function names(directory, pattern)
  local pipe = io.popen("ls " .. directory)
  local list = {}
  for name in pipe:lines() do
    list[#list + 1] = name:match(pattern)
  end
  pipe:close()
  return list
end

describe("every example", function()
  it("has a spec that runs it", function()
    local examples = names("examples", "^(.*)%.lua$")
    assert.is_true(#examples > 0)
    for _, name in ipairs(examples) do
      local spec = support.read_file(("spec/examples/%s_spec.lua"):format(name))
      assert.is_truthy(spec, name .. " has none")
      assert.matches(("examples/%s.lua"):format(name), spec, 1, true)
    end
  end)

  it("compiles", function()
    for _, name in ipairs(names("examples", "^(.*%.lua)$")) do
      local result = support.run({ "--check", "examples/" .. name })
      assert.equal("", result.stderr)
      assert.equal(0, result.status)
    end
  end)

  it("says in its head how it is run", function()
    for _, name in ipairs(names("examples", "^(.*%.lua)$")) do
      local text = support.read_file("examples/" .. name)
      assert.matches(("^%%-%%- [^\n]*\n.*%%-%%-   evio%%-lua examples/%s"):format(name), text)
    end
  end)

  it("refuses arguments that it does not know, with its usage and status 2", function()
    for _, name in ipairs(names("examples", "^(.*%.lua)$")) do
      local result = support.run({ "examples/" .. name, "--no-such-flag" })
      assert.equal(2, result.status)
      assert.matches("usage: evio-lua examples/" .. name, result.stderr, 1, true)
    end
  end)
end)

describe("the README", function()
  local text = support.read_file("README.md")

  it("has an echo server that works as it stands", function()
    local source = text:match("```lua\n(.-)```"):gsub("localhost:5000", "127.0.0.1:0")
    source = source:gsub("evio%.serve%(",
      "function events.serving(server) print(server.addresses[1]) end\n%0")
    local server = support.start(source)
    local client = support.connect(server:address())
    assert.equal("hello", support.exchange(client, "hello"))
    server:stop()
  end)

  it("names two commands, which are there", function()
    for _, command in ipairs({ "scripts/run examples/echo.lua", "scripts/test" }) do
      assert.matches("\n    " .. command, text, 1, true)
      assert.equal(0, os.execute("test -x " .. command:match("%S+")))
    end
  end)

  it("has less than 120 lines", function()
    assert.is_true(select(2, text:gsub("\n", "")) < 120)
  end)
end)

describe("scripts/run", function()
  it("says what it expects", function()
    local result = support.run({}, { command = { "scripts/run" } })
    assert.equal(2, result.status)
    assert.equal("usage: scripts/run SCRIPT [ARGUMENTS]\n", result.stderr)
  end)
end)
