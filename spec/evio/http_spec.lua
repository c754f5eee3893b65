-- evio.http's messages by themselves.
local codecs = require("spec.support.codecs")

local fields = codecs.load("evio.http.fields")
local message = codecs.load("evio.http.message")

local function request(target, head)
  return setmetatable({ target = target, head = "GET / HTTP/1.1\r\n" .. (head or "") .. "\r\n" },
    message.request_metatable)
end

describe("a request of evio.http", function()
  it("has the path of its target, in each form", function()
    for target, path in pairs({
      ["/"] = "/", ["/a/b"] = "/a/b", ["/a%20b%2Fc"] = "/a b/c", ["/a?b=/c"] = "/a", ["/%zz%4"] = "/%zz%4",
      ["http://h"] = "/", ["http://h:1/x%41?y"] = "/xA", ["HTTPS://h?x"] = "/", ["*"] = "*", ["h:443"] = "",
      ["/\195\164"] = "/\195\164", ["/%00"] = "/\0",
    }) do
      assert.equal(path, message.path_of(target))
    end
  end)

  it("has the parameters of its query", function()
    assert.same({}, request("/").query)
    assert.same({}, request("/?").query)
    assert.same({ a = "1", b = "", c = "", ["d e"] = "f g=h", x = { "1", "2", "3" } },
      request("/?a=1&b=&c&&d+e=f%20g%3Dh&x=1&x=2&x=3").query)
  end)

  it("has fields by names in any case, and cookies", function()
    local headers = request("/", "Host: a:1\r\nX-A:\t v w \t\r\nx-a: y\r\nEmpty:\r\nCookie: a=1; b=\"2\"\r\n"
      .. "cookie: a=3;c=4 ;d\r\n")
    assert.equal("a:1", headers.headers.host)
    assert.equal("a:1", headers.headers.HOST)
    assert.equal("v w, y", headers.headers["X-A"])
    assert.equal("", headers.headers.empty)
    assert.is_nil(headers.headers.none)
    assert.is_nil(headers.headers[1])
    assert.same({ a = "1", b = "2", c = "4" }, headers.cookies)
    assert.same({}, request("/").cookies)
    assert.same({ a = "", b = '"x', c = "d=e" }, request("/", 'Cookie: a="" ; b="x;c = d=e; f g=h; =i\r\n').cookies)
  end)

  it("takes the time that its head is long, whatever is in there", function()
    local before = os.clock()
    for _, text in ipairs({ "x" .. (" "):rep(60000) .. "x", (" "):rep(60000) .. "xy", ("x"):rep(60000),
      ("x "):rep(30000), "x=y" .. (" "):rep(60000) .. "z", ("="):rep(60000), ('"'):rep(60000), (";"):rep(60000) }) do
      local one = request("/", "A: " .. text .. "\r\nCookie: " .. text .. "\r\n")
      assert.is_table(one.cookies)
      assert.is_true(text:match("%S.*%S") == one.headers.a)
    end
    assert.is_true(os.clock() - before < 2)
  end)

  it("goes to the host that its URL has, whatever Host says (RFC 9112, 3.2.2)", function()
    for target, host in pairs({ ["http://a:1/x"] = "a:1", ["http://a?x"] = "a", ["/http://a"] = "b", ["*"] = "b" }) do
      assert.equal(host, request(target, "Host: b\r\n").headers.Host)
    end
  end)
end)

describe("a response of evio.http", function()
  local function pack(response, bare)
    local head, body = message.pack_response(response, "Date: x\r\n", "", bare)
    return head .. body
  end

  it("is made of text or of a table", function()
    local text = "HTTP/1.1 200 OK\r\nDate: x\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Length: 2\r\n\r\nhi"
    assert.equal(text, pack("hi"))
    assert.equal(text, pack({ body = "hi" }))
    assert.equal(text:sub(1, -3), pack("hi", true))
    assert.equal("HTTP/1.1 200 OK\r\nDate: x\r\nContent-Length: 0\r\n\r\n", pack({}))
    assert.equal("HTTP/1.1 404 Not Found\r\nDate: x\r\nA: 1\r\nA: 2\r\nContent-Length: 0\r\n\r\n",
      pack({ status = 404, headers = { A = { 1, "2" } } }))
    assert.equal("HTTP/1.1 799 \r\nDate: x\r\nContent-Length: 0\r\n\r\n", pack({ status = 799 }))
    assert.equal("HTTP/1.1 304 Not Modified\r\nDate: x\r\nETag: \"a\"\r\n\r\n",
      pack({ status = 304, headers = { ETag = '"a"' } }))
  end)

  it("has its own fields, however many there were before", function()
    for round = 1, 3 do
      for i = 1, 1500 do -- more than are kept
        local value = i % 2 == 0 and ("x"):rep(i % 300) .. i or i / 4
        assert.equal(("HTTP/1.1 200 OK\r\nDate: x\r\nA: %s\r\nContent-Length: 0\r\n\r\n"):format(value),
          pack({ headers = { A = value } }))
      end
      assert.has_error(function() pack({ headers = { A = "a\n" .. round } }) end)
    end
    assert.equal("HTTP/1.1 200 OK\r\nDate: x\r\nConnection: Upgrade\r\nUpgrade: h2c\r\nContent-Length: 0\r\n\r\n",
      pack({ headers = { Upgrade = "h2c" } }))
    assert.has_error(function() fields.pack({ Upgrade = "h2c" }, fields.CLIENT) end)
    assert.equal("Date: y\r\n", fields.pack({ Date = "y" }, fields.CLIENT))
    assert.has_error(function() fields.pack({ Date = "y" }, fields.SERVER) end)
    assert.equal(tostring(0 / 0), fields.pack({ A = 0 / 0 }, fields.SERVER):match("A: (.*)\r\n"))
  end)

  it("has nothing in its fields that a peer could take for more", function()
    for _, value in ipairs({ "a\r\nB: c", "a\n", "\r", "\0", "a\127", {}, { "a", "b\r" }, true }) do
      if type(value) ~= "table" or #value > 0 then
        assert.has_error(function() pack({ headers = { A = value } }) end)
      end
    end
    for _, name in ipairs({ "", "a b", "a:", "a\r\n", "Content-Length", "transfer-encoding", "DATE", "Connection" }) do
      assert.has_error(function() pack({ headers = { [name] = "a" } }) end)
    end
    assert.has_error(function() pack({ headers = { "a" } }) end)
  end)
end)
