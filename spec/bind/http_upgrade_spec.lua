-- Connections that evio.http.server hands to other events behind a 101.
local scripts = require("spec.support.scripts")
local support = require("spec.support")

local SOURCE = [[
  local other = {}
  function other.opened(conn) print("other", conn.id) return "hello\n" end
  function other.data(_, input) return input:upper() end
  function other.closed(_, err) print("other closed", err) end
  local function switch() return { status = 101, headers = { Upgrade = "upper" }, upgrade = other } end
  events = evio.http.server(function(request)
    if request.path == "/later" then
      evio.after(0.02, function() request:respond(switch()) end)
      return nil
    elseif request.path == "/at-once" then
      request:respond(switch())
      return nil
    elseif request.path == "/wrong" then
      return { status = 200, upgrade = other }
    end
    return request.path == "/switch" and switch() or request.path
  end)
]]

local function get(path)
  return ("GET %s HTTP/1.1\r\nHost: h\r\nConnection: Upgrade\r\nUpgrade: upper\r\n\r\n"):format(path)
end

describe("a response of evio.http with upgrade", function()
  it("hands the connection and what is unread to other events, now or later", function()
    local server = scripts.serve(SOURCE)
    for _, path in ipairs({ "/switch", "/later", "/at-once" }) do
      local client = support.connect(server:address())
      client:send(get("/a") .. get(path) .. "first\n")
      assert.equal("HTTP/1.1 200 OK", client:receive_line())
      repeat local line = client:receive_line() until line == ""
      assert.equal("/a", client:receive(2))
      assert.equal("HTTP/1.1 101 Switching Protocols", client:receive_line())
      assert.matches("^Date: ", client:receive_line())
      assert.equal("Connection: Upgrade", client:receive_line())
      assert.equal("Upgrade: upper", client:receive_line())
      assert.equal("", client:receive_line())
      assert.equal("hello", client:receive_line())
      server:expect("^other\t%d")
      assert.equal("FIRST", client:receive_line())
      client:send(get("/a"))
      assert.equal("GET /A HTTP/1.1", client:receive_line())
      client:close()
      server:expect("^other closed")
    end
  end)

  it("has to be a 101", function()
    local server = scripts.serve(SOURCE)
    local client = support.connect(server:address())
    client:send(get("/wrong"))
    assert.matches("^HTTP/1.1 500", client:receive_all())
    server:expect_error("a response with `upgrade` has the status 200 and a table, expected 101 and an events table")
  end)
end)
