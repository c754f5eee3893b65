-- Detached sockets in background jobs: they move, every byte arrives, their waits are the job's.
local scripts = require("spec.support.scripts")
local support = require("spec.support")

local MIB = 1024 * 1024

-- A server that gives a connection to a job when it says "go", and what it is given to: `work` is the
-- body of a function(socket). It prints what is left on the loop, and how the job ended.
local function serve(work, more)
  return scripts.serve_one(([[
    local work = function(socket) $WORK end
    function events.data(conn, input)
      if input == "go" then return "gone", "detach" end
      return input
    end
    function events.detached(_, socket)
      evio.spawn(work, socket):done(print)
      print("moved", socket:fd(), socket:close(), tostring(socket))
    end
    $MORE]]):gsub("$(%u+)", { WORK = work, MORE = more or "" }), nil)
end

local function go(client)
  client:send("go")
  assert.equal("gone", client:receive(4))
end

describe("a detached socket #threads", function()
  it("moves to the job, and the loop's handle is dead", function()
    local client, server = serve([[
      local line = socket:read(5)
      socket:write(line:upper())
      return socket:fd() ~= nil, tostring(socket)]])
    go(client)
    assert.equal("moved\tnil\tfalse\tsocket (closed)", server:line())
    client:send("hello")
    assert.equal("HELLO", client:receive(5))
    assert.matches("^true\ttrue\tsocket %(descriptor %d+%)$", server:line())
    assert.equal("", client:receive_all())
  end)

  it("takes the input along that nobody read", function()
    local client = serve("socket:write(socket:read(10):reverse())", [[
      events.data = evio.stream(function(conn, stream)
        if stream:take(2) then conn:detach() return "gone" end
      end)]])
    client:send("go12345")
    assert.equal("gone", client:receive(4))
    client:send("67890")
    assert.equal("0987654321", client:receive(10))
  end)

  it("writes one string, and loses no second one without a word", function()
    local client, server = serve("socket:write('a', 'b')")
    go(client)
    server:expect("^false\t.*socket:write: a second value, a string, expected one string or string.buffer")
    assert.equal("", client:receive_all())
  end)

  it("is closed when its job ended, by an error, too", function()
    local client, server = serve("local x = socket error('on purpose')")
    go(client)
    assert.equal("", client:receive_all())
    server:expect("^false\t.*on purpose")
    server:stop()
  end)

  it("carries 10 MiB, a marker and 10 MiB in both directions, on the loop and in the job", function()
    local first, second = support.random_bytes(10 * MIB), support.random_bytes(10 * MIB)
    local client, server = scripts.serve_one(([[
      local SIZE, got = %d, 0
      events.data = evio.stream(function(conn, stream)
        local bytes = stream:take(math.min(#stream, SIZE - got))
        if got == SIZE then
          if not stream:take(6) then return end
          return "MARKER", "detach"
        end
        got = got + #bytes
        return bytes
      end)
      function events.detached(_, socket)
        evio.spawn(function(socket, size)
          local got = 0
          while got < size do
            local bytes = socket:read()
            got = got + #bytes
            assert(socket:write(bytes))
          end
          return got, socket:read()
        end, socket, SIZE):done(print)
      end]]):format(10 * MIB))
    support.same_bytes(first, (support.exchange(client, first)))
    client:send("marker")
    assert.equal("MARKER", client:receive(6))
    support.same_bytes(second, (support.exchange(client, second)))
    client:finish()
    assert.equal(("true\t%d\tnil"):format(10 * MIB), server:line())
    server:stop()
  end)

  it("tells a clean end, as often as it is asked, a cut and a reset (seed 14)", function()
    local client, server = serve("return select('#', socket:read()), socket:read()")
    go(client)
    server:line()
    client:finish()
    assert.equal("true\t1\tnil", server:line())
    client, server = serve("return socket:read(10)")
    go(client)
    server:line()
    client:send("12345")
    client:finish()
    assert.equal("true\tnil\tthe peer finished after 5 of 10 bytes\tECUT", server:line())
    client, server = serve("local a, b, code = socket:read() return a, code")
    go(client)
    server:line()
    client:reset()
    assert.equal("true\tnil\tECONNRESET", server:line())
  end)

  it("waits as long as it may", function()
    local client, server = serve([[
      socket:timeout(0.05)
      local before = evio.now()
      local bytes, message, code = socket:read()
      return bytes, message, code, evio.now() - before >= 0.05]])
    go(client)
    server:line()
    assert.equal("true\tnil\tconnection timed out\tETIMEDOUT\ttrue", server:line())
  end)

  it("stays with the script when the job cannot be spawned", function()
    local client, server = scripts.serve_one(([[
      local path = "%s/go"
      function events.data() return nil, "detach" end
      function events.detached(_, socket)
        evio.pool({ threads = 1, queue = 1 })
        print(pcall(evio.spawn, function() end, socket, print))
        print(pcall(evio.spawn, function() end, socket, socket))
        print(pcall(evio.spawn, function() end, { socket }))
        print(socket:fd() ~= nil)
        local first = evio.spawn(function(path) while not io.open(path) do evio.sleep(0.002) end end, path)
        evio.spawn(function() end)
        print(select(3, evio.spawn(function() end, socket)), socket:fd() ~= nil)
        assert(io.open(path, "w")):close()
        first:done(function()
          evio.spawn(function(socket) socket:write("hello") end, socket)
          print(pcall(evio.spawn, function() end, socket))
        end)
      end]]):format(support.tmpdir()))
    client:send("x")
    assert.matches("^false\t.*argument 2 is a function, which cannot cross", server:line())
    assert.matches("^false\t.*argument 2 is a socket that is given twice", server:line())
    assert.matches("^false\t.*argument 1: %[1%] is a userdata, which cannot cross", server:line())
    assert.equal("true", server:line())
    assert.equal("EAGAIN\ttrue", server:line())
    assert.matches("argument 1 is a socket that is closed, or was given to a job", server:line())
    assert.equal("hello", client:receive_all())
  end)

  it("is closed with a job that is cancelled, and with one that is dropped", function()
    for _, how in ipairs({ "job:cancel()", "evio.shutdown()" }) do
      local path = support.tmpdir() .. "/go"
      local client, server = scripts.serve_one(([[
        evio.pool({ threads = 1, linger = 60 })
        function events.data() return "gone", "detach" end
        function events.detached(_, socket)
          evio.spawn(function(path) while not io.open(path) do evio.sleep(0.002) end end, "%s")
          local job = evio.spawn(function() end, socket)
          job:done(print)
          %s
        end]]):format(path, how))
      client:send("x")
      assert.equal("gone", client:receive_all()) -- while the first one goes on
      support.write_file(path, "")
      assert.equal("false\tcancelled\tECANCELED", server:line())
    end
  end)

  it("is closed with a job that never ran when the Lua state ends", function()
    local client, server = scripts.serve_one([[
      evio.pool({ threads = 1 })
      function events.data() return "gone", "detach" end
      function events.detached(_, socket)
        evio.spawn(function() while true do evio.sleep(0.01) end end)
        evio.spawn(function() end, socket)
        os.exit(3)
      end]])
    client:send("x")
    assert.equal("gone", client:receive_all())
    assert.same({ status = 3 }, server:wait())
  end)

  it("is not touched by a shutdown: the job finishes within its time", function()
    local client, server = serve([[
      socket:write("ready")
      local bytes = socket:read(5)
      socket:write(bytes)
      return socket:read()]])
    local other = support.connect(server:address())
    other:send("x")
    assert.equal("x", other:receive(1))
    go(client)
    assert.equal("ready", client:receive(5))
    server:signal("TERM")
    assert.equal("", other:receive_all())
    client:send("hello")
    assert.equal("hello", client:receive(5))
    assert.is_true(server:alive())
    client:finish()
    assert.equal("", client:receive_all())
    assert.same({ status = 0 }, server:wait())
  end)

  it("is not touched by what happens to others on the loop (seed 1)", function()
    local client, server = serve("for _ = 1, 50 do socket:write(socket:read(1)) end")
    go(client)
    for _ = 1, 50 do
      local other = support.connect(server:address())
      other:send("echo")
      assert.equal("echo", other:receive(4))
      other:reset()
      client:send("x")
      assert.equal("x", client:receive(1))
    end
    assert.equal("", client:receive_all())
  end)
end)

