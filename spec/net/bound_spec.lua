-- What may be bound: all addresses or none, and whose socket files are replaced or removed.
local posix_stat = require("posix.sys.stat")
local unistd = require("posix.unistd")
local scripts = require("spec.support.scripts")
local support = require("spec.support")

local ECHO = "function events.data(_, input) return input end"

local function serve(path)
  local server = scripts.serve(ECHO, { addresses = { "unix://" .. path } })
  server:address()
  return server
end

local function assert_served(path)
  local client = support.connect("unix://" .. path)
  client:send("x")
  assert.equal("x", client:receive(1))
end

-- What listening there ends with: the code, or nothing.
local function refusal(...)
  local addresses = {}
  for _, address in ipairs({ ... }) do
    addresses[#addresses + 1] = ("%q"):format(address)
  end
  local _, _, stdout = scripts.run(("print((select(3, evio.listen(events, %s))))")
    :format(table.concat(addresses, ", ")))
  return stdout:match("^[^\n]*")
end

describe("a unix socket's file", function()
  it("is replaced when nobody answers on it (seed 20)", function()
    local path = support.tmpdir() .. "/socket"
    serve(path):kill()
    assert.is_truthy(posix_stat.lstat(path))
    serve(path)
    assert_served(path)
  end)

  it("is never replaced while a server answers on it (seed 20)", function()
    local path = support.tmpdir() .. "/socket"
    local server = serve(path)
    assert.equal("EADDRINUSE", refusal("unix://" .. path))
    assert.equal("EADDRINUSE", refusal("unix://" .. path, "unix://" .. path))
    assert_served(path)
    server:stop()
    assert.equal("EADDRINUSE", refusal("unix://" .. path, "unix://" .. path))
    assert.is_nil(posix_stat.lstat(path))
  end)

  it("is never replaced while a stopped server could answer on it (seed 20)", function()
    local path = support.tmpdir() .. "/socket"
    local server = serve(path)
    server:signal("STOP")
    assert.equal("EADDRINUSE", refusal("unix://" .. path))
    server:signal("CONT")
    assert_served(path)
  end)

  it("never takes the place of a plain file or of a tree (seed 20)", function()
    local directory = support.tmpdir()
    support.write_file(directory .. "/file", "precious")
    assert.equal("EEXIST", refusal("unix://" .. directory .. "/file"))
    assert.is_truthy(refusal("unix://" .. directory):find("^E"))
    assert.equal("precious", support.read_file(directory .. "/file"))
  end)

  it("is removed at the end, whichever way the server ends (seed 20)", function()
    local path = support.tmpdir() .. "/socket"
    for _, ending in ipairs({ "evio.shutdown()", "conn.server:close()", "error('x')" }) do
      local client = scripts.serve_one("function events.data(conn) " .. ending .. " end",
        { addresses = { "unix://" .. path } })
      assert.is_truthy(posix_stat.lstat(path))
      client:send("x")
      client:finish()
      client:receive_all()
      if ending:find("error") then
        assert.is_truthy(posix_stat.lstat(path))
      else
        support.eventually(function()
          return not posix_stat.lstat(path)
        end)
      end
    end
  end)

  it("is removed after an error in serving (seed 20)", function()
    local path = support.tmpdir() .. "/socket"
    local server = scripts.serve("function events.serving() error('on purpose') end",
      { addresses = { "unix://" .. path } })
    assert.same({ status = 1 }, server:wait())
    assert.is_nil(posix_stat.lstat(path))
  end)

  it("is left alone at the end if it is another server's by then (seed 20)", function()
    local path = support.tmpdir() .. "/socket"
    local first = serve(path)
    unistd.unlink(path)
    serve(path)
    first:stop()
    assert_served(path)
  end)
end)

describe("addresses", function()
  it("are needed (seed 21)", function()
    assert.matches("an address is missing", scripts.fail("evio.serve(events)"), 1, true)
  end)

  it("with :// twice are refused as they stand (seed 21)", function()
    assert.matches('bad address "tcp://tcp://127.0.0.1:0"',
      scripts.fail("evio.serve(events, 'tcp://tcp://127.0.0.1:0')"), 1, true)
  end)

  it("are bound all or none (seed 21)", function()
    local path = support.tmpdir() .. "/socket"
    local taken = scripts.serve(ECHO):address()
    local server = scripts.serve(([[
      for _ = 1, 10 do
        print((select(3, evio.listen(events, "unix://%s", "tcp://127.0.0.1:0", %q))))
      end]]):format(path, taken))
    assert.equal("EADDRINUSE", server:line())
    server:address()
    assert.is_nil(posix_stat.lstat(path))
    assert.is_true(support.descriptors(server.pid) < 10)
  end)
end)
