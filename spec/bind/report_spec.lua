local scripts = require("spec.support.scripts")
local support = require("spec.support")

describe("errors that all differ", function()
  it("are not printed without end; a count tells of the rest", function()
    local server = scripts.serve("function events.data(_, input) error('bad ' .. input) end")
    server:address()
    server:signal("STOP") -- so that all of them come at once
    local clients = {}
    for i = 1, 100 do
      clients[i] = support.connect(server:address())
      clients[i]:send("request " .. i)
    end
    server:signal("CONT")
    for _, client in ipairs(clients) do
      client:receive_all()
    end
    server:expect_error("(%d+) more errors of other kinds")
    server:stop()
    local _, stderr = server:output()
    local _, printed = stderr:gsub("evio: error in data", "")
    assert.is_true(printed < 100, printed .. " printed")
  end)

  it("have the peer's control characters made visible", function()
    local client, server = scripts.serve_one("function events.data(_, input) error(input) end")
    client:send("\27[2Jred\r")
    server:expect_error("\\x1b%[2Jred\\x0d")
    server:stop()
  end)
end)

describe("marks that are not set", function()
  it("follow those that are", function()
    for _, options in ipairs({ "high = 65536", "queue = 500000", "queue = 1000", "low = 2 ^ 21",
      "high = 2 ^ 28", "high = 1" }) do
      local server = scripts.serve(("events.options = { %s }"):format(options))
      server:address()
      server:stop()
    end
  end)
end)

describe("standard descriptors that are closed", function()
  it("are not given to sockets", function()
    local directory = support.tmpdir()
    support.write_file(directory .. "/open.lua", ([[
      local evio = require("evio")
      local ffi = require("ffi")
      ffi.cdef("long readlink(const char *path, char *target, size_t size);")
      local events = {}
      function events.serving()
        local file = io.open("%s/result", "w")
        for fd = 0, 2 do
          local target = ffi.new("char[100]")
          local length = ffi.C.readlink("/proc/self/fd/" .. fd, target, 100)
          file:write(ffi.string(target, length), "\n")
        end
        file:close()
        return "shutdown"
      end
      evio.serve(events, "tcp://127.0.0.1:0")]]):format(directory))
    local command = os.getenv("EVIO_LUA") or "./evio-lua"
    os.execute(("%s %s/open.lua 0<&- 1>&- 2>&-"):format(command, directory))
    assert.equal(("/dev/null\n"):rep(3), support.read_file(directory .. "/result"))
  end)
end)
