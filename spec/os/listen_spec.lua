-- Where a server listens on TCP: kinds of addresses, options, what fails and what is left then.
local posix_socket = require("posix.sys.socket")
local unistd = require("posix.unistd")
local address = require("spec.support.address")
local scripts = require("spec.support.scripts")
local support = require("spec.support")
local system = require("spec.support.system")

local ECHO = "function events.data(_, input) return input end "
local WHERE = "function events.opened(conn) return conn.index .. ' ' .. conn.remote_ip .. '\\n' end "
local ADDRESSES = "for _, a in ipairs(server.addresses) do print(a) end "

local function assert_echo(where)
  assert.equal("hello", support.exchange(support.connect(where), "hello"))
end

local function assert_refused(where)
  local client, code = support.try_connect(where)
  assert.is_nil(client)
  assert.equal("ECONNREFUSED", code)
end

local function port_of(where)
  return assert(where:match(":(%d+)$"))
end

-- Whether a connection is made in a moment. Where nobody accepts, it goes on waiting.
local function connects_at_once(where)
  local candidate = address.candidates(where)[1]
  local fd = posix_socket.socket(candidate.family, posix_socket.SOCK_STREAM, 0)
  system.nonblocking(system.close_on_exec(fd))
  address.connect(fd, candidate)
  support.pass(0.05)
  local connected = address.connect(fd, candidate)
  unistd.close(fd)
  return connected == 0
end

-- A server on these addresses.
local function serve(...)
  return scripts.serve(ECHO, { addresses = { ... } })
end

local HELPERS = [[
local function listen(...) return evio.listen(events, ...) end
local ffi = require("ffi")
ffi.cdef("int fcntl(int, int, ...);")
local function descriptors()
  local count = 0
  for fd = 0, 255 do
    count = count + (ffi.C.fcntl(fd, 1) >= 0 and 1 or 0) -- F_GETFD
  end
  return count
end
]]

-- Runs code that may use listen(...), which is evio.listen with an empty table, and descriptors():
-- its stdout.
local function run(code)
  local status, stderr, stdout = scripts.run(HELPERS .. code .. " evio.shutdown()")
  assert.equal("", stderr)
  assert.equal(0, status)
  return stdout
end

describe("a TCP address", function()
  it("with port 0 gets a port, which server.addresses shows", function()
    local server = serve("tcp://127.0.0.1:0")
    assert.matches("^tcp://127%.0%.0%.1:[1-9]%d*$", server:address())
    assert_echo(server:address())
  end)

  it("needs no scheme", function()
    local server = serve("127.0.0.1:0")
    assert.matches("^tcp://127%.0%.0%.1:%d+$", server:address())
    assert_echo(server:address())
  end)

  it("keeps its host name in server.addresses", function()
    assert.matches("^tcp://localhost:%d+$", serve("tcp://localhost:0"):address())
  end)

  it("of IPv6 stands in brackets", function()
    if not support.has_ipv6() then
      return
    end
    for _, where in ipairs({ "tcp://[::1]:0", "tcp6://[::1]:0", "[::1]:0" }) do
      local server = serve(where)
      assert.matches("^tcp6?://%[::1%]:%d+$", server:address())
      assert_echo(server:address())
    end
  end)

  it("without a host takes IPv4 and IPv6 on one port", function()
    local server = scripts.serve(WHERE, { addresses = { "tcp://:0" } })
    local port = port_of(server:address())
    local client = support.connect("tcp://127.0.0.1:" .. port)
    assert.equal("1 127.0.0.1", client:receive_line())
    if support.has_ipv6() then
      assert.equal("tcp://[::]:" .. port, server:address())
      assert.equal("1 ::1", support.connect("tcp://[::1]:" .. port):receive_line())
    end
  end)

  it("of tcp4 without a host takes IPv4 only", function()
    local server = serve("tcp4://:0")
    local port = port_of(server:address())
    assert.equal("tcp4://0.0.0.0:" .. port, server:address())
    assert_echo("tcp://127.0.0.1:" .. port)
    if support.has_ipv6() then
      assert_refused("tcp://[::1]:" .. port)
    end
  end)

  it("of tcp6 without a host takes IPv6 only", function()
    if not support.has_ipv6() then
      return
    end
    local server = serve("tcp6://:0")
    local port = port_of(server:address())
    assert.equal("tcp6://[::]:" .. port, server:address())
    assert_echo("tcp://[::1]:" .. port)
    assert_refused("tcp://127.0.0.1:" .. port)
  end)

  it("with a name is bound on every address that the name has, with one port", function()
    local server = scripts.serve(WHERE, { addresses = { "tcp://localhost:0" } })
    local candidates = address.candidates(server:address())
    assert.is_true(#candidates > 0)
    for _, candidate in ipairs(candidates) do
      local ip = candidate.addr
      local where = ip:find(":", 1, true) and "[" .. ip .. "]" or ip
      local client = support.connect(("tcp://%s:%s"):format(where, port_of(server:address())))
      assert.equal("1 " .. ip, client:receive_line())
    end
  end)

  -- In a mount namespace of its own, where that is allowed, a name has what the spec says.
  it("with a name of two families is bound on both, with one port and one index", function()
    local hosts = support.write_file(support.tmpdir() .. "/hosts", "127.0.0.1 two\n::1 two\n")
    local mount = ("mount --bind %s /etc/hosts"):format(hosts)
    local possible = os.execute(("unshare -m sh -c '%s' 2>/dev/null"):format(mount)) == 0
    if not possible or not support.has_ipv6() then
      return pending("no mount namespaces here, or no IPv6")
    end
    local host = os.getenv("EVIO_LUA") or "./evio-lua"
    local server = scripts.serve(WHERE, {
      addresses = { "tcp://two:0" },
      command = { "unshare", "-m", "sh", "-c", mount .. " && exec " .. host .. ' "$@"', "sh" },
    })
    local port = port_of(server:address())
    assert.equal("tcp://two:" .. port, server:address())
    local client = support.connect("tcp://127.0.0.1:" .. port)
    assert.equal("1 127.0.0.1", client:receive_line())
    assert.equal("1 ::1", support.connect("tcp://[::1]:" .. port):receive_line())
  end)
end)

describe("several addresses on one loop", function()
  it("are told apart by the connection's index", function()
    local server = scripts.serve(WHERE,
      { addresses = { "tcp://127.0.0.1:0", "127.0.0.1:0", "tcp4://:0" } })
    for index = 3, 1, -1 do
      local client = support.connect("tcp://127.0.0.1:" .. port_of(server:address(index)))
      assert.equal(index .. " 127.0.0.1", client:receive_line())
    end
  end)

  it("count from 1 in each server", function()
    local server = support.start("local evio = require('evio'); local events = {} " .. WHERE .. [[
      for _ = 1, 2 do
        local server = evio.listen(events, "tcp://127.0.0.1:0", "tcp://127.0.0.1:0") ]]
        .. ADDRESSES .. "end")
    for number = 1, 4 do
      local client = support.connect(server:address(number))
      assert.matches("^" .. (number + 1) % 2 + 1 .. " ", client:receive_line())
    end
  end)

  it("are all bound, or none", function()
    local stdout = run([[
      local busy = listen("tcp://127.0.0.1:0").addresses[1]
      local free = listen("tcp://127.0.0.1:0")
      local address = free.addresses[1]
      free.close()
      local before = descriptors()
      print(listen(address, busy))
      print(descriptors() - before)
      print(listen(address).addresses[1] == address)]])
    assert.matches("^nil\tcannot listen on \"[^\n]*EADDRINUSE\n0\ntrue\n$", stdout)
  end)

  it("are checked in their form before one is bound", function()
    assert.equal("false\t0\n", run([[
      local before = descriptors()
      print(pcall(listen, "tcp://127.0.0.1:0", "tcp://bad") , descriptors() - before)]]))
  end)
end)

describe("a port in use", function()
  it("is nil, a message and a code from evio.listen", function()
    local taken = serve("tcp://127.0.0.1:0"):address()
    local stdout = run(("print(listen('%s'))"):format(taken))
    assert.equal(('nil\tcannot listen on "%s": address already in use\tEADDRINUSE\n'):format(taken),
      stdout)
  end)

  it("raises from evio.serve, with the place", function()
    local taken = serve("tcp://127.0.0.1:0"):address()
    local message = scripts.fail(("\nevio.serve(events, '%s')"):format(taken))
    assert.equal(('evio-lua: server.lua:2: cannot listen on "%s": address already in use')
      :format(taken), message)
  end)

  it("can be had again at once after a server that had connections", function()
    local server = serve("tcp://127.0.0.1:0")
    local where = server:address()
    local client = support.connect(where)
    support.exchange(client, "x")
    server:stop()
    assert.equal(where, serve(where):address())
  end)
end)

describe("an address that cannot be had", function()
  it("says what the system said", function()
    for where, words in pairs({
      ["tcp://192.0.2.1:0"] = "cannot assign requested address\tEADDRNOTAVAIL",
      ["tcp4://[::1]:0"] = 'cannot resolve "::1": ',
      ["tcp6://127.0.0.1:0"] = 'cannot resolve "127.0.0.1": ',
      ["tcp://256.0.0.1:0"] = 'cannot resolve "256.0.0.1": ',
    }) do
      local stdout = run(("print(listen('%s'))"):format(where))
      assert.matches(('nil\tcannot listen on "%s": %s'):format(where, words), stdout, 1, true)
    end
  end)

  it("says so for a name that is long, too", function()
    local stdout = run("print(listen('tcp://256.' .. ('1'):rep(60) .. '.' .. ('2'):rep(60) .. ':0'))")
    assert.matches('"256%.1+%.2+": %a+', stdout:match("cannot resolve (.*)"))
  end)
end)

describe("the option", function()
  it("reuseport lets two servers have one port", function()
    local where = serve("tcp://127.0.0.1:0?reuseport=true"):address()
    assert_echo(where)
    assert.equal(where, serve(where .. "?reuseport=1"):address())
    assert.matches("EADDRINUSE", run(("print(listen('%s'))"):format(where)), 1, true)
    assert.matches("EADDRINUSE",
      run(("print(listen('%s?reuseport=false'))"):format(where)), 1, true)
  end)

  it("backlog says how many connections wait to be accepted", function()
    local script = support.start("local evio = require('evio') for _, n in ipairs({ 1, 8 }) do "
      .. "print(evio.listen({}, 'tcp4://127.0.0.1:0?backlog=' .. n).addresses[1]) end "
      .. "print('tcp://done:0') while true do end")
    for number, expected in ipairs({ 2, 4 }) do
      local where, connected = script:address(number), 0
      for _ = 1, 4 do
        connected = connected + (connects_at_once(where) and 1 or 0)
      end
      assert.equal(expected, connected)
    end
  end)
end)

describe("a child process", function()
  it("inherits no descriptor of ours", function()
    local client, server = scripts.serve_one([[
      function events.data(conn, input)
        return io.popen("ls -l /proc/self/fd"):read("*a") .. "end\n"
      end]])
    client:send("x")
    local list, line = {}, client:receive_line()
    while line ~= "end" do
      list[#list + 1] = line
      line = client:receive_line()
    end
    list = table.concat(list, "\n")
    assert.matches(" 1 %-> ", list)
    assert.is_nil(list:find("socket:", 1, true), list)
    assert.is_nil(list:find("anon_inode", 1, true), list)
    assert.is_true(server:alive())
  end)
end)
