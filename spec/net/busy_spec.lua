-- A loop that a callback kept from its work for a while: that time is not held against the peers.
local scripts = require("spec.support.scripts")
local support = require("spec.support")

local MIB = 1024 * 1024

-- `work(seconds)` keeps the loop; connections of the second address do so for longer than the linger time, which is
-- more than a client may be late itself.
local BUSY = [[
events.options = { linger = 1 }
local function work(seconds)
  local finish = evio.now() + seconds
  while evio.now() < finish do end
end
function events.closed(conn, err, code)
  if conn.index == 1 then print("closed", err, code) end
end
function events.data(conn)
  if conn.index == 2 then
    print("working")
    work(1.2)
    print("worked")
    return
  end
  %s
end
]]

local function serve(answer)
  local server = scripts.serve(BUSY:format(answer), {
    addresses = { "tcp://127.0.0.1:0", "tcp://127.0.0.1:0" },
  })
  local busy = support.connect(server:address(2))
  return server, busy
end

describe("a callback that takes long", function()
  it("does not use up the linger time of the close that it asks for (seed 7)", function()
    local server = serve("work(1.2) return ('x'):rep(16 * 1024 * 1024), 'close'")
    local client = support.connect(server:address(1), { receive_buffer = 65536 })
    client:send("go")
    local bytes, code = client:receive_all()
    assert.same({ 16 * MIB, nil }, { #bytes, code })
    assert.equal("closed\tnil\tnil", server:line())
  end)

  it("does not use up the linger time of others, who were reading (seed 7)", function()
    local server, busy = serve(
      "print('closing') return ('x'):rep(16 * 1024 * 1024), 'close'")
    local client = support.connect(server:address(1), { receive_buffer = 65536 })
    client:send("go")
    server:expect("closing")
    busy:send("work")
    local bytes, code = client:receive_all()
    assert.same({ 16 * MIB, nil }, { #bytes, code })
    server:expect("worked")
    assert.equal("closed\tnil\tnil", server:line())
  end)

  it("does not make a client look quiet that goes on sending after a close (seed 7)", function()
    local server, busy = serve("return ('r'):rep(200000), 'close'")
    local client = support.connect(server:address(1))
    client:send("go")
    assert.equal("closed\tnil\tnil", server:line())
    busy:send("work")
    server:expect("working")
    for _ = 1, 100 do
      client:try_send(("more"):rep(1000))
      support.pass(0.002)
    end
    server:expect("worked")
    support.pass(0.05)
    local bytes, code = client:receive_all()
    assert.same({ 200000, nil }, { #bytes, code })
  end)
end)
