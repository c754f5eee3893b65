-- examples/http.lua and clients that others wrote: undici of npm, and wrk.
local support = require("spec.support")

local MODULES = "build/clients/node_modules"

local function start()
  local server = support.spawn({ "examples/http.lua", "--port", "0", "--tlscert", "/no/such.pem" })
  return server, server:expect("^http server started on tcp://.*:(%d+)$")
end

describe("examples/http.lua", function()
  it("serves undici: connections that are kept, pipelining, bodies both ways", function()
    local server, port = start()
    assert.equal("undici: all as expected\n",
      support.shell(("env NODE_PATH=%s node spec/support/clients/undici.js %s"):format(MODULES, port)))
    server:stop()
  end)

  it("serves wrk, one request at a time and pipelined", function()
    local server, port = start()
    local script = support.write_file(support.tmpdir() .. "/pipeline.lua", [[
      local all
      function init() all = wrk.format("GET", "/"):rep(16) end
      function request() return all end
      function response(status, _, body) if status ~= 200 or body ~= "Hello World!" then error("another answer") end end
    ]])
    for _, option in ipairs({ "", "-s " .. script }) do
      local text = support.shell(("wrk -t 1 -c 20 -d 1 %s http://127.0.0.1:%s/"):format(option, port))
      assert.is_true(tonumber(text:match("(%d+) requests in ")) > 20, text)
      assert.is_nil(text:find("Non-2xx", 1, true) or text:find("Socket errors", 1, true) or text:find("error", 1, true),
        text)
    end
    server:stop()
  end)
end)
