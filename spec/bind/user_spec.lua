-- --user: who the process is once its addresses are bound. (Needs root, which may become anybody.)
local scripts = require("spec.support.scripts")
local support = require("spec.support")
local unistd = require("posix.unistd")

local SHOW = [[
  function events.data(conn)
    local list = {}
    for line in io.lines("/proc/self/status") do
      local name, value = line:match("^(%a+):%s*(.*)$")
      if name == "Uid" or name == "Gid" or name == "Groups" then list[#list + 1] = name .. " " .. value end
    end
    return table.concat(list, "; "):gsub("%s+", " ") .. "\n"
  end]]

local function id(options, name)
  return support.shell("id " .. options .. " " .. name):match("%S+")
end

local function ask(server)
  local client = support.connect(server:address())
  client:send("?")
  return (client:receive_line():gsub("%s+$", ""))
end

local root = unistd.geteuid() == 0

describe("--user", function()
  if root then
    it("becomes the user with its groups, for good", function()
      local server = scripts.serve(SHOW .. [[
        function events.opened()
          local ffi = require("ffi")
          ffi.cdef("int setuid(unsigned); int seteuid(unsigned);")
          if ffi.C.setuid(0) == 0 or ffi.C.seteuid(0) == 0 then return "root again\n" end
        end]], { options = { "--user", "nobody" } })
      local uid, gid = id("-u", "nobody"), id("-g", "nobody")
      assert.equal(("Uid %s; Gid %s; Groups %s"):format((uid .. " "):rep(4):sub(1, -2), (gid .. " "):rep(4):sub(1, -2),
        gid), ask(server))
    end)

    it("takes a group, too", function()
      local server = scripts.serve(SHOW, { options = { "--user=nobody:daemon" } })
      local gid = support.shell("getent group daemon"):match(":(%d+):")
      assert.matches("Gid " .. (gid .. " "):rep(4):sub(1, -2), ask(server), 1, true)
    end)

    it("binds before, so that a port may be one that only root can bind", function()
      -- Whatever the system allows to others: the socket's owner tells who bound it.
      local path = support.tmpdir() .. "/socket"
      scripts.serve(SHOW, { addresses = { "unix://" .. path }, options = { "--user", "nobody" } }):line()
      assert.equal("0", support.shell("stat -c %u " .. path):match("%d+"))
    end)

    it("has every thread become the user", function()
      local server = scripts.serve([[
        evio.pool{ threads = 2 }
        local function uid()
          local file = io.open("/proc/thread-self/status")
          local line = file:read("*a"):match("Uid:%s*(%d+)")
          file:close()
          return line
        end
        evio.spawn(uid)
        function events.data(conn)
          evio.spawn(uid):done(function(_, line) conn:write(line .. "\n") end)
        end]],
        { options = { "--user", "nobody" } })
      assert.equal(id("-u", "nobody"), ask(server))
    end)

    it("fails for who may not", function()
      local path = support.tmpdir() .. "/x.lua"
      support.write_file(path, 'require("evio").serve({}, "tcp://127.0.0.1:0")')
      support.shell("chmod -R a+rx " .. path:match("^(.*)/"))
      local binary = unistd.getcwd() .. "/" .. (os.getenv("EVIO_LUA") or "./evio-lua"):match("%S+$")
      local text = support.shell(("setpriv --reuid=nobody --clear-groups --regid=nogroup %s --user daemon %s")
        :format(binary, path))
      assert.matches("cannot run as daemon: Operation not permitted", text, 1, true)
    end)
  else
    pending("becomes somebody else, which only root may")
  end

  it("is the user that it is already", function()
    local server = scripts.serve(SHOW, { options = { "--user", support.shell("id -un"):match("%S+") } })
    assert.matches("Uid " .. unistd.geteuid(), ask(server), 1, true)
  end)

  it("refuses names that nobody has", function()
    for _, name in ipairs({ "no-such-user", "", ":daemon", "nobody:no-such-group", "nobody:", ("x"):rep(100) }) do
      local result = support.run({ "--user", name, "-e", "" })
      assert.equal(2, result.status)
      assert.equal(('evio-lua: --user is "%s", expected the name of a user, or user:group\n'):format(name),
        result.stderr)
    end
  end)
end)
