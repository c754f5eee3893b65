local support = require("spec.support")

local function start()
  local server = support.spawn({ "examples/framed.lua", "--port", "0" })
  return server, "tcp://127.0.0.1:" .. server:expect("framed server started on tcp://.*:(%d+)$")
end

describe("examples/framed.lua", function()
  it("answers frames with frames, in whatever pieces they come", function()
    local server, address = start()
    local client = support.connect(address)
    for byte in ("\0\0\0\5hello"):gmatch(".") do
      client:send(byte)
      support.pass(0.001)
    end
    assert.equal("\0\0\0\5HELLO", client:receive(9))
    client:send("\0\0\0\1a\0\0\0\0\0\0\0\2bc\0\0")
    client:send("\0\1d")
    local got = ""
    while #got < 4 do
      local head = client:receive(4)
      got = got .. client:receive(head:byte(4))
    end
    assert.equal("ABCD", got)
    server:stop()
  end)

  it("refuses a frame that is too long, and one that was cut", function()
    local server, address = start()
    local client = support.connect(address)
    client:send("\255\0\0\0")
    assert.equal("", (client:receive_all()))
    client = support.connect(address)
    client:send("\0\0\0\5hel")
    client:finish()
    assert.equal("", (client:receive_all()))
    server:stop()
  end)
end)
