-- --limit: what limits begin with where a script sets nothing.
local scripts = require("spec.support.scripts")
local support = require("spec.support")

local function refused(value, ...)
  local result = support.run({ "--limit", value, "-e", "" })
  assert.equal(2, result.status)
  for _, words in ipairs({ ... }) do
    assert.matches(words, result.stderr, 1, true)
  end
end

describe("--limit", function()
  it("is the default of every server, and a script's own setting goes before it", function()
    local source = [[
      function events.closed(_, err) print("closed", err) end
      function events.failed(_, err) print("failed", err) end]]
    for _, case in ipairs({
      { "", "0.2" },
      { "events.options = { idle = 0.1 }", "0.1" },
      { "events.options = { high = 1000 }", "0.2" },
    }) do
      local server = scripts.serve(case[1] .. source, { options = { "--limit", "idle=0.2" } })
      support.connect(server:address())
      server:expect("^closed\tidle time%-out: nothing came or went for " .. case[2] .. " s$")
    end
  end)

  it("turns a time off, and takes units of bytes", function()
    local server = scripts.serve([[
      function events.data(_, input) return ("x"):rep(20e6) end
      function events.closed(_, err) print(err) end]],
      { options = { "--limit", "handshake=false", "--limit", "queue=64K" } })
    local client = support.connect(server:address())
    client:send("x")
    server:expect("^output queue full: %d+ pending bytes, options.queue allows 65536$")
  end)

  it("is the number of background jobs that may wait", function()
    local status, stderr, stdout = scripts.run([[
      evio.pool{ threads = 1 }
      local path = arg[0] .. ".over"
      local function wait(over)
        repeat
          require("evio").sleep(0.001)
          local file = io.open(over)
        until file
      end
      evio.spawn(wait, path)
      for i = 1, 5 do
        local job, err, code = evio.spawn(wait, path)
        if not job then print(i, err, code) end
      end
      io.open(path, "w"):close()]], { options = { "--limit", "jobs=3" } })
    assert.equal("", stderr)
    assert.equal(0, status)
    assert.matches("the job queue is full: 3 jobs wait", stdout)
  end)

  it("does not move other marks in each other's way", function()
    for _, value in ipairs({ "queue=1000", "low=8M", "high=100M", "high=1" }) do
      local status, stderr = scripts.run([[
        evio.after(0, evio.shutdown)
        evio.listen(events, "tcp://127.0.0.1:0")]], { options = { "--limit", value } })
      assert.equal("", stderr)
      assert.equal(0, status)
    end
  end)

  it("that is wrong is refused before anything runs", function()
    local names = "expected name=value, the name one of high, low, queue, input, connections, per_address, duplex, " ..
      "linger, idle, read, write, handshake, memory or jobs"
    refused("idle", 'bad limit "idle", ' .. names)
    refused("idel=5", 'bad limit "idel=5", ' .. names)
    refused("", 'bad limit "", ' .. names)
    refused("=5", 'bad limit "=5", ' .. names)
    refused("idle=x", 'the limit idle is "x", expected a number of seconds from 0.001 to 10^6, or false')
    refused("idle=5s", 'the limit idle is "5s"')
    refused("idle=0", 'the limit idle is "0"')
    refused("idle=true", 'the limit idle is "true"')
    refused("queue=1T", 'the limit queue is "1T", expected a number of bytes from 1 to 2^30, ' ..
      "or with K, M or G behind it")
    refused("queue=2G", 'the limit queue is "2G"')
    refused("queue=1KB", 'the limit queue is "1KB"')
    refused("connections=1.5", 'the limit connections is "1.5", expected a whole number from 1 to 10^6')
    refused("connections=1K", 'the limit connections is "1K"')
    refused("connections=", 'the limit connections is ""')
    refused("memory=1000", 'the limit memory is "1000", expected a number of bytes from 2^20 to 2^40')
    refused("duplex=1", 'the limit duplex is "1", expected true or false')
  end)
end)
