local support = require("spec.support")

describe("examples/score", function()
  it("passes its own test, and fails it where the server is wrong", function()
    local result = support.run({ "examples/score/test.lua" })
    assert.equal(0, result.status)
    assert.matches("all passed\n$", result.stdout)
    local directory = support.tmpdir()
    for _, name in ipairs({ "test", "protocol", "server" }) do
      local text = support.read_file("examples/score/" .. name .. ".lua")
      if name == "server" then
        text = text:gsub('"OK %%d\\n"', '"OKAY %%d\\n"')
      end
      support.write_file(directory .. "/" .. name .. ".lua", text)
    end
    result = support.run({ directory .. "/test.lua" })
    assert.equal(1, result.status)
    assert.matches("got OKAY 5, expected OK 5", result.stderr, 1, true)
  end)

  it("serves nc", function()
    local server = support.spawn({ "examples/score/server.lua", "tcp://127.0.0.1:0" })
    local port = server:expect("score server started on tcp://127.0.0.1:(%d+)$")
    local requests = [[printf 'ADD ann 5\nADD bob 7\r\nADD ann 1\nTOP 1\nNOP\nBYE\nADD late 1\n']]
    assert.equal("OK 5\nOK 7\nOK 6\nLIST 1\nbob 7\nERR expected ADD, TOP or BYE\nOK\n",
      support.shell(("sh -c \"%s | nc 127.0.0.1 %s\""):format(requests:gsub("\\", "\\\\"), port)))
    assert.equal("LIST 2\nbob 7\nann 6\nOK\n",
      support.shell(([[sh -c "printf 'TOP 9\\nBYE\\n' | nc 127.0.0.1 %s"]]):format(port)))
  end)
end)
