-- What evio.http.server says to requests that it refuses.
local scripts = require("spec.support.scripts")
local support = require("spec.support")

describe("evio.http.server", function()
  it("refuses HEAD without a body, too (RFC 9110, 9.3.2)", function()
    local server = scripts.serve([[events = evio.http.server(function() error("on purpose") end)]])
    for rest, status in pairs({
      [" / HTTP/1.1\r\n\r\n"] = 400,
      [" / HTTP/1.1\r\nHost: h\r\nContent-Length: 9000000\r\n\r\n"] = 413,
      [" / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\nx\r\n"] = 400,
      [" /error HTTP/1.1\r\nHost: h\r\n\r\n"] = 500,
    }) do
      for method, ending in pairs({ HEAD = "\r\n\r\n$", POST = "\r\n\r\n[%l]" }) do
        local client = support.connect(server:address())
        client:send(method .. rest)
        local text = client:receive_all()
        assert.matches(("^HTTP/1.1 %d "):format(status), text)
        assert.matches("\r\nContent%-Length: [1-9]", text)
        assert.matches(ending, text)
      end
    end
  end)
end)
