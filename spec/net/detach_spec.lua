-- Detaching: a socket leaves the loop, in order, and is the script's from then on.
local posix_errno = require("posix.errno")
local scripts = require("spec.support.scripts")
local support = require("spec.support")

local MIB = 1024 * 1024
local TWO = { "tcp://127.0.0.1:0", "tcp://127.0.0.1:0" }

-- `sockets` keeps what was detached; `receive(socket)` and `send(socket, bytes)` use the descriptor
-- as another library would.
local HEAD = [[
local ffi, sockets = require("ffi"), {}
ffi.cdef("long recv(int, void *, size_t, int); long send(int, const void *, size_t, int);")
local function receive(socket)
  local bytes = ffi.new("char[100]")
  local n = tonumber(ffi.C.recv(socket:fd(), bytes, 100, 0))
  return n < 0 and ffi.errno() or ffi.string(bytes, n)
end
local function send(socket, bytes) return tonumber(ffi.C.send(socket:fd(), bytes, #bytes, 0)) end
function events.detached(conn, socket)
  print("detached", conn.id)
  sockets[#sockets + 1] = socket
end
function events.closed(conn, err, code) print("closed", conn.id, code, err) end
function events.eof(conn) print("eof", conn.id) end
]]

local function serve(source, opts)
  return scripts.serve(HEAD .. source, opts)
end

local function narrow(server)
  return support.connect(server:address(), { receive_buffer = 65536 })
end

describe("a detached socket", function()
  for _, how in ipairs({ "return 'bye', 'detach'", "print(conn:detach()) return 'bye'" }) do
    it("comes after what was written before, by " .. how, function()
      local server = serve("function events.data(conn) conn:write('good') " .. how .. " end")
      local client = support.connect(server:address())
      client:send("x")
      assert.equal("goodbye", client:receive(7))
      assert.equal("detached\t1", server:expect("^detached.*"))
    end)
  end

  it("comes only when all output is with the system", function()
    local server = serve([[
      function events.data()
        evio.after(0.2, function() print("timer", #sockets) end)
        return ("x"):rep(16 * 1024 * 1024), "detach"
      end]])
    local client = narrow(server)
    client:send("x")
    assert.equal("timer\t0", server:expect("^timer.*"))
    assert.equal(16 * MIB, #client:receive(16 * MIB))
    assert.equal("detached\t1", server:line())
  end)

  it("is never touched by the loop again (seed 1)", function()
    local server = serve([[
      local answer = 0
      function events.data(conn, input)
        print("data", conn.id, input)
        if conn.id == 1 then return nil, "detach" end
        return tostring(receive(sockets[1])) .. "\n"
      end]])
    local client = support.connect(server:address())
    client:send("x")
    server:expect("^detached")
    local other = support.connect(server:address())
    local function received() -- what is sent may take a moment to get there
      return support.eventually(function()
        other:send("?")
        assert.equal("data\t2\t?", server:line())
        local answer = other:receive_line()
        return answer ~= tostring(posix_errno.EAGAIN) and answer
      end)
    end
    for number = 1, 20 do
      local text = "later " .. number
      client:send(text)
      support.pass(0.005)
      assert.equal(text, received())
    end
    client:finish()
    assert.equal("", received())
    other:close()
    assert.equal("eof\t2", server:line())
  end)

  it("is read by whoever has its descriptor", function()
    local server = serve([[
      function events.data(_, input) return nil, "detach" end
      function events.detached(_, socket)
        ffi.cdef("int dup2(int, int); int fcntl(int, int, ...);")
        ffi.C.fcntl(socket:fd(), 4, ffi.cast("int", 0)) -- blocking again
        ffi.C.dup2(socket:fd(), 0)
        socket:close()
        print("reading")
        print("line", io.read())
      end]])
    local client = support.connect(server:address())
    client:send("x")
    server:expect("^reading$")
    client:send("a line\n")
    assert.equal("line\ta line", server:expect("^line.*"))
  end)

  it("has the connection's fields beside it, and they stay", function()
    local client, server = scripts.serve_one(HEAD .. [[
      local function show(name, conn)
        print(name, conn.id, conn.own, conn.remote_port, conn.local_address == conn.server.addresses[1],
          conn.remote_address, evio.conn(conn.id))
      end
      function events.data(conn) conn.own = "mine" return nil, "detach" end
      function events.detached(conn, socket)
        sockets[1] = socket
        show("now", conn)
        evio.after(0.01, function() show("later", conn) end)
      end]])
    client:send("x")
    local port = client:port()
    local rest = ("\t1\tmine\t%d\ttrue\ttcp://127.0.0.1:%d\tnil"):format(port, port)
    assert.equal("now" .. rest, server:expect("^now.*"))
    assert.equal("later" .. rest, server:line())
  end)

  it("leaves a connection whose methods return false", function()
    local client, server = scripts.serve_one(HEAD .. [[
      local function show(name, conn)
        print(name, conn:write("x"), conn:close(), conn:detach(), conn:abort(), conn:finish(),
          conn:pending(), conn:resume(), conn:timeout({}), conn:handler({}), conn:wake())
      end
      function events.data(conn) return nil, "detach" end
      function events.detached(conn, socket)
        sockets[1] = socket
        show("now", conn)
        evio.after(0.01, function() show("later", conn) end)
      end]])
    client:send("x")
    assert.equal("now" .. ("\tfalse"):rep(10), server:expect("^now.*"))
    assert.equal("later" .. ("\tfalse"):rep(10), server:line())
    support.pass(0.05)
    local _, code = client:try_receive()
    assert.equal("EAGAIN", code)
  end)
end)

describe("a detach that fails", function()
  it("because the client resets is closed, and no detached (seed 18)", function()
    local server = serve([[
      function events.data() print("go") return ("x"):rep(16 * 1024 * 1024), "detach" end]])
    local client = narrow(server)
    client:send("x")
    server:expect("^go$")
    support.pass(0.05)
    client:reset()
    local code = server:expect("^closed\t1\t(%u+)\t")
    assert.is_true(code == "ECONNRESET" or code == "EPIPE", code)
    server:stop()
    assert.not_matches("detached", (server:output()))
  end)

  it("because the client takes nothing is closed after the linger time (seed 18)", function()
    local server = serve([[
      events.options = { linger = 0.2 }
      function events.data() return ("x"):rep(16 * 1024 * 1024), "detach" end]])
    local client = narrow(server)
    client:send("x")
    server:expect("^closed\t1\tETIMEDOUT\tlinger time%-out: ")
    server:stop()
    assert.not_matches("detached", (server:output()))
  end)

  it("because the queue is full is closed", function()
    local server = serve([[
      events.options = { queue = 1000000, high = 1000000 }
      function events.data() return ("x"):rep(16 * 1024 * 1024), "detach" end]])
    local client = narrow(server)
    client:send("x")
    server:expect("^closed\t1\tENOBUFS\t")
    server:stop()
    assert.not_matches("detached", (server:output()))
  end)

  it("because the callback does is closed with its error", function()
    local server = serve([[
      function events.data(conn) conn:write("bye") print(conn:detach()) error("late") end]])
    local client = support.connect(server:address())
    client:send("x")
    assert.equal("bye", client:receive_all())
    server:expect("^closed\t1\tnil\t.*late$")
    server:stop()
    assert.not_matches("detached", (server:output()))
  end)

  it("is an error of the script where nobody takes the socket", function()
    for _, how in ipairs({ "return nil, 'detach'", "conn:detach()" }) do
      local client, server = scripts.serve_one("function events.data(conn) " .. how .. [[ end
        function events.closed(_, err) print("closed", err) end]])
      client:send("x")
      local message = server:expect("^closed\t(.*)$")
      assert.matches("server%.lua:1: ", message)
      assert.matches("detached handler, which gets the socket", message, 1, true)
      server:expect_error("error in data, connection 1")
    end
  end)
end)

describe("a detach", function()
  it("from another connection's event is in order, too", function()
    local server = serve([[
      local first
      function events.opened(conn) if conn.index == 1 then first = conn conn:pause() end end
      function events.data(conn)
        first:write(("x"):rep(8 * 1024 * 1024))
        return first:detach() and not first:detach() and not first:write("y") and "ok"
      end]], { addresses = TWO })
    local client = support.connect(server:address(1), { receive_buffer = 65536 })
    client:send("stays unread")
    local other = support.connect(server:address(2))
    other:send("x")
    assert.equal("ok", other:receive(2))
    assert.equal(8 * MIB, #client:receive(8 * MIB))
    server:expect("^detached\t1$")
  end)

  it("goes on during a shutdown", function()
    local server = serve([[
      function events.data(conn, input)
        evio.after(0.05, evio.shutdown)
        return ("x"):rep(8 * 1024 * 1024), "detach"
      end
      function events.detached(conn, socket)
        print("detached", socket:fd() > 2)
        send(socket, "over")
        socket:close()
      end]])
    local client = narrow(server)
    client:send("x")
    support.pass(0.2)
    assert.equal(8 * MIB + 4, #client:receive_all())
    assert.equal("detached\ttrue", server:expect("^detached.*"))
    assert.same({ status = 0 }, server:wait())
  end)
end)
