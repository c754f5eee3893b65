-- EVIO_FAULTS, which src/os/fault.h describes.

local faults = require("spec.support.faults")
local support = require("spec.support")

local function run(settings, source)
  return support.run({ "-e", source or "print('ran')" }, { env = { EVIO_FAULTS = settings } })
end

describe("EVIO_FAULTS", function()
  it("refuses what it cannot read, with what is expected", function()
    for _, item in ipairs({ "speed=1", "seed", "seed=x", "short=10", "short=99%", "eintr=5%%", "least=0", "recv=EBAD@1",
      "recv=EIO", "recv=EIO@", "recv=EIO@1-", "recv=EIO@x", "receive=EIO@1", "report=/no/such/place",
      "seed=" .. ("1"):rep(300) }) do
      local result = run("seed=1," .. item)
      assert.equal(2, result.status, item)
      assert.equal("", result.stdout)
      assert.matches("^EVIO_FAULTS: cannot read \".*\", expected seed=N, .* CALL is one of malloc recv .* sleep\n$",
        result.stderr)
    end
  end)

  it("refuses more rules than it has room for", function()
    assert.equal("ran\n", run(("recv=EIO@1,"):rep(16)).stdout)
    assert.equal(2, run(("recv=EIO@1,"):rep(17)).status)
  end)

  it("changes nothing where it is empty or not set", function()
    assert.equal("ran\n", run("").stdout)
    assert.equal("ran\n", run(false).stdout)
  end)

  it("has the calls fail that it names, and counts them over the processes", function()
    local report = support.tmpdir() .. "/report"
    local source = [[
      local evio = require("evio")
      for _ = 1, 5 do
        local server, _, code = evio.listen({}, "tcp://127.0.0.1:0")
        print(server and "listens" or code)
        if server then server:close() end
      end]]
    for _ = 1, 2 do
      local result = run("socket=EMFILE@2,socket=EACCES@4-5,report=" .. report, source)
      assert.equal("listens\nEMFILE\nlistens\nEACCES\nEACCES\n", result.stdout)
    end
    local counts = faults.counts(report)
    assert.same({ made = 10, faulty = 6 }, counts.socket)
    assert.same({ made = 4, faulty = 0 }, counts.listen)
  end)

  it("draws the same for the same seed, and something else for another", function()
    local function draw(seed)
      local report = support.tmpdir() .. "/report"
      local source = [[
        local evio = require("evio")
        local count = 0
        evio.spawn(function() for _ = 1, 300 do evio.sleep(0) end end):done(function() end)]]
      assert.equal(0, run(("seed=%d,eintr=20%%,report=%s"):format(seed, report), source).status)
      return faults.counts(report).sleep
    end
    local first, again, other = draw(1), draw(1), draw(2)
    assert.same(first, again)
    assert.is_true(first.faulty > 30 and first.faulty < 150, first.faulty .. " of 300")
    assert.is_true(other.faulty ~= first.faulty)
  end)
end)
