-- examples/chat.lua: its page in Chromium, and what it does with odd names and texts.
local support = require("spec.support")
local websocket = require("spec.support.websocket")

local MODULES = "build/clients/node_modules"

local function start()
  local server = support.spawn({ "examples/chat.lua", "--port", "0" })
  return server, server:expect("^chat server started on tcp://.*:(%d+)$")
end

describe("examples/chat.lua", function()
  it("lets two pages in Chromium talk", function()
    if not io.open(MODULES .. "/playwright-core/package.json") then
      error("playwright-core is not installed: scripts/setup test installs it with npm, which has to be there")
    end
    local server, port = start()
    assert.equal("chat: all as expected\n", support.shell(("env NODE_PATH=%s node spec/support/clients/chat.js "
      .. "http://127.0.0.1:%s/ %s"):format(MODULES, port, os.getenv("CHAT_PICTURE") or ""), 120))
    server:stop()
  end)

  it("makes one line of UTF-8 of names and texts, whatever they are", function()
    local server, port = start()
    local function join(name)
      return websocket.connect("tcp://127.0.0.1:" .. port, "/chat?name=" .. name)
    end
    local one = join(("%C3%A4"):rep(30))
    websocket.expect(one, websocket.TEXT, "you\t1")
    websocket.expect(one, websocket.TEXT, "here\t1")
    websocket.expect(one, websocket.TEXT, "note\t" .. ("\195\164"):rep(30) .. " came")
    one:send(websocket.text("a\tb\nc"))
    websocket.expect(one, websocket.TEXT, "said\t1\t" .. ("\195\164"):rep(30) .. "\ta b c")
    local two = join("x%09%FF")
    websocket.expect(two, websocket.TEXT, "you\t2")
    websocket.expect(two, websocket.TEXT, "said\t1\t" .. ("\195\164"):rep(30) .. "\ta b c")
    websocket.expect(two, websocket.TEXT, "here\t2")
    websocket.expect(two, websocket.TEXT, "note\tx ? came")
    two:send(websocket.close(1000))
    websocket.expect(one, websocket.TEXT, "here\t2")
    websocket.expect(one, websocket.TEXT, "note\tx ? came")
    websocket.expect(one, websocket.TEXT, "here\t1")
    websocket.expect(one, websocket.TEXT, "note\tx ? left")
    one:send(websocket.frame(1, ("x"):rep(5000)))
    websocket.expect_close(one, 1009)
    server:stop()
  end)
end)
