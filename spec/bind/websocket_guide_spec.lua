-- The guide's WebSockets work as they stand, and what the examples of evio could not (seed 29 to 33) does behind an
-- upgrade, too.
local support = require("spec.support")
local websocket = require("spec.support.websocket")

local function start(section)
  local source = support.read_file("docs/guide.md"):match("### " .. section .. "\n.-```lua\n(.-)```")
  source = source:gsub("localhost:%d+", "127.0.0.1:0"):gsub("evio%.serve%((.-), \"", [[
    local events = %1
    function events.serving(server) print(server.addresses[1]) end
    evio.serve(events, "]])
  return support.start(source)
end

describe("the guide", function()
  it("has an echo server", function()
    local server = start("WebSocket")
    local client = websocket.connect(server:address(), "/a")
    server:expect("^/a\ttcp://127.0.0.1:")
    client:send(websocket.text("hello") .. websocket.close(1000, "done"))
    websocket.expect(client, websocket.TEXT, "hello")
    websocket.expect_close(client, 1000)
    server:expect("^1000\tdone$")
  end)

  it("has a page with live data", function()
    local server = start("A page with live data")
    local page = support.connect(server:address())
    page:send("GET / HTTP/1.1\r\nHost: h\r\n\r\n")
    local first, fields = websocket.read_head(page)
    assert.equal("HTTP/1.1 200 OK", first)
    assert.matches("new WebSocket", page:receive(tonumber(fields["content-length"])), 1, true)
    local client = websocket.connect(server:address(), "/live")
    local opcode, data = websocket.receive(client)
    assert.equal(websocket.TEXT, opcode)
    assert.matches("^%d+%.%d+ ", data)
  end)
end)

describe("a WebSocket's request", function()
  local SOURCE = [[
    local evio = require("evio")
    local events = evio.http.server(evio.websocket.server({
      opened = function(ws, request) print("opened", request.path, request.query.a) end,
      message = function(ws, data, kind) ws:send(data, kind) end,
    }))
    function events.serving(server) print(server.addresses[1]) end
    evio.serve(events, "tcp://127.0.0.1:0")]]

  it("may have any ? in its URL (seed 29)", function()
    local server = support.start(SOURCE)
    for path, printed in pairs({ ["/?"] = "/\tnil", ["/x?a=?"] = "/x\t?", ["/x??a=1"] = "/x\tnil",
      ["/%3Fa=1"] = "/?a=1\tnil" }) do
      local client = websocket.connect(server:address(), path)
      server:expect("^opened\t" .. printed:gsub("%p", "%%%0") .. "$")
      client:close()
    end
  end)

  it("may come in any pieces, with the first frames (seed 30)", function()
    local server = support.start(SOURCE)
    local bytes = websocket.request("/x") .. websocket.text("hello") .. websocket.text("you")
    for _, size in ipairs({ 1, 7, 50, #bytes - 8, #bytes - 1 }) do
      local client = support.connect(server:address())
      for at = 1, #bytes, size do
        client:send(bytes:sub(at, at + size - 1))
        support.pass(0.0005)
      end
      assert.equal("HTTP/1.1 101 Switching Protocols", (websocket.read_head(client)))
      websocket.expect(client, websocket.TEXT, "hello")
      websocket.expect(client, websocket.TEXT, "you")
      client:close()
    end
  end)

  it("has names in any case, and no body that would be frames (seed 31)", function()
    local server = support.start(SOURCE)
    local client = support.connect(server:address())
    client:send((websocket.request("/"):gsub("[%w-]+: ", string.lower)))
    assert.equal("HTTP/1.1 101 Switching Protocols", (websocket.read_head(client)))
    client = support.connect(server:address())
    client:send(websocket.request("/", { ["content-length"] = 2 }) .. "ab" .. websocket.request("/"))
    local first, fields = websocket.read_head(client)
    assert.equal("HTTP/1.1 400 Bad Request", first)
    assert.matches("a body", client:receive(tonumber(fields["content-length"])), 1, true)
    assert.equal("HTTP/1.1 101 Switching Protocols", (websocket.read_head(client)))
  end)

  it("is answered in GMT, without a length, whatever the time zone (seed 33)", function()
    local server = support.start(SOURCE, { env = { TZ = "Asia/Tokyo" } })
    local before = os.date("!%a, %d %b %Y %H")
    local _, fields = websocket.connect(server:address())
    local hour = fields.date:match("^(.-):")
    assert.is_true(hour == before or hour == os.date("!%a, %d %b %Y %H"), fields.date)
    assert.matches(" GMT$", fields.date)
    assert.is_nil(fields["content-length"])
  end)
end)
