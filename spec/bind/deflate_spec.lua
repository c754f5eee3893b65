-- evio.deflate: both ends are scripts where the wire does not matter, else zlib's own programs.
local scripts = require("spec.support.scripts")
local support = require("spec.support")
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

  it("goes through TLS and is pushed and popped in the middle of a conversation", function()
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

  it("drops what comes behind the end", function()
    local server = serve(REPORT .. "function events.data(_, input) print(input) end",
      { "evio.deflate({ format = 'gzip' })" })
    local client = support.connect(server:address())
    client:send(gzipped("hello") .. "more")
    assert.equal("hello", server:line())
    assert.equal("closed\tnil\tnil", server:line())
  end)

  for arguments, message in pairs({
    ["5"] = "the settings are a number, expected a table",
    ["{ levle = 3 }"] = 'unknown setting "levle", expected format, level or ratio',
    ["{ level = 0 }"] = "level is 0, expected a whole number from 1 to 9",
    ["{ level = 1.5 }"] = "level is 1.5, expected a whole number from 1 to 9",
    ["{ format = 'zip' }"] = 'format is "zip", expected "raw", "zlib" or "gzip"',
    ["{ format = 5 }"] = 'format is a number, expected "raw", "zlib" or "gzip"',
    ["{ ratio = 0 }"] = "ratio is 0, expected a whole number from 1 on, or false",
    ["{ ratio = '5' }"] = "ratio is 5, expected a whole number from 1 on, or false",
  }) do
    it("refuses " .. arguments, function()
      assert.matches("server.lua:1: evio.deflate: " .. message,
        scripts.fail(("evio.deflate(%s)"):format(arguments)), 1, true)
    end)
  end

  it("makes no evio.tls", function()
    assert.matches("what evio.tls makes (call it as tls:reload()) expected, got userdata",
      scripts.fail("evio.tls({}).reload(evio.deflate())"), 1, true)
    assert.matches("attempt to call method 'reload'", scripts.fail("evio.deflate():reload()"), 1, true)
  end)
end)
