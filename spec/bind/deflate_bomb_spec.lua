-- evio.deflate and few bytes that become many: memory stays flat, and there is a limit.
local scripts = require("spec.support.scripts")
local support = require("spec.support")

local MIB = 1024 * 1024
local COUNT = support.sanitized and 3 or 8

local function check_flat(process, before)
  local growth = support.peak_rss(process.pid) - before
  assert.is_true(support.sanitized or growth < 2 * MIB, growth .. " bytes of growth")
end

-- 10 MiB of zeros that many times, 10 KB each.
local bombs = {}
local function bomb(count)
  if not bombs[count] then
    local directory = support.tmpdir()
    assert.equal(0, os.execute(("timeout 60 sh -c 'head -c %d /dev/zero | gzip -6n' > %s/bomb"):format(
      count * 10 * MIB, directory)))
    bombs[count] = support.read_file(directory .. "/bomb")
  end
  return bombs[count]
end

-- A server that has started: its memory before that would count its start as growth.
local function serve(settings, source)
  local server = scripts.serve(source .. ([[

    function events.closed(_, err, code) print("closed", err, code) end
    function events.serving(server) print(table.concat(server.addresses, "\n")) end
    events = evio.translate(events, nil, evio.deflate({ format = 'gzip', %s }))]]):format(settings))
  server:address()
  return server
end

describe("a compression bomb", function()
  it("ends the connection, and memory stays flat", function()
    local server = serve("", [[
      local got = 0
      function events.data(_, input) got = got + #input assert(#input <= 65536) end
      function events.eof() print("eof", got) end]])
    local before = support.rss(server.pid)
    for _ = 1, 3 do
      local client = support.connect(server:address())
      client:send(bomb(COUNT))
      server:expect("^closed\tdeflate: %d+ bytes became more than 200 times as many, which `ratio` allows\tEPROTO$")
    end
    check_flat(server, before)
  end)

  it("is as many bytes as it is where that is wanted, and memory stays flat", function()
    local server = serve("ratio = false", [[
      local got = 0
      function events.data(_, input) got = got + #input end
      function events.eof() print("eof", got) end]])
    local before = support.rss(server.pid)
    local client = support.connect(server:address())
    client:send(bomb(COUNT))
    client:finish()
    assert.equal("eof\t" .. COUNT * 10 * MIB, server:line(30))
    assert.equal("closed\tnil\tnil", server:line())
    check_flat(server, before)
  end)

  it("waits while its output is held back", function()
    local server = serve("ratio = false, level = 1", [[
      events.options = { high = 100000, low = 1000, linger = 0.2 }
      local got, filler = 0, {}
      for i = 1, 20000 do filler[i] = ("%08x"):format((i * 2654435761) % 2^32) end
      filler = table.concat(filler)
      function events.data(conn, input)
        got = got + #input
        return filler
      end
      function events.opened() evio.after(1, function() print(got) return "shutdown" end) end]])
    local bytes = bomb(1)
    local before = support.rss(server.pid)
    local client = support.connect(server:address(), { receive_buffer = 4096 })
    client:send(bytes)
    assert.is_true(tonumber(server:line()) < 8 * MIB)
    check_flat(server, before)
  end)

  it("waits while the connection is paused", function()
    local server = serve("ratio = false", [[
      local got = 0
      function events.data(conn, input)
        if got == 0 then
          conn:pause()
          evio.after(0.2, function() print("paused", got) conn:resume() end)
        end
        got = got + #input
      end
      function events.eof() print("eof", got) end]])
    local before = support.rss(server.pid)
    local client = support.connect(server:address())
    client:send(bomb(1))
    client:finish()
    local got = tonumber(server:expect("^paused\t(%d+)$"))
    assert.is_true(got > 0 and got <= 65536, tostring(got))
    check_flat(server, before)
    assert.equal("eof\t" .. 10 * MIB, server:line(30))
    assert.equal("closed\tnil\tnil", server:line())
  end)

  it("inside of another one leaves memory flat, too", function()
    local server = scripts.serve([[
      local got = 0
      function events.data(conn, input) got = got + #input end
      function events.eof() print("eof", got) end
      function events.closed(_, err, code) print("closed", err, code) end
      function events.serving(server) print(table.concat(server.addresses, "\n")) end
      for _ = 1, 2 do
        events = evio.translate(events, nil, evio.deflate({ format = 'gzip', ratio = false }))
      end]])
    local directory = support.tmpdir()
    support.write_file(directory .. "/bomb", bomb(COUNT))
    assert.equal(0, os.execute(("gzip -9n <%s/bomb >%s/outer"):format(directory, directory)))
    local client = support.connect(server:address())
    local before = support.rss(server.pid)
    client:send(support.read_file(directory .. "/outer"))
    client:finish()
    assert.equal("eof\t" .. COUNT * 10 * MIB, server:line(30))
    assert.equal("closed\tnil\tnil", server:line())
    check_flat(server, before)
  end)

  it("keeps no time-out from starting again while it becomes many", function()
    local servers, bytes = {}, bomb(1)
    for i, name in ipairs({ "read", "idle" }) do
      servers[i] = serve("ratio = false", ([[
        local ffi = require("ffi")
        ffi.cdef("int poll(void *, unsigned long, int);")
        events.options = { %s = 1 }
        local got, begun = 0, evio.now()
        function events.data(_, input)
          begun = got == 0 and evio.now() or begun
          got = got + #input
          ffi.C.poll(nil, 0, 10)
        end
        function events.eof() print("eof", got, evio.now() - begun > 1.2) end]]):format(name))
      local client = support.connect(servers[i]:address())
      client:send(bytes)
      client:finish()
    end
    for _, server in ipairs(servers) do
      assert.equal(("eof\t%d\ttrue"):format(10 * MIB), server:line(30))
      assert.equal("closed\tnil\tnil", server:line())
    end
  end)

  it("is not let through by taking the translator away", function()
    local server = serve("ratio = false", [[
      function events.data(conn) print(conn:pop()) end]])
    local client = support.connect(server:address())
    client:send(bomb(1))
    assert.equal("false", server:line())
    assert.equal("closed\tdeflate: taken away while input waits inside of it\tEPROTO", server:line())
  end)

  it("leaves others served", function()
    local server = serve("ratio = false", [[
      function events.data(conn, input)
        if input:byte() ~= 0 then return "pong", "close" end
      end]])
    local client, other = support.connect(server:address()), support.connect(server:address())
    client:send(bomb(COUNT))
    local directory = support.tmpdir()
    assert.equal(0, os.execute(("printf ping | gzip -n >%s/ping"):format(directory)))
    other:send(support.read_file(directory .. "/ping"))
    assert.is_true(#other:receive_all() > 0)
    assert.matches("closed", server:line(), 1, true)
  end)
end)
