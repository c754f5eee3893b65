-- Unix sockets: files that are replaced, files that are not, abstract names.
local posix_stat = require("posix.sys.stat")
local posix_socket = require("posix.sys.socket")
local unistd = require("posix.unistd")
local scripts = require("spec.support.scripts")
local support = require("spec.support")

local ECHO = "function events.data(_, input) return input end "

local function serve(where)
  return scripts.serve(ECHO, { addresses = { where } })
end

local function assert_echo(where)
  assert.equal("hello", support.exchange(support.connect(where), "hello"))
end

-- What evio.listen says about an address that it must refuse.
local function refusal(where)
  local _, _, stdout = scripts.run(("print(evio.listen(events, %q)) evio.shutdown()"):format(where))
  return stdout
end

local function socket_path()
  return support.tmpdir() .. "/socket"
end

local function is_socket(path)
  local info = posix_stat.lstat(path)
  return info ~= nil and posix_stat.S_ISSOCK(info.st_mode) ~= 0
end

-- A socket file that nobody listens on.
local function leave_stale(path)
  local server = serve("unix://" .. path)
  server:address()
  server:kill()
  assert.is_true(is_socket(path))
end

describe("a unix socket", function()
  it("serves, and server.addresses shows it", function()
    local where = "unix://" .. socket_path()
    local server = serve(where)
    assert.equal(where, server:address())
    assert_echo(where)
  end)

  it("may have a relative path", function()
    local directory = support.tmpdir()
    local server = scripts.serve(ECHO, { addresses = { "unix://socket" }, directory = directory })
    assert.equal("unix://socket", server:address())
    assert_echo("unix://" .. directory .. "/socket")
  end)

  it("may have the longest path that fits", function()
    local directory = support.tmpdir()
    local path = directory .. "/" .. ("x"):rep(102 - #directory)
    serve("unix://" .. path):address()
    assert_echo("unix://" .. path)
  end)

  it("has no ip and no port, and both ends have the server's address", function()
    local where = "unix://" .. socket_path()
    local server = scripts.serve([[function events.opened(conn)
      return table.concat({ tostring(conn.remote_ip), tostring(conn.remote_port),
        conn.remote_address, conn.local_address }, " ") .. "\n"
      end]], { addresses = { where } })
    local client = support.connect(server:address())
    assert.equal(("nil nil %s %s"):format(where, where), client:receive_line())
  end)

  it("takes ?backlog=", function()
    local where = "unix://" .. socket_path()
    local script = support.start(("local evio = require('evio') "
      .. "print(evio.listen({}, '%s?backlog=1').addresses[1]) while true do end"):format(where))
    assert.equal(where, script:address())
    local results = {}
    for i = 1, 3 do
      local fd = posix_socket.socket(posix_socket.AF_UNIX, posix_socket.SOCK_STREAM, 0)
      require("spec.support.system").nonblocking(fd)
      results[i] = posix_socket.connect(fd,
        { family = posix_socket.AF_UNIX, path = where:sub(8) }) == 0
      unistd.close(fd)
    end
    assert.same({ true, true, false }, results)
  end)

  it("goes away when its server ends", function()
    local path = socket_path()
    local server = serve("unix://" .. path)
    server:address()
    assert.is_true(is_socket(path))
    server:stop()
    assert.is_nil(posix_stat.lstat(path))
  end)

  it("that nobody answers on is replaced", function()
    local path = socket_path()
    leave_stale(path)
    serve("unix://" .. path):address()
    assert_echo("unix://" .. path)
  end)

  it("that a server answers on is never replaced", function()
    local where = "unix://" .. socket_path()
    serve(where):address()
    assert.equal(('nil\tcannot listen on "%s": address already in use\tEADDRINUSE\n')
      :format(where), refusal(where))
    assert_echo(where)
  end)

  it("that a busy server listens on is never replaced", function()
    local where = "unix://" .. socket_path()
    local script = support.start(("local evio = require('evio') print(evio.listen({}, "
      .. "'%s?backlog=1').addresses[1]) while true do end"):format(where))
    script:address()
    for _ = 1, 2 do
      support.connect(where)
    end
    assert.matches("EADDRINUSE", refusal(where), 1, true)
    assert.is_true(is_socket(where:sub(8)))
  end)

  it("never takes the place of a plain file, a directory or a link", function()
    local directory = support.tmpdir()
    support.write_file(directory .. "/file", "precious")
    posix_stat.mkdir(directory .. "/directory")
    unistd.link(directory .. "/file", directory .. "/link", true)
    for _, name in ipairs({ "file", "directory", "link" }) do
      local where = "unix://" .. directory .. "/" .. name
      assert.equal(('nil\tcannot listen on "%s": a file that is not a socket is there\tEEXIST\n')
        :format(where), refusal(where))
    end
    assert.equal("precious", support.read_file(directory .. "/file"))
    assert.equal("precious", support.read_file(directory .. "/link"))
    assert.is_not_nil(posix_stat.lstat(directory .. "/directory"))
  end)

  it("leaves what took its place meanwhile", function()
    local path = socket_path()
    local server = serve("unix://" .. path)
    server:address()
    unistd.unlink(path)
    local other = serve("unix://" .. path)
    other:address()
    server:stop()
    assert_echo("unix://" .. path)
  end)

  it("is not left behind by an address after it that cannot be bound", function()
    local path = socket_path()
    local taken = scripts.serve(ECHO):address()
    local _, _, stdout = scripts.run(("print(evio.listen(events, 'unix://%s', '%s')) evio.shutdown()")
      :format(path, taken))
    assert.matches("EADDRINUSE", stdout, 1, true)
    assert.is_nil(posix_stat.lstat(path))
  end)

  it("says why it cannot be made", function()
    assert.matches("no such file or directory\tENOENT", refusal("unix:///nowhere/socket"), 1, true)
    local directory = support.tmpdir()
    support.write_file(directory .. "/file", "")
    assert.matches("\tENOTDIR", refusal("unix://" .. directory .. "/file/socket"), 1, true)
  end)
end)

describe("an abstract unix socket", function()
  local function name()
    return "unix://@" .. support.tmpdir():match("[^/]*$")
  end

  it("serves, and leaves no file", function()
    local where, directory = name(), support.tmpdir()
    local server = scripts.serve(ECHO, { addresses = { where }, directory = directory })
    assert.equal(where, server:address())
    assert_echo(where)
    assert.equal(0, os.execute(("test -z \"$(ls -A '%s')\""):format(directory)))
  end)

  it("is in use while its server lives, and free afterwards", function()
    local where = name()
    local server = serve(where)
    server:address()
    assert.matches("address already in use\tEADDRINUSE", refusal(where), 1, true)
    server:stop()
    serve(where):address()
    assert_echo(where)
  end)

  it("shows its name as the connection's addresses", function()
    local where = name()
    local server = scripts.serve(
      "function events.opened(conn) return conn.remote_address .. '\\n' end",
      { addresses = { where } })
    assert.equal(where, support.connect(server:address()):receive_line())
  end)
end)
