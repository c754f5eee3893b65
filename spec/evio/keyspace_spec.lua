-- evio.keyspace and evio.flags.
local support = require("spec.support")

-- What a script prints at its end; it has a keyspace, `show`, and `at`, which runs a function on the loop.
local function run(source)
  local path = support.write_file(support.tmpdir() .. "/script.lua", [[
    local evio = require("evio")
    local keys = evio.keyspace()
    local function show(...) print(...) end
    local function at(seconds, fn) evio.after(seconds, fn) end
  ]] .. source)
  local result = support.run({ path })
  assert.equal("", result.stderr)
  assert.equal(0, result.status)
  return result.stdout
end

describe("a keyspace", function()
  it("keeps values and counts them", function()
    assert.equal("nil\t0\n1\t1\n2\t1\n\t2\ntrue\tfalse\t1\n0\tnil\n", run([[
      show(keys:get("a"), keys.count)
      keys:set("a", "1") show(keys:get("a"), keys.count)
      keys:set("a", "2") show(keys:get("a"), keys.count)
      keys:set("b", "") show(keys:get("b"), keys.count)
      show(keys:remove("a"), keys:remove("a"), keys.count)
      show(keys:clear().count, keys:get("b"))]]))
  end)

  it("forgets what expired when it is asked for", function()
    assert.equal("1\t2\nnil\t1\nnil\t0\n", run([[
      keys:set("a", "1", evio.time() + 100) keys:set("b", "2", evio.time() - 1)
      show(keys:get("a"), keys.count)
      show(keys:get("b"), keys.count)
      show(keys:expire("a", evio.time()) and keys:get("a"), keys.count)]]))
  end)

  it("forgets what expired when nobody asks, too", function()
    assert.equal("10000\n1\tkept\n", run([[
      for i = 1, 9999 do keys:set("k" .. i, "x", evio.time()) end
      keys:set("kept", "kept")
      show(keys.count)
      local function look()
        if keys.count > 1 then return at(0.05, look) end
        show(keys.count, keys:get("kept"))
      end
      look()]]))
  end)

  it("forgets a deadline with its value", function()
    assert.equal("true\tnil\tnil\n2\nfalse\tnil\n4\n", run([[
      keys:set("a", "1", evio.time() + 0.5)
      local there = keys:deadline("a") ~= nil
      keys:set("a", "2")
      show(there, keys:deadline("a"), keys:deadline("b"))
      at(0.7, function()
        show(keys:get("a"))
        show(keys:expire("b", evio.time()), keys:deadline("b"))
        keys:set("c", "3", evio.time() + 0.05) keys:remove("c") keys:set("c", "4")
        at(0.2, function() show(keys:get("c")) end)
      end)]]))
  end)

  it("finds keys that are there", function()
    assert.equal("abc\nnil\n0\n", run([[
      keys:set("abc", "1") keys:set("abd", "1", evio.time() - 1) keys:set("x", "1")
      local list = keys:find("^ab.$")
      show(list[1]) show(list[2])
      show(#keys:find("y"))]]))
  end)

  it("does not copy values to see whether they expired", function()
    assert.equal("true\n", run([[
      local value = ("x"):rep(1000000)
      for i = 1, 100 do keys:set("k" .. i, value .. i, evio.time() + 100) end
      collectgarbage() collectgarbage("stop")
      local before = collectgarbage("count")
      at(0.35, function() show(collectgarbage("count") - before < 10000) end)]]))
  end)

  it("tells a deadline of a view's key, and takes it away", function()
    assert.equal("5000000000\t5000000000\ntrue\tnil\n", run([[
      local view = require("evio.view").new()
      view.data, view.length = "abc", 1
      keys:set("a", "1", 5e9)
      show(keys:deadline("a"), keys:deadline(view))
      show(keys:expire("a", nil), keys:deadline(view))]]))
  end)

  it("keeps no loop going, and the next one removes what is due", function()
    assert.equal("true\t1\n", run([[
      local before = evio.now()
      keys:set("a", "1", evio.time() + 100)
      evio.run()
      show(evio.now() - before < 5, keys.count)]]))
  end)

  it("keeps strings, and says so", function()
    assert.matches("script.lua:6: a value is a nil, expected a string",
      run("show(pcall(function()\nkeys:set('a', nil) end))"), 1, true)
    assert.matches("script.lua:6: a key is a number, expected a string",
      run("show(pcall(function()\nkeys:set(1, 'a') end))"), 1, true)
    for value, came in pairs({ ["'5'"] = "a string", ["0/0"] = "nan", ["false"] = "a boolean" }) do
      for _, call in ipairs({ "keys:set('a', 'b', %s)", "keys:expire('a', %s)" }) do
        assert.matches(("script.lua:6: a deadline is %s, expected seconds since 1970"):format(came),
          run("show(pcall(function()\n" .. call:format(value) .. " end))"), 1, true)
      end
    end
    assert.equal("0\t0\ta\0b\n", run([[
      keys:set("", "a\0b") keys:set("k\0", "")
      show(#keys:get("k\0"), #keys:find("^k$"), keys:get(""))]]))
  end)
end)

describe("evio.flags", function()
  local function flags(...)
    local path = support.write_file(support.tmpdir() .. "/script.lua", [[
      local flags = require("evio").flags({ port = "6380", path = "", ["no-delay"] = 5 })
      print(flags.port, flags.path, flags["no-delay"])]])
    local result = support.run({ path, ... })
    return (result.stdout:gsub("/tmp/%S*/", "")), result.status, (result.stderr:gsub("/%S*/", ""))
  end

  it("are the values of the command line, or the defaults", function()
    assert.equal("6380\t\t5\n", (flags()))
    assert.equal("7\t/a b\t5\n", (flags("--path", "/a b", "--port", "7")))
    assert.equal("7\ta=b\t\n", (flags("--path=a=b", "--port=7", "--no-delay=")))
    assert.equal("2\t--port\t1\n", (flags("--port", "1", "--path", "--port", "--no-delay", "1", "--port", "2")))
  end)

  it("have a table of defaults", function()
    local path = support.write_file(support.tmpdir() .. "/script.lua", 'require("evio").flags()')
    assert.matches("script.lua:1: evio.flags: the defaults are a nil, expected a table",
      support.run({ path }).stderr, 1, true)
  end)

  it("end the program where they are others", function()
    local usage = "usage: evio-lua script.lua [--no-delay 5] [--path PATH] [--port 6380]\n"
    for wrong, words in pairs({
      ["there is no flag --prot"] = { "--prot", "1" }, ["--port has no value"] = { "--path=x", "--port" },
      ['"x" is no flag'] = { "x" }, ['"-port" is no flag'] = { "-port", "1" }, ['"--" is no flag'] = { "--", "1" },
      ['"2" is no flag'] = { "--port", "1", "2" }, ['"--=1" is no flag'] = { "--=1" },
      ["there is no flag --help"] = { "--port", "1", "--help" },
    }) do
      assert.same({ "", 2, "evio-lua: " .. wrong .. "\n" .. usage }, { flags(unpack(words)) })
    end
    assert.same({ usage, 0, "" }, { flags("--help") })
  end)
end)
