-- evio.websocket and the package ws of npm.
local scripts = require("spec.support.scripts")
local support = require("spec.support")

local function node(script, ...)
  if not io.open("build/clients/node_modules/ws/package.json") then
    error("ws is not installed: scripts/setup test installs it with npm, which has to be there")
  end
  return support.shell(("env NODE_PATH=build/clients/node_modules node spec/support/clients/%s %s"):format(script,
    table.concat({ ... }, " ")))
end

describe("evio.websocket.server", function()
  it("serves ws", function()
    local server = scripts.serve([[
      events = evio.http.server(evio.websocket.server({
        message = function(ws, data, kind) ws:send(data, kind) end,
        closed = function(_, code, reason) print("closed", code, reason) end,
      }))]])
    assert.equal("ws, plain: all as expected\n", node("ws_client.js", server:address():match("%d+$"), "plain"))
    server:expect("^closed\t4321\tdone$")
  end)
end)
