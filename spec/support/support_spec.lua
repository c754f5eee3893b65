local posix_signal = require("posix.signal")
local standins = require("spec.support.standins")
local support = require("spec.support")

describe("support: bytes", function()
  local SIZE = 16 * 1024 * 1024

  it("cross both ways at once, quickly", function()
    local bytes = support.random_bytes(SIZE, 1)
    local client = support.connect(standins.server("cat"))
    local echoed, code = support.exchange(client, bytes, 60)
    assert.is_nil(code)
    support.same_bytes(bytes, echoed)
  end)

  it("that differ are noticed, and where (seed 35)", function()
    local bytes = support.random_bytes(100000, 2)
    local wrong = bytes:sub(1, 70000) .. string.char((bytes:byte(70001) + 1) % 256)
      .. bytes:sub(70002)
    support.same_bytes(bytes, bytes .. "")
    assert.matches("from byte 70001 on",
      standins.error_of(support.same_bytes, bytes, wrong), 1, true)
    assert.matches("got 99999;",
      standins.error_of(support.same_bytes, bytes, bytes:sub(1, -2)), 1, true)
    assert.matches("got nil", standins.error_of(support.same_bytes, bytes, nil), 1, true)
  end)

  it("that a server changed are noticed (seed 35)", function()
    local address = standins.server([["tr a b"]])
    local client = support.connect(address)
    client:send("xyaz")
    client:finish()
    assert.matches("from byte 3",
      standins.error_of(support.same_bytes, "xyaz", client:receive_all()), 1, true)
  end)

  it("are the same for the same seed, and look random", function()
    assert.equal(support.random_bytes(1000, 7), support.random_bytes(1000, 7))
    assert.are_not.equal(support.random_bytes(1000, 7), support.random_bytes(1000, 8))
    local seen, count = {}, 0
    for byte in support.random_bytes(20000, 9):gmatch(".") do
      count = count + (seen[byte] and 0 or 1)
      seen[byte] = true
    end
    assert.equal(256, count)
  end)
end)

describe("support: parallel", function()
  it("runs at once and returns what each returned", function()
    local address = standins.server("cat")
    local results = support.parallel(8, function(number)
      local client = support.connect(address)
      local bytes = support.random_bytes(100000)
      support.same_bytes(bytes, support.exchange(client, bytes))
      return { number = number, text = ("x"):rep(100000) }
    end)
    assert.equal(8, #results)
    for number, result in ipairs(results) do
      assert.equal(number, result.number)
      assert.equal(100000, #result.text)
    end
  end)

  it("fails with the message of a child", function()
    local message = standins.error_of(support.parallel, 3, function(number)
      assert.are_not.equal(2, number)
    end)
    assert.matches("parallel: number 2", message, 1, true)
    assert.matches("Expected objects to not be equal", message, 1, true)
    assert.matches("support_spec.lua", message, 1, true)
  end)

  it("fails at the deadline", function()
    local before = support.clock()
    local message = standins.error_of(support.parallel, 2, function()
      support.pass(10)
    end, standins.SOON)
    assert.matches("did not end before the deadline", message, 1, true)
    assert.is_true(support.clock() - before < 5)
  end)

  it("fails when a child dies", function()
    local message = standins.error_of(support.parallel, 1, function()
      posix_signal.raise(posix_signal.SIGKILL)
    end)
    assert.matches("killed 9", message, 1, true)
  end)
end)

describe("support: measurements", function()
  it("see memory, CPU time and descriptors of a child", function()
    local idle = standins.shell("echo up; exec sleep 10")
    idle:expect("up")
    support.eventually(function() -- one more is open while sleep is loaded
      return support.descriptors(idle.pid) == 3
    end)
    assert.is_true(support.cpu_seconds(idle.pid) < 0.1)
    assert.is_true(support.rss(idle.pid) < 20 * 1024 * 1024)
    assert.is_true(support.rss(idle.pid) > 100 * 1024)
  end)

  it("see the peak and the CPU time that was used", function()
    local busy = support.start([[local text = ("x"):rep(50 * 1024 * 1024)
      text = nil; collectgarbage(); collectgarbage()
      local finish = os.clock() + 0.3
      while os.clock() < finish do end
      print("up"); os.execute("exec sleep 10")]], { command = { "luajit" } })
    busy:expect("up")
    assert.is_true(support.cpu_seconds(busy.pid) >= 0.25)
    assert.is_true(support.peak_rss(busy.pid) >= 50 * 1024 * 1024)
    assert.is_true(support.rss(busy.pid) < 40 * 1024 * 1024)
  end)

  it("wait for a condition, up to a deadline", function()
    local calls = 0
    assert.equal("done", support.eventually(function()
      calls = calls + 1
      return calls == 3 and "done"
    end))
    local message = standins.error_of(support.eventually, function()
      return false, "too few"
    end, standins.SOON)
    assert.matches("not within 0.2 s: too few", message, 1, true)
  end)

  it("use a directory of their own that goes away", function()
    local path = support.tmpdir()
    support.write_file(path .. "/file", "text")
    assert.equal("text", support.read_file(path .. "/file"))
    support.cleanup()
    assert.is_nil(support.read_file(path .. "/file"))
  end)
end)
