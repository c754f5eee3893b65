-- URLs of evio.http by themselves.
local codecs = require("spec.support.codecs")

local urls = codecs.load("evio.http.url")

describe("a URL", function()
  it("has parts", function()
    for text, expected in pairs({
      ["http://h"] = "http h 80 h /", ["HTTPS://H.Example/a?b#c"] = "https h.example 443 h.example /a?b",
      ["http://h:80"] = "http h 80 h /", ["http://h:"] = "http h 80 h /", ["https://h:80/"] = "https h 80 h:80 /",
      ["http://[::1]:81?x"] = "http [::1] 81 [::1]:81 /?x", ["http://127.0.0.1#x"] = "http 127.0.0.1 80 127.0.0.1 /",
      ["http://h/a@b:c"] = "http h 80 h /a@b:c",
    }) do
      local url = assert(urls.parse(text))
      assert.equal(expected, table.concat({ url.scheme, url.host, url.port, url.authority, url.target }, " "))
    end
  end)

  it("is refused with what is wrong", function()
    for text, expected in pairs({
      [""] = 'is none, expected one as "http://host:port/path"', ["/a"] = "is none", ["h:80"] = "is none",
      ["ws://h"] = 'has the scheme "ws"', ["http://"] = "has no host", ["http://:80"] = "has no host",
      ["http://a:b@h"] = "has a user", ["http://h:x"] = 'has ":x" behind the host', ["http://h:65536"] = "port from 1",
      ["http://h:0"] = "port from 1", ["http://[::1"] = 'has the host "["',
      ["http://[::1]x"] = 'has "x" behind the host',
      ["http://a b"] = "a space or a control byte", ["http://a\r\nb"] = "a space or a control byte",
      ["http://a%41"] = 'has the host "a%41"', ["http://\195\164"] = "has the host", ["http://a\\b"] = "has the host",
    }) do
      local url, why = urls.parse(text)
      assert.is_nil(url)
      assert.is_truthy(why:find(expected, 1, true), why)
    end
    assert.equal("the URL is a table, expected a string", select(2, urls.parse({})))
  end)

  it("is what a reference stands for, as in RFC 3986, 5.4", function()
    local base = urls.parse("http://a:80/b/c/d;p?q")
    for reference, expected in pairs({
      ["g"] = "/b/c/g", ["./g"] = "/b/c/g", ["g/"] = "/b/c/g/", ["/g"] = "/g", ["?y"] = "/b/c/d;p?y",
      ["g?y"] = "/b/c/g?y", ["#s"] = "/b/c/d;p?q", ["g#s"] = "/b/c/g", ["g?y#s"] = "/b/c/g?y", [";x"] = "/b/c/;x",
      ["g;x"] = "/b/c/g;x",
      [""] = "/b/c/d;p?q", ["."] = "/b/c/", ["./"] = "/b/c/", [".."] = "/b/", ["../"] = "/b/", ["../g"] = "/b/g",
      ["../.."] = "/", ["../../"] = "/", ["../../g"] = "/g", ["../../../g"] = "/g", ["/./g"] = "/g", ["/../g"] = "/g",
      ["g."] = "/b/c/g.", [".g"] = "/b/c/.g", ["g.."] = "/b/c/g..", ["..g"] = "/b/c/..g", ["./../g"] = "/b/g",
      ["./g/."] = "/b/c/g/", ["g/./h"] = "/b/c/g/h", ["g/../h"] = "/b/c/h", ["g;x=1/./y"] = "/b/c/g;x=1/y",
      ["g;x=1/../y"] = "/b/c/y", ["g?y/./x"] = "/b/c/g?y/./x", ["/a//b/"] = "/a//b/", ["/"] = "/",
    }) do
      assert.equal("http://a:80" .. expected, urls.resolve(base, reference))
    end
    assert.equal("https://g/x", urls.resolve(base, "https://g/x"))
    assert.equal("http://g", urls.resolve(base, "//g"))
    assert.equal("https://g/y?../z", urls.resolve(base, "https://g/../x/../y?../z")) -- 5.2.2
    assert.equal("http://g/x/", urls.resolve(base, "//g/x/."))
    assert.equal("http://g?/../x", urls.resolve(base, "http://g?/../x"))
    assert.equal("mailto:x", urls.resolve(base, "mailto:x"))
  end)
end)
