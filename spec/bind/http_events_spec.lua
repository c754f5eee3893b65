-- evio.http: server-sent events (WHATWG HTML, 9.2).
local scripts = require("spec.support.scripts")
local support = require("spec.support")

local SERVER = [[
  events = evio.http.server(function(request)
    local out = request:events({ headers = { ["X-A"] = "b" } })
    out:comment("hello")
    out:send("one\ntwo\r\n\rthree")
    out:send({ event = "e", id = 7, retry = 1500, data = "" })
    out:send({ id = "x" })
    out:write(evio.http.encode_event("both"))
    function out.closed() print("gone") end
    evio.after(0.02, function()
      out:send("late")
      if request.path == "/ends" then out:finish() end
    end)
  end)
]]

local EVENTS = ": hello\ndata: one\ndata: two\ndata: \ndata: three\n\nevent: e\nid: 7\nretry: 1500\ndata: \n\nid: x\n\n"
  .. "data: both\n\ndata: late\n\n"

describe("request:events", function()
  it("sends events, now and later", function()
    local server = scripts.serve(SERVER)
    local head, body = support.shell(("curl -sN -i http://%s/ends"):format(server:address():match("//(.*)")))
      :match("^(.-\r\n)\r\n(.*)$")
    assert.matches("\r\nContent-Type: text/event-stream\r\n", head, 1, true)
    assert.matches("\r\nCache-Control: no-store\r\n", head, 1, true)
    assert.matches("\r\nX-A: b\r\n", head, 1, true)
    support.same_bytes(EVENTS, body)
  end)

  it("tells when the peer is gone", function()
    local server = scripts.serve(SERVER)
    local client = support.connect(server:address())
    client:send("GET / HTTP/1.1\r\nHost: h\r\n\r\n")
    client:receive(20)
    client:close()
    assert.equal("gone", server:line())
  end)

  it("refuses what is no event", function()
    local server = scripts.serve([[
      local function try(...) print((select(2, pcall(...)):gsub("^%S*server.lua:%d+: ", ""))) end
      local encode = evio.http.encode_event
      events = evio.http.server(function(request)
        try(encode, 7)
        try(encode, { data = 7 })
        try(encode, { event = "a\nb", data = "x" })
        try(encode, { id = {} })
        try(encode, { retry = 0.5 })
        try(request.events, request, { headers = { ["content-TYPE"] = "x" } })
        return "done"
      end)
    ]])
    support.exchange(support.connect(server:address()), "GET / HTTP/1.1\r\nHost: h\r\n\r\n")
    for _, line in ipairs({
      "evio.http.encode_event: the data is a number, expected a string",
      "evio.http.encode_event: the data is a number, expected a string",
      'evio.http.encode_event: the event is "a\\', 'b", expected text in one line',
      "evio.http.encode_event: the id is a table, expected text in one line",
      "evio.http.encode_event: retry is 0.5, expected a whole number of milliseconds",
      "request:events: the Content-Type is text/event-stream",
    }) do
      assert.equal(line, server:line())
    end
  end)
end)
