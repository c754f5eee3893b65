-- Peers that take their time, but do take. A kernel that has a large buffer says that it takes more
-- only when much of it is free: what a slow reader takes must be seen sooner.
local scripts = require("spec.support.scripts")
local support = require("spec.support")

local MIB = 1024 * 1024

-- Reads 16 KiB every 25 ms for some seconds, then the rest: how many bytes came, and the error.
local function read_slowly(client, seconds)
  local finish, total = support.clock() + seconds, 0
  while support.clock() < finish do
    local bytes, code = client:receive_some(16384)
    if not bytes then
      return total, code
    end
    total = total + #bytes
    support.pass(0.025)
  end
  local rest, code = client:receive_all()
  return total + #rest, code
end

local function serve(options, action)
  local server = scripts.serve(([[
    events.options = { %s }
    function events.data(conn) return ("x"):rep(16 * 1024 * 1024), %s end
    function events.drained(conn) conn:close() end
    function events.closed(_, err, code) print("closed", err, code) end]]):format(options, action))
  local client = support.connect(server:address(), { receive_buffer = 65536 })
  client:send("go")
  return client, server
end

describe("a slow reader", function()
  for _, option in ipairs({ "write", "idle" }) do
    it("is not ended by options." .. option .. " #timing", function()
      local client, server = serve(option .. " = 0.6", "'none'")
      assert.same({ 16 * MIB }, { read_slowly(client, 2) })
      assert.equal("closed\tnil\tnil", server:line())
    end)
  end

  it("gets all that was sent in front of a close, within any linger time #timing (seed 8)", function()
    local client, server = serve("linger = 0.6", "'close'")
    assert.same({ 16 * MIB }, { read_slowly(client, 2) })
    assert.equal("closed\tnil\tnil", server:line())
  end)

  it("that stops is ended once its time is over #timing", function()
    for option, action in pairs({ write = "'none'", linger = "'close'" }) do
      local client, server = serve(option .. " = 0.6", action)
      local before
      for _ = 1, 20 do
        before = support.clock()
        assert(client:receive_some(131072))
        support.pass(0.025)
      end
      local message = server:expect("^closed\t(.+)\tETIMEDOUT$")
      local waited = support.clock() - before
      assert.matches("^" .. option .. " time%-out: ", message)
      assert.is_true(waited > 0.5 and waited < 2, waited .. " s")
    end
  end)
end)
