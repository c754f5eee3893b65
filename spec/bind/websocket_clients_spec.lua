-- evio.websocket and the package ws of npm.
local scripts = require("spec.support.scripts")
local support = require("spec.support")

local MODULES = "build/clients/node_modules"

local function check_installed()
  if not io.open(MODULES .. "/ws/package.json") then
    error("ws is not installed: scripts/setup test installs it with npm, which has to be there")
  end
end

local function run_client(address, mode)
  check_installed()
  return support.shell(("env NODE_PATH=%s node spec/support/clients/ws_client.js %s %s"):format(MODULES,
    address:match("%d+$"), mode))
end

-- A script that dials a server of ws, and the server; they have agreed on these extensions.
local function dial(mode, settings, extensions)
  check_installed()
  local server = support.spawn({ "spec/support/clients/ws_server.js", mode },
    { command = { "node" }, env = { NODE_PATH = MODULES, PATH = os.getenv("PATH") } })
  local port = server:expect("^listening on (%d+)$")
  local client = support.start(([[
    local evio = require("evio")
    local large = ("some text that comes back "):rep(20000)
    local sent, got, bytes = { "", "h\195\164llo", ("x"):rep(125), ("y"):rep(126), ("z"):rep(65536), large }, 0, {}
    for i = 1, 300 do
      bytes[i] = string.char(i %% 256, i * 7 %% 256, i * i %% 256):rep(300)
    end
    evio.websocket.dial("ws://127.0.0.1:%s/", {
      opened = function(ws)
        for _, text in ipairs(sent) do ws:send(text) end
        for _, data in ipairs(bytes) do ws:send(data, "binary") end
        ws:send("parts")
      end,
      message = function(ws, data, kind)
        got = got + 1
        if data == "one, two" then
          print(got, "all as expected")
          ws:send("bye")
        else
          assert(kind == (got <= #sent and "text" or "binary"))
          assert(data == (sent[got] or bytes[got - #sent]))
        end
      end,
      closed = function(_, code, reason) print("closed", code, reason) end,
    }, { %s })]]):format(port, settings or ""))
  server:expect("^extensions: " .. extensions .. "$")
  client:expect("^307\tall as expected$", 20)
  client:expect("^closed\t4001\tbye$")
  server:expect("^closed: 4001 $")
  server:stop()
end

describe("evio.websocket.server", function()
  local function serve(mode, settings)
    local server = scripts.serve(([[
      events = evio.http.server(evio.websocket.server({
        message = function(ws, data, kind) ws:send(data, kind) end,
        closed = function(_, code, reason) print("closed", code, reason) end,
      }, { %s }))]]):format(settings))
    assert.equal(("ws, %s: all as expected\n"):format(mode), run_client(server:address(), mode))
    server:expect("^closed\t4321\tdone$")
  end

  it("serves ws", function()
    serve("plain", "")
    serve("plain", "deflate = true") -- which it does not offer
  end)

  it("serves ws with permessage-deflate", function()
    serve("deflate", "deflate = true")
    serve("deflate", "deflate = { takeover = false, window = 9, memory = 1, level = 1, threshold = 1 }")
  end)
end)

describe("evio.websocket.dial", function()
  it("talks to ws", function()
    dial("plain", nil, "")
    dial("plain", "deflate = true", "") -- which it does not take
  end)

  it("talks to ws with permessage-deflate", function()
    dial("deflate", "deflate = true", "permessage%-deflate")
    dial("deflate", "deflate = { threshold = 1, takeover = false, window = 9, memory = 1 }", "permessage%-deflate")
    dial("small", "deflate = { threshold = 1 }", "permessage%-deflate")
  end)
end)
