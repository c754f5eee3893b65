-- The lists in the handshake of a WebSocket, by themselves.
local codecs = require("spec.support.codecs")

local extensions = codecs.load("evio.websocket.extensions")

local function show(list)
  local names = {}
  for i, extension in ipairs(list or {}) do
    local parts = { extension.name }
    for _, parameter in ipairs(extension.parameters) do
      parts[#parts + 1] = ("%s=%s"):format(parameter.name, tostring(parameter.value))
    end
    names[i] = table.concat(parts, " ")
  end
  return list and table.concat(names, "|")
end

describe("the extensions of a WebSocket", function()
  it("are names with parameters (RFC 6455, 9.1)", function()
    for field, expected in pairs({
      ["a"] = "a", [" a , b\t"] = "a|b", ["a; b"] = "a b=true", ["a;b;c=d , e ; f = g"] = "a b=true c=d|e f=g",
      ['a; b="c"; d=" e"'] = false, ['a; b="c"'] = "a b=c", ['a; b="1\\0", c'] = "a b=10|c", [",a,, b,"] = "a|b",
    }) do
      assert.equal(expected or nil, show(extensions.parse(field)), field)
    end
  end)

  it("are nothing else", function()
    for _, field in ipairs({ "", " ", ",", ";", "a;", "a;;b", "a; =", "a; b=", "a; b=c d", "a b", "a=b", "a/b", "\228",
      'a; b="', 'a; b="c', 'a; b=c"',
      'a; b=""', 'a; b="c,d"', 'a; b="c\\"', 'a; b="c\\""', 'a; b="c"d', "a; b=c=d" }) do
      assert.is_nil(extensions.parse(field), field)
    end
  end)
end)

describe("the protocols of a WebSocket", function()
  it("are names, each of them once (RFC 6455, 4.1)", function()
    assert.same({ "chat", "v2.x" }, extensions.parse_protocols(" chat,v2.x "))
    for _, field in ipairs({ "", ",", "a b", "a;b", "a/b", '"a"', "a, b, a" }) do
      assert.is_nil(extensions.parse_protocols(field), field)
    end
  end)
end)
