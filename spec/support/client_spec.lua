local socket = require("posix.sys.socket")
local unistd = require("posix.unistd")
local address = require("spec.support.address")
local standins = require("spec.support.standins")
local support = require("spec.support")

-- A listening socket in this process, for what no program does on demand.
local function listen()
  local fd = socket.socket(socket.AF_INET, socket.SOCK_STREAM, 0)
  assert(socket.bind(fd, { family = socket.AF_INET, addr = "127.0.0.1", port = 0 }))
  assert(socket.listen(fd, 5))
  return fd, address.local_port(fd)
end

describe("support: a client", function()
  it("sends and receives by count, by line, up to the end", function()
    local client = support.connect(standins.server("cat"))
    assert.is_true(client:port() > 0)
    assert.is_true(client:send("hello world\r\nnext\nrest"))
    assert.equal("hello", client:receive(5))
    assert.equal(" world", client:receive_line())
    assert.equal("next", client:receive_line())
    assert.equal("re", client:receive_some(2))
    client:finish()
    local bytes, code = client:receive_all()
    assert.same({ "st", nil }, { bytes, code })
    assert.equal("", client:receive_some())
  end)

  it("tells an early end from the bytes that were asked for", function()
    local server = standins.server("echo short")
    local client = support.connect(server)
    local bytes, code, partial = client:receive(100)
    assert.same({ nil, "EOF", "short\n" }, { bytes, code, partial })
  end)

  it("reports a reset", function()
    local listener, port = listen()
    local client = support.connect("tcp://127.0.0.1:" .. port)
    client:send("never read")
    local fd = socket.accept(listener)
    unistd.close(fd)
    unistd.close(listener)
    local bytes, code = client:receive_all()
    assert.same({ "", "ECONNRESET" }, { bytes, code })
    local sent
    sent, code = client:send("x")
    assert.same({ nil, "EPIPE" }, { sent, code })
  end)

  it("fails at the deadline", function()
    local client = support.connect(standins.server("cat"))
    local message = standins.error_of(client.receive, client, 1, standins.SOON)
    assert.matches("could not receive before the deadline", message, 1, true)
    assert.matches("client_spec.lua", message, 1, true)
    message = standins.error_of(client.receive_line, client, standins.SOON)
    assert.matches("could not receive before the deadline", message, 1, true)
  end)

  it("fails at the deadline when the peer does not read", function()
    local server = standins.server("sleep 10")
    local client = support.connect(server, { receive_buffer = 4096 })
    local bytes = ("x"):rep(32 * 1024 * 1024)
    local message = standins.error_of(client.send, client, bytes, standins.SOON)
    assert.matches("could not send before the deadline", message, 1, true)
    support.eventually(function()
      local count, code = client:try_send(bytes)
      return not count and code == "EAGAIN"
    end)
  end)

  it("says who refused it", function()
    local client, code = support.try_connect("tcp://127.0.0.1:1")
    assert.same({ nil, "ECONNREFUSED" }, { client, code })
    local message = standins.error_of(support.connect, "unix:///nonexistent/socket")
    assert.matches("unix:///nonexistent/socket: ENOENT", message, 1, true)
    assert.matches("cannot connect", standins.error_of(support.connect, "gopher://x"), 1, true)
  end)

  it("speaks IPv6, unix and abstract unix", function()
    local path = support.tmpdir() .. "/socket"
    for text, listener in pairs({
      ["unix://" .. path] = "UNIX-LISTEN:" .. path .. ",fork",
      ["unix://@" .. path] = "ABSTRACT-LISTEN:" .. path .. ",fork",
      ["tcp://[::1]"] = support.has_ipv6() and "TCP6-LISTEN:0,bind=[::1],fork" or nil,
    }) do
      local _, tcp = standins.socat(listener, "cat")
      local port = text:match("^tcp") and tcp:match(":%d+$") or ""
      local client = support.connect(text .. port)
      client:send("ping")
      assert.equal("ping", client:receive(4))
    end
  end)

  it("resets a connection", function()
    local server = standins.shell("echo up; exec socat -d -d TCP-LISTEN:0,bind=127.0.0.1 EXEC:cat")
    local port = server:expect_error("listening on .-:(%d+)\n")
    local client = support.connect("tcp://127.0.0.1:" .. port)
    client:send("x")
    assert.equal("x", client:receive(1))
    client:reset()
    server:expect_error("Connection reset by peer")
  end)
end)
