-- The units in examples/systemd: what systemd says of them, and whether a server lives with their filter of
-- system calls. (No service is started: that takes a machine that systemd runs.)
local certificates = require("spec.support.certificates")
local scripts = require("spec.support.scripts")
local support = require("spec.support")
local unistd = require("posix.unistd")

local UNITS = "examples/systemd/evio-lua@"
local BINARY = unistd.getcwd() .. "/" .. (os.getenv("EVIO_LUA") or "./evio-lua"):match("%S+$"):gsub("^%./", "")

-- The units as those of a server "x", with the program where it is here: the directory.
local function install()
  local directory = support.tmpdir()
  for _, kind in ipairs({ "service", "socket" }) do
    local text = support.read_file(UNITS .. "." .. kind):gsub("/usr/local/bin/evio%-lua", (BINARY:gsub("%%", "%%%%")))
    support.write_file(directory .. "/evio-lua@x." .. kind, text)
  end
  return directory
end

-- The system calls of a set such as "@system-service", sets in it included, in `into`.
local function expand(set, into)
  local name = set:gsub("^~", "")
  for line in support.shell("systemd-analyze --no-pager syscall-filter " .. name):gmatch("[^\n]+") do
    local item = line:match("^%s+([@%w_-]+)$")
    if item and item:sub(1, 1) == "@" then
      expand(item, into)
    elseif item then
      into[item] = true
    end
  end
  return into
end

-- What the service's filter allows.
local function allowed()
  local calls = {}
  for list in support.read_file(UNITS .. ".service"):gmatch("\nSystemCallFilter=([^\n]+)") do
    local sets = {}
    for set in list:gsub("^~", ""):gmatch("%S+") do
      expand(set, sets)
    end
    for name in pairs(sets) do
      calls[name] = list:sub(1, 1) ~= "~" or nil
    end
  end
  return calls
end

describe("examples/systemd", function()
  it("has units that systemd finds nothing wrong with", function()
    local directory = install()
    assert.equal("", support.shell(("systemd-analyze --no-pager verify %s/evio-lua@x.service %s/evio-lua@x.socket")
      :format(directory, directory)))
  end)

  it("has a service that is exposed to little", function()
    local text = support.shell(("systemd-analyze --no-pager security --offline=true %s/evio-lua@x.service")
      :format(install()))
    local level = tonumber(text:match("Overall exposure level for evio%-lua@x.service: ([%d.]+)"))
    assert.is_true(level < 2, tostring(level))
  end)

  if not support.sanitized then
    it("allows the system calls that a server makes", function()
      local log = support.tmpdir() .. "/calls"
      local server = scripts.serve(([[
        function events.opened() return "hello\n" end
        function events.data(conn, input)
          evio.spawn(function() return "done\n" end):done(function(_, text) conn:write(text) end)
        end
        function events.serving(server)
          print(server.addresses[1])
          local peer = { opened = function() return nil, "close" end }
          evio.dial(peer, (server.addresses[1]:gsub("127.0.0.1", "localhost")))
        end
        function events.failed(_, err)
          if err:find("wrong version") then evio.shutdown() end
        end
        evio.listen({ data = function(_, input) return input end }, "udp://127.0.0.1:0")
        evio.listen(events, "unix://" .. arg[0] .. ".socket")
        events = evio.translate(events, nil, evio.tls({ %s }))
        evio.every(0.01, function() end)
        -- strace, which is ended with the spec, leaves it behind.
        evio.after(30, function() os.exit(1) end)]]):format(certificates.fields("server")),
        { command = { "strace", "-f", "-qq", "-o", log, BINARY } })
      local port = server:address():match("tcp:.*:(%d+)$")
      assert.matches("hello.*done", support.converse(
        "openssl s_client -quiet -no_ign_eof -connect 127.0.0.1:" .. port, "x", "done"))
      local client = support.connect("tcp://127.0.0.1:" .. port)
      client:send("no TLS at all")
      assert.equal(0, server:wait().status)
      local calls, seen = allowed(), 0
      for line in support.read_file(log):gmatch("[^\n]+") do
        local name = line:match("^%d+%s+([%w_]+)%(")
        seen = seen + (name and 1 or 0)
        assert.is_true(not name or calls[name] or false, name)
      end
      assert.is_true(seen > 100 and calls.epoll_wait and not calls.setuid)
    end)
  end
end)
