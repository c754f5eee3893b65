-- evio.deflate: both ends are scripts where the wire does not matter, else zlib's own programs.
local scripts = require("spec.support.scripts")
local support = require("spec.support")
local certificates = require("spec.support.certificates")
local translators = require("spec.support.translators")

local REPORT = [[
function events.closed(_, err, code) print("closed", err, code) end
function events.failed(_, err, code) print("failed", err, code) end
]]

local function wrap(stack)
  local lines = {}
  for i, make in ipairs(stack) do
    lines[i] = ("events = evio.translate(events, nil, %s)"):format(make)
  end
  return table.concat(lines, "\n")
end

local function serve(source, stack)
  return scripts.serve(translators .. source .. [[

    function events.serving(server) print(table.concat(server.addresses, "\n")) end
  ]] .. wrap(stack or { "evio.deflate()" }))
end

local function dial(source, server, stack)
  return scripts.dial(translators .. source .. "\n" .. wrap(stack or { "evio.deflate()" }) .. [[

    evio.dial(events, arg[1])]], server:address())
end

-- What a shell's command makes of bytes.
local function filtered(command, bytes)
  local directory = support.tmpdir()
  support.write_file(directory .. "/in", bytes)
  assert.equal(0, os.execute(("cd %s && timeout 20 %s <in >out 2>err"):format(directory, command)))
  return support.read_file(directory .. "/out")
end

local function gzipped(bytes)
  return filtered("gzip -9n", bytes)
end

describe("evio.deflate", function()
  for _, format in ipairs({ "raw", "zlib", "gzip" }) do
    it("goes both ways as " .. format .. ", and everything comes at once", function()
      local stack = { ("evio.deflate({ format = %q, level = 9 })"):format(format) }
      local server = serve(REPORT .. [[
        function events.data(_, input) print("data", #input) return input:upper() end
        function events.eof() print("eof") return "bye" end]], stack)
      local script = dial([[
        function events.opened() return "hello" end
        function events.data(conn, input)
          print("data", input)
          if input == "HELLO" then conn:finish() end
        end
        function events.eof() print("eof") end]], server, stack)
      assert.equal("data\t5", server:line())
      assert.equal("eof", server:line())
      assert.equal("closed\tnil\tnil", server:line())
      assert.equal("data\tHELLO", script:line())
      assert.equal("data\tbye", script:line())
      assert.equal("eof", script:line())
      assert.equal("closed\tnil\tnil", script:line())
    end)
  end

  it("is what gzip reads and writes", function()
    local server = serve(REPORT .. [[
      function events.data(_, input) return input:upper() end]], { "evio.deflate({ format = 'gzip' })" })
    local client = support.connect(server:address())
    client:send(gzipped(("hello "):rep(1000)))
    client:finish()
    local wire = client:receive_all()
    support.same_bytes(("HELLO "):rep(1000), filtered("gzip -d", wire))
    assert.equal("closed\tnil\tnil", server:line())
  end)

  it("passes every byte, one at a time, through three translators in both directions", function()
    local stack = { "evio.deflate({ format = 'raw' })", "rot()", "evio.deflate()" }
    local bytes = support.random_bytes(1000)
    local server = serve([[
      function events.data(conn, input)
        for i = 1, #input do conn:write(input:sub(i, i)) end
      end]], stack)
    local script = dial(([[
      local bytes, got, at = %q, "", 0
      function events.opened(conn)
        local timer
        timer = evio.every(0, function()
          at = at + 1
          if at > #bytes then timer:cancel() else conn:write(bytes:sub(at, at)) end
        end)
      end
      function events.data(conn, input)
        got = got .. input
        if #got == #bytes then
          print(got == bytes)
          return nil, "close"
        end
      end]]):format(bytes), server, stack)
    assert.equal("true", script:line())
    assert.equal("closed\tnil\tnil", script:line())
  end)

  it("has 50 replies of 100 KB with a close complete", function()
    local server = serve([[
      local count = 0
      function events.data(_, input)
        count = count + #input
        local parts = {}
        for i = 1, 102400 / 8 do parts[i] = ("%08x"):format((i * 2654435761 + count) % 2^32) end
        return table.concat(parts), "close"
      end]])
    assert.equal("50", scripts.whole_replies("evio.deflate()", server:address()))
  end)

  it("goes through TLS, which is around it, 64 KiB of plaintext at a time", function()
    local function stack(settings)
      return { "evio.deflate({ level = 9 })", ("evio.tls({ %s })"):format(settings) }
    end
    local server = serve(REPORT .. [[
      local most, got = 0, 0
      function events.data(conn, input)
        most, got = math.max(most, #input), got + #input
        if got == 4000000 then
          print(conn.tls.version, most)
          return input, "close"
        end
      end]], stack(certificates.fields("server")))
    local bytes = support.random_bytes(1000)
    local script = dial(([[
      function events.opened() return (%q):rep(4000) end
      local got = 0
      function events.data(_, input) got = got + #input end
      function events.eof() print(got > 0) end]]):format(bytes), server, stack("verify = false"))
    assert.equal("TLSv1.3\t65536", server:line())
    assert.equal("closed\tnil\tnil", server:line())
    assert.equal("true", script:line())
  end)

  it("makes less of it with a higher level, and flushes once an event", function()
    local sizes = {}
    for i, settings in ipairs({ "level = 1", "level = 9", "level = 9, window = 9, memory = 1" }) do
      local server = serve([[
        local parts = {}
        for i = 1, 20000 do parts[i] = ("%d %x;"):format(i * i, i) end
        function events.opened(conn) return table.concat(parts), "close" end]],
        { ("evio.deflate({ format = 'gzip', %s })"):format(settings) })
      sizes[i] = #support.connect(server:address()):receive_all()
    end
    assert.is_true(sizes[2] < sizes[1] and sizes[2] < sizes[3], table.concat(sizes, " "))
    local server = serve([[
      function events.opened(conn) conn:write("aa") conn:write("bb") return "cc", "close" end]],
      { "evio.deflate({ format = 'raw' })" })
    local _, flushes = support.connect(server:address()):receive_all():gsub("%z%z\255\255", "")
    assert.equal(1, flushes)
  end)

  it("is pushed and popped in the middle of a conversation", function()
    local client, server = scripts.serve_one([[
      function events.data(conn, input)
        if input == "pack" then
          conn:write("plain;")
          conn:push(evio.deflate(), function() print("ready") return "packed" end)
        elseif input == "back" then
          conn:write("last")
          print(conn:pop())
          return "plain"
        end
      end]])
    client:send("pack")
    assert.equal("plain;", client:receive(6))
    assert.equal("ready", server:line())
    assert.equal("\120\156", client:receive(2))
    client:send("x\156\1\4\0\251\255back") -- a stored block that is not the last
    assert.equal("true", server:line())
    local rest = client:receive(9)
    while rest:sub(-5) ~= "plain" do
      rest = rest .. client:receive(1)
    end
  end)

  it("says so when a socket in a job cannot send its end, and takes nothing behind it", function()
    local server = serve([[
      function events.opened() return nil, "detach" end
      function events.detached(_, socket)
        local bytes = {}
        for i = 1, 2 ^ 16 do bytes[i] = string.char(math.random(0, 255)) end
        local job = evio.spawn(function(s, some)
          s:timeout(0.1)
          repeat until not s:write(some) -- until nothing fits any more
          local finished = { s:finish() }
          local written = { s:write("more") }
          return finished[3], written[3]
        end, socket, table.concat(bytes))
        job:done(print)
      end]], { "evio.deflate({ format = 'gzip', level = 1 })" })
    support.connect(server:address(), { receive_buffer = 4096 })
    assert.equal("true\tETIMEDOUT\tEPIPE", server:line(30))
  end)

  it("ends with ECUT when the peer cuts the stream", function()
    local server = serve(REPORT .. [[
      function events.data(_, input) print("data", #input) end
      function events.eof() print("eof") end]], { "evio.deflate({ format = 'gzip' })" })
    local wire = gzipped(support.random_bytes(1000))
    for _, length in ipairs({ 1, 5, #wire - 1 }) do
      local client = support.connect(server:address())
      client:send(wire:sub(1, length))
      client:finish()
      if length > 100 then
        assert.equal("data\t1000", server:line())
      end
      assert.equal("closed\tdeflate: the peer cut the stream in front of its end\tECUT", server:line())
    end
    local client = support.connect(server:address())
    client:send(wire)
    client:finish()
    assert.equal("data\t1000", server:line())
    assert.equal("eof", server:line())
    assert.equal("closed\tnil\tnil", server:line())
  end)

  it("lets a peer that sends nothing be no peer of deflate", function()
    local server = serve(REPORT .. "function events.opened() return 'x' end", { "evio.deflate()" })
    local client = support.connect(server:address())
    client:finish()
    assert.equal("closed\tnil\tnil", server:line())
    assert.equal("\120\156", client:receive_all():sub(1, 2))
  end)

  it("ends with zlib's reason when it is no stream", function()
    local server = serve(REPORT)
    local client = support.connect(server:address())
    client:send("GET / HTTP/1.1\r\n")
    assert.equal("closed\tdeflate: incorrect header check\tEPROTO", server:line())
    local wrong = gzipped("hello"):gsub("....$", "zzzz")
    server = serve(REPORT, { "evio.deflate({ format = 'gzip' })" })
    client = support.connect(server:address())
    client:send(wrong)
    assert.equal("closed\tdeflate: incorrect length check\tEPROTO", server:line())
  end)

  it("drops what comes behind the end of zlib's, and reads gzip's members one after the other", function()
    local source = REPORT .. [[
      function events.data(_, input) print(input) end
      function events.eof() print("eof") end]]
    local server = serve(source)
    local client = support.connect(server:address())
    client:send("x\156\1\5\0\250\255hello\6\44\2\21" .. "more")
    assert.equal("hello", server:line())
    assert.equal("eof", server:line())
    assert.equal("closed\tnil\tnil", server:line())
    server = serve(source, { "evio.deflate({ format = 'gzip' })" })
    local function ask(wire, expected)
      client = support.connect(server:address())
      client:send(wire)
      client:finish()
      for _, line in ipairs(expected) do
        assert.equal(line, server:line())
      end
    end
    local hello, world, empty = gzipped("hello"), gzipped("world"), gzipped("")
    ask(empty .. hello .. empty .. world, { "helloworld", "eof", "closed\tnil\tnil" })
    ask(empty, { "eof", "closed\tnil\tnil" })
    ask(hello .. "more", { "hello", "closed\tdeflate: incorrect header check\tEPROTO" })
    ask(hello .. world:sub(1, -2), { "helloworld",
      "closed\tdeflate: the peer cut the stream in front of its end\tECUT" })
  end)

  it("lets a raw stream end behind a flush, as IMAP's does", function()
    local client, server = scripts.serve_one([[
      function events.data(_, input) print(input) end
      function events.eof() print("eof") return "bye" end
      function events.closed(_, err, code) print("closed", err, code) end
      events = evio.translate(events, nil, evio.deflate({ format = "raw" }))]])
    client:send("\0\5\0\250\255hello") -- a stored block
    client:finish()
    assert.equal("hello", server:line())
    assert.equal("eof", server:line())
    assert.equal("closed\tnil\tnil", server:line())
    assert.is_true(#client:receive_all() > 3)
  end)

  it("makes no evio.tls", function()
    assert.matches("what evio.tls makes (call it as tls:reload()) expected, got userdata",
      scripts.fail("evio.tls({}).reload(evio.deflate())"), 1, true)
    assert.matches("attempt to call method 'reload'", scripts.fail("evio.deflate():reload()"), 1, true)
  end)
end)
