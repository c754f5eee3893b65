-- Codecs on connections: codec:handler and codec:take.
local certificates = require("spec.support.certificates")
local scripts = require("spec.support.scripts")
local support = require("spec.support")

local CLOSED = [[
function events.closed(_, err, code) print("closed", err, code) end
]]

-- Each kind: its source, and what a message is on the wire.
local KINDS = {
  { "framing.lines()", function(text) return text .. "\r\n" end },
  { "framing.lines({ ending = '\\n' })", function(text) return text .. "\n" end },
  { "framing.delimiter({ delimiter = '\\0;' })", function(text) return text .. "\0;" end },
  { "framing.prefix({ size = 2, adjust = 2 })", function(text) return "\0" .. string.char(#text + 2) .. text end },
  { "framing.prefix({ size = 3, order = 'little' })", function(text) return string.char(#text) .. "\0\0" .. text end },
  { "framing.fixed({ size = 5 })", function(text) return text end },
}
local MESSAGES = { "hello", "every", "body!" }

local HANDLER = [[
local codec = evio.%s
events.data = codec:handler(function(conn, message)
  conn.count = (conn.count or 0) + 1
  return codec:encode(message:upper())
end)]]
local TAKE = [[
local codec = evio.%s
events.data = evio.stream(function(_, stream)
  local message = codec:take(stream)
  return message and codec:encode(message:upper())
end)]]

local function assert_echoes(client, bytes, expected)
  client:send(bytes)
  support.same_bytes(expected, client:receive(#expected))
end

describe("a codec on a connection", function()
  for _, kind in ipairs(KINDS) do
    for name, source in pairs({ handler = HANDLER, take = TAKE }) do
      it(("reads %s with %s, in any pieces"):format(kind[1], name), function()
        local wire, answer = "", ""
        for _, message in ipairs(MESSAGES) do
          wire = wire .. kind[2](message)
          answer = answer .. kind[2](message:upper())
        end
        local client = scripts.serve_one(source:format(kind[1]))
        assert_echoes(client, wire, answer)
        for i = 1, #wire - 1 do
          client:send(wire:sub(1, i))
          support.pass(0.001)
          assert_echoes(client, wire:sub(i + 1), answer)
        end
        for byte in wire:gmatch(".") do
          client:send(byte)
          support.pass(0.001)
        end
        support.same_bytes(answer, client:receive(#answer))
        support.same_bytes(answer:rep(3000), support.exchange(client, wire:rep(3000)))
      end)
    end
  end
end)

describe("codec:handler", function()
  it("takes out and actions as data does, one call a message", function()
    local client, server = scripts.serve_one(CLOSED .. [[
      local buffer = require("string.buffer")
      events.data = evio.framing.lines():handler(function(conn, line)
        print("line", line)
        if line == "buffer" then return buffer.new():put("from a buffer\n") end
        if line == "end" then return "bye\n", "close" end
      end)]])
    client:send("one\nbuffer\n\nend\nnever\n")
    assert.equal("from a buffer\nbye\n", (client:receive_all()))
    for _, line in ipairs({ "line\tone", "line\tbuffer", "line\t", "line\tend", "closed\tnil\tnil" }) do
      assert.equal(line, server:line())
    end
  end)

  it("stops at a pause, and goes on", function()
    local client = scripts.serve_one([[
      events.data = evio.framing.lines():handler(function(conn, line)
        conn:pause()
        evio.after(0.02, function() conn:resume() end)
        return line .. "\n"
      end)]])
    client:send("one\ntwo\nthree\n")
    assert.equal("one\ntwo\nthree\n", client:receive(14))
  end)

  it("is called with messages only, not for a wake", function()
    local client = scripts.serve_one([[
      function events.opened(conn) conn:wake() end
      events.data = evio.framing.lines():handler(function(_, line) return line:upper() .. "\n" end)]])
    support.pass(0.05)
    assert_echoes(client, "one\n", "ONE\n")
  end)

  it("names the script's function where it returns something else", function()
    local client, server = scripts.serve_one([[
      events.data = evio.framing.lines():handler(function(_, line)
        return line == "out" and 5 or nil, "clsoe"
      end)]])
    client:send("out\n")
    server:expect_error("server.lua:1: data returned a number as out")
    client = support.connect(server:address())
    client:send("action\n")
    server:expect_error('server.lua:1: data returned "clsoe" as the action')
  end)

  it("lets as much wait as the largest message takes, unless options say otherwise", function()
    local source = CLOSED .. [[
      local messages = evio.framing.prefix({ max = 3 * 2 ^ 20 })
      events.options = { high = 2 ^ 22, %s }
      events.data = messages:handler(function(_, message) return messages:encode(message) end)]]
    local large = "\0\48\0\0" .. ("x"):rep(3 * 2 ^ 20)
    support.same_bytes(large, support.exchange(scripts.serve_one(source:format("")), large))
    local client, server = scripts.serve_one(source:format("input = 2 ^ 20"))
    client:send(large)
    server:expect("^closed\tunread input: %d+ bytes wait, options.input allows 1048576\tENOBUFS$")
  end)

  it("may follow other handlers", function()
    local client = scripts.serve_one([[
      local frames = evio.framing.prefix({ size = 1 })
      local framed = { data = frames:handler(function(_, message) return frames:encode(message:upper()) end) }
      events.data = evio.framing.lines():handler(function(conn, line)
        conn:handler(framed)
        return line .. "\n"
      end)]])
    assert_echoes(client, "switch\r\n\5hello\2a", "switch\n\5HELLO")
    assert_echoes(client, "b", "\2AB")
  end)
end)

describe("codec:take", function()
  it("reads what other reads of a stream leave, and is put back with them", function()
    local client = scripts.serve_one([[
      local lines = evio.framing.lines()
      events.data = evio.stream(function(_, s)
        local head = lines:take(s)
        local body = head and s:take(tonumber(head))
        return body and body:upper()
      end)]])
    client:send("5\r\nhel")
    support.pass(0.02)
    assert_echoes(client, "lo3\nabc", "HELLOABC")
  end)

  it("raises where the stream is none, or beyond its event", function()
    local client, server = scripts.serve_one([[
      local lines, kept = evio.framing.lines(), nil
      events.data = evio.stream(function(_, s)
        kept = s
        print(pcall(function() lines:take("x") end))
        return s:take()
      end)
      function events.eof() print(pcall(function() lines:take(kept) end)) end]])
    assert.equal("x", support.exchange(client, "x"))
    client:finish()
    server:expect("server.lua:4: lines:take: the stream is a string, expected that of a handler of evio.stream$")
    server:expect("server.lua:7: lines:take: the stream is used outside of its event$")
  end)
end)

describe("malformed input", function()
  local LIMITED = CLOSED .. "local lines = evio.framing.lines({ max = 10 }) "
  local WORDS = "^closed\ta line of more than 10 bytes\tEPROTO$"
  local SOURCES = {
    handler = LIMITED .. [[
      events.data = lines:handler(function(_, line)
        print("line", line)
        return line:upper() .. "\n"
      end)]],
    take = LIMITED .. [[
      events.data = evio.stream(function(_, s)
        local line = lines:take(s)
        if line then print("line", line) end
        return line and line:upper() .. "\n"
      end)]],
  }

  for name, source in pairs(SOURCES) do
    it("ends the connection behind what was answered, and nothing is printed: " .. name, function()
      local client, server = scripts.serve_one(source)
      client:send("one\n1234567890\r\n12345678901\nnever\n")
      assert.equal("ONE\n1234567890\n", (client:receive_all()))
      assert.equal("line\tone", server:line())
      assert.equal("line\t1234567890", server:line())
      server:expect(WORDS)
      client = support.connect(server:address())
      client:send("12345678901") -- no end needed
      assert.equal("", (client:receive_all()))
      server:expect(WORDS)
      server:stop()
      local stdout, stderr = server:output()
      assert.equal("", stderr)
      assert.is_nil(stdout:find("never", 1, true))
    end)
  end

  it("is not looked at again, however often the handler asks", function()
    local client, server = scripts.serve_one(LIMITED .. [[
      events.data = evio.stream(function(_, s)
        print("call", lines:take(s), lines:take(s), s:take(1), #s)
        return "sorry\n"
      end)]])
    client:send("12345678901\nnever\n")
    client:send("never\n")
    assert.equal("sorry\n", (client:receive_all()))
    assert.equal("call\tnil\tnil\tnil\t0", server:line())
    server:expect(WORDS)
  end)

  it("does not take back what the handler did before", function()
    for action, words in pairs({ close = "closed\tnil\tnil", detach = "detached", abort = "closed\tnil\tnil" }) do
      local client, server = scripts.serve_one(LIMITED .. ([[
        function events.detached() print("detached") end
        events.data = evio.stream(function(conn, s)
          conn:%s()
          lines:take(s)
        end)]]):format(action))
      client:send("12345678901")
      assert.equal(words, server:line())
    end
  end)

  it("of other kinds does the same", function()
    for source, case in pairs({
      ["framing.prefix({ size = 2, max = 5 })"] = { "\0\6", "a message of 6 bytes, at most 5 are allowed" },
      ["framing.prefix({ size = 8 })"] = { ("\255"):rep(8),
        "a message of 2^53 bytes or more, at most 16777216 are allowed" },
      ["framing.prefix({ size = 2, adjust = 2 })"] = { "\0\1", "a length of 1, expected 2 at least" },
      ["framing.delimiter({ delimiter = '\\0', max = 3 })"] = { "1234", "a message of more than 3 bytes" },
    }) do
      local client, server = scripts.serve_one(CLOSED .. HANDLER:format(source))
      client:send(case[1])
      assert.equal("", (client:receive_all()))
      assert.equal(("closed\t%s\tEPROTO"):format(case[2]), server:line())
    end
  end)

  it("is told in order over TLS and evio.deflate", function()
    local server = scripts.serve(SOURCES.handler .. ([[

      function events.serving(server) print(table.concat(server.addresses, "\n")) end
      events = evio.translate(events, nil, evio.deflate())
      events = evio.translate(events, nil, evio.tls({ %s }))]]):format(certificates.fields("server")))
    local script = scripts.dial(([[
      function events.opened() return "one\n12345678901\nnever\n" end
      function events.data(_, input) io.write(input) end
      function events.eof() print("end") end
      events = evio.translate(events, nil, evio.deflate())
      evio.dial(evio.translate(events, nil, evio.tls({ ca = %q })), arg[1])]]):format(certificates.path("ca.pem")),
      server:address())
    for _, line in ipairs({ "ONE", "end", "closed\tnil\tnil" }) do
      assert.equal(line, script:line())
    end
    server:expect(WORDS)
  end)
end)

describe("the guide's server", function()
  it("works as it stands", function()
    local source = support.read_file("docs/guide.md"):match("### Framing\n.-```lua\n(.-)```")
    source = source:gsub("localhost:5000", "127.0.0.1:0"):gsub("evio%.serve%(",
      "function events.serving(server) print(server.addresses[1]) end\n%0")
    local server = support.start(source)
    assert_echoes(support.connect(server:address()), "\0\5hello", "\0\14you said hello")
    local client = support.connect(server:address())
    client:send("\255\255")
    server:expect("a message of 65535 bytes, at most 1000 are allowed$")
  end)
end)

describe("a background job #threads", function()
  it("has codecs, too", function()
    local server = scripts.serve([[
      local framing = evio.framing
      local function work(bytes)
        local lines = framing.lines()
        return lines:decode(bytes), lines:encode("two"), pcall(lines.handler, lines, print)
      end
      evio.spawn(work, "one\n"):done(print)]])
    server:expect("^true\tone\ttwo\r$") -- the line goes on behind CRLF
    server:expect("^\tfalse\tlines:handler: a background job has no connections$")
  end)
end)
