-- Sockets that a service manager has bound, and what it is told: sd_listen_fds(3), sd_notify(3).
local socket = require("posix.sys.socket")
local unistd = require("posix.unistd")
local scripts = require("spec.support.scripts")
local support = require("spec.support")
local address = require("spec.support.address")
local system = require("spec.support.system")

local ECHO = "function events.data(_, input) return input end\n"

local open = {}

-- A listening socket, of TCP or with a path, and where to connect to.
local function listening(path)
  local fd = assert(socket.socket(path and socket.AF_UNIX or socket.AF_INET, socket.SOCK_STREAM, 0))
  open[#open + 1] = fd
  assert(socket.bind(fd, path and { family = socket.AF_UNIX, path = path }
    or { family = socket.AF_INET, addr = "127.0.0.1", port = 0 }))
  assert(socket.listen(fd, 10))
  return fd, path and "unix://" .. path or "tcp://127.0.0.1:" .. address.local_port(fd)
end

after_each(function()
  for _, fd in ipairs(open) do
    unistd.close(fd)
  end
  open = {}
end)

local function echoes(where)
  local client = support.connect(where)
  client:send("ping")
  assert.equal("ping", client:receive(4))
end

-- The command of the host, behind other words.
local function host(words)
  words = words or {}
  for word in (os.getenv("EVIO_LUA") or "./evio-lua"):gmatch("%S+") do
    words[#words + 1] = word:find("/") and not word:find("^/") and unistd.getcwd() .. "/" .. word or word
  end
  return words
end

-- The error of a script that listens on an address.
local function refused(where, pass)
  return scripts.fail(("evio.serve(events, %q)"):format(where), { pass = pass })
end

describe("systemd://", function()
  it("serves on the sockets that were passed, by name and in order", function()
    local a, address_a = listening()
    local b, address_b = listening()
    local c, address_c = listening()
    local d, address_d = listening(support.tmpdir() .. "/d")
    local server = scripts.serve("function events.opened(conn) return conn.index .. conn.local_address end", {
      addresses = { "systemd://second", "systemd://first", "systemd://file" },
      pass = { a, b, c, d, names = "first:second:first:file" },
    })
    assert.equal(address_b, server:line())
    assert.equal(address_a, server:line())
    assert.equal(address_d, server:line())
    for where, index in pairs({ [address_a] = 2, [address_b] = 1, [address_c] = 2, [address_d] = 3 }) do
      local client, answer = support.connect(where), index .. where
      assert.equal(answer, client:receive(#answer))
    end
  end)

  it("takes all of them without a name", function()
    local a, address_a = listening()
    local b, address_b = listening()
    local server = scripts.serve(ECHO, { addresses = { "systemd://" }, pass = { a, b, names = "x:y" } })
    assert.equal(address_a, server:line())
    echoes(address_a)
    echoes(address_b)
  end)

  it("stands beside addresses of its own", function()
    local a, address_a = listening()
    local server = scripts.serve(ECHO,
      { addresses = { "systemd://", "tcp://127.0.0.1:0" }, pass = { a, names = "x" } })
    assert.equal(address_a, server:line())
    echoes(server:line())
    echoes(address_a)
  end)

  it("leaves the file of a unix socket to who made it", function()
    local path = support.tmpdir() .. "/socket"
    local a = listening(path)
    local server = scripts.serve(ECHO, { addresses = { "systemd://" }, pass = { a, names = "x" } })
    assert.equal("unix://" .. path, server:line())
    server:stop()
    assert.is_truthy(unistd.access(path, "f"))
  end)

  it("refuses a unix socket and another one of the same name", function()
    for _, paths in ipairs({ { "a", nil }, { nil, "b" }, { "a", "b" } }) do
      local a = listening(paths[1] and support.tmpdir() .. "/a")
      local b = listening(paths[2] and support.tmpdir() .. "/b")
      assert.matches('cannot listen on "systemd://": systemd passed a unix socket and another one, expected names of',
        refused("systemd://", { a, b, names = "x:y" }), 1, true)
    end
  end)

  it("gives each socket out once", function()
    local a = listening()
    local line = scripts.fail([[
      assert(evio.listen(events, "systemd://"))
      assert(evio.listen(events, "systemd://"))]], { pass = { a, names = "x" } })
    assert.matches('cannot listen on "systemd://": systemd passed no socket of that name that is not taken', line,
      1, true)
  end)

  it("is refused where nothing of the name was passed", function()
    local a = listening()
    for _, where in ipairs({ "systemd://other", "systemd://x2", "systemd://X" }) do
      assert.matches(('cannot listen on "%s": systemd passed no socket of that name'):format(where),
        refused(where, { a, names = "x" }), 1, true)
    end
    assert.matches('cannot listen on "systemd://": systemd passed no socket', refused("systemd://"), 1, true)
  end)

  it("is refused where the sockets were meant for another process", function()
    local a = listening()
    local command = host()
    table.insert(command, 1, "sh")
    table.insert(command, 2, "-c")
    table.insert(command, 3, '"$0" "$@"; exit $?')
    assert.matches('cannot listen on "systemd://x": systemd passed no socket',
      scripts.fail("evio.serve(events, 'systemd://x')", { command = command, pass = { a, names = "x" } }), 1, true)
  end)

  it("refuses what is no listening stream socket", function()
    local datagram = assert(socket.socket(socket.AF_INET, socket.SOCK_DGRAM, 0))
    local idle = assert(socket.socket(socket.AF_INET, socket.SOCK_STREAM, 0))
    open = { datagram, idle }
    for _, fd in ipairs({ datagram, idle }) do
      assert.matches('cannot listen on "systemd://x": what systemd passed is no listening stream socket',
        refused("systemd://x", { fd, names = "x" }), 1, true)
    end
  end)

  it("cannot be dialed, and has names that LISTEN_FDNAMES can have", function()
    assert.matches('bad address "systemd://x": sockets of systemd are for listening',
      scripts.fail('evio.dial(events, "systemd://x")'), 1, true)
    assert.matches('bad address "systemd://a:b": the name has a character that cannot be in one',
      refused("systemd://a:b"), 1, true)
    assert.matches("reuseport does not apply to systemd sockets", refused("systemd://a?reuseport=1"), 1, true)
  end)

  it("works with systemd-socket-activate", function()
    local path = support.tmpdir() .. "/socket"
    local command = host({ "systemd-socket-activate", "-l", path, "--fdname=web" })
    scripts.serve(ECHO, { command = command, addresses = { "systemd://web" } })
    support.eventually(function()
      return support.try_connect("unix://" .. path) -- its file is there a little earlier
    end)
    echoes("unix://" .. path)
  end)
end)

describe("a service manager", function()
  -- Where it listens, and a function that returns what came next.
  local function manager(path)
    local fd = assert(socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM, 0))
    assert(socket.bind(fd, { family = socket.AF_UNIX, path = path }))
    system.nonblocking(fd)
    open[#open + 1] = fd
    return function()
      return (socket.recv(fd, 100))
    end
  end

  it("is told when the server is there, and when it ends", function()
    local path = support.tmpdir() .. "/notify"
    local receive = manager(path)
    local server = scripts.serve(ECHO, { env = { NOTIFY_SOCKET = path } })
    echoes(server:address())
    assert.equal("READY=1", receive())
    assert.is_nil(receive())
    server:stop()
    assert.equal("STOPPING=1", receive())
  end)

  it("is told nothing by a script that fails before", function()
    local path = support.tmpdir() .. "/notify"
    local receive = manager(path)
    scripts.fail("evio.listen(events, 'tcp://127.0.0.1:0') error('no')", { env = { NOTIFY_SOCKET = path } })
    assert.is_nil(receive())
  end)

  it("may have gone, or be no path at all", function()
    for _, path in ipairs({ "/nowhere/notify", ("x"):rep(300), "", "@nobody" }) do
      local server = scripts.serve(ECHO, { env = { NOTIFY_SOCKET = path } })
      echoes(server:address())
      server:stop()
    end
  end)
end)
