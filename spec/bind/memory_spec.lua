-- The soft limit of the Lua heap: what is garbage is collected, who keeps too much is closed, and at
-- twice the limit the process ends.
local scripts = require("spec.support.scripts")
local support = require("spec.support")

-- "keep N" keeps N MiB, "make N" makes as many of garbage, "drop" lets go of all.
local KEEPER = [[
local kept = {}
local function megabytes(n)
  local list = {}
  for i = 1, n do list[i] = ("x"):rep(2^20 - 64) .. i end
  return list
end
function events.data(_, input)
  local word, n = input:match("^(%a+) ?(%d*)")
  if word == "keep" then kept[#kept + 1] = megabytes(tonumber(n)) end
  if word == "make" then megabytes(tonumber(n)) end
  if word == "drop" then kept = {} end
  return word .. "\n"
end
function events.closed(_, err, code) print("closed", err, code) end
]]

local function serve(more, opts)
  return scripts.serve(KEEPER .. (more or ""), opts or { options = { "--limit", "memory=16M" } })
end

local function say(server, text)
  local client = support.connect(server:address())
  client:send(text)
  local line = client:receive_line()
  return line, client
end

describe("the Lua heap", function()
  it("is collected when it is above its limit", function()
    local server = serve()
    for _ = 1, 20 do
      assert.equal("make", (say(server, "make 20")))
    end
    assert.is_true(support.peak_rss(server.pid) < 150 * 2^20)
  end)

  it("has the connection closed whose callback left too much in it, and nobody else's", function()
    local server = serve()
    local _, other = say(server, "hello")
    local line, client = say(server, "keep 20")
    assert.is_nil(line)
    assert.equal("", client:receive_all())
    local err = server:expect("^closed\t(.*)\tnil$")
    assert.matches("server.lua:%d+: data left 2%d%.%d MiB in the Lua heap, the limit is 16%.0 MiB " ..
      "%(%-%-limit memory, evio%.memory%)$", err)
    server:expect_error("error in data, connection 2 from tcp://127.0.0.1:%d+: ")
    other:send("drop")
    other:receive_line()
  end)

  it("serves again when it is below its limit", function()
    local server = serve()
    say(server, "keep 20")
    say(server, "drop")
    local line, client = say(server, "hello")
    assert.equal("hello", line)
    client:send("hello again")
    assert.equal("hello", client:receive_line())
  end)

  it("ends the process at twice the limit, and says which handler left it", function()
    local server = serve()
    say(server, "keep 40")
    local result = server:wait()
    assert.equal(1, result.status)
    local _, stderr = server:output()
    assert.matches("^evio%-lua: [^\n]*server.lua:%d+: data left 4%d%.%d MiB in the Lua heap, more than twice " ..
      "the limit of 16%.0 MiB", stderr)
  end)

  it("is looked at after timers, too", function()
    local server = serve("evio.after(0.01, function() kept[1] = megabytes(40) end)")
    assert.equal(1, server:wait().status)
    local _, stderr = server:output()
    assert.matches("timer left 4%d%.%d MiB", stderr)
  end)

  it("has a limit of 1 GiB unless evio.memory sets one", function()
    local status, stderr, stdout = scripts.run([[
      print(evio.memory(), evio.memory(2^24), evio.memory(), evio.memory(nil))]])
    assert.equal("", stderr)
    assert.equal(0, status)
    assert.equal(("%d\t%d\t%d\t%d\n"):format(2^30, 2^24, 2^24, 2^24), stdout)
    local server = serve("evio.memory(16 * 2^20)", {})
    assert.is_nil((say(server, "keep 20")))
  end)

  it("has a limit that is a number of bytes", function()
    for text, came in pairs({ ["'x'"] = '"x"', ["1000"] = "1000", ["{}"] = "a table", ["0/0"] = "nan" }) do
      local line = scripts.fail("evio.memory(" .. text .. ")")
      assert.matches("evio.memory: the limit is " .. came .. ", expected a number of bytes from 2^20 to 2^40",
        (line:gsub("%-nan", "nan")), 1, true)
    end
  end)
end)
