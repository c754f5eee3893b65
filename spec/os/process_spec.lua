-- The process as it was started.
local scripts = require("spec.support.scripts")
local support = require("spec.support")

-- The program under test, started by a shell that closes the standard streams.
local function without_streams()
  local command = { "/bin/sh", "-c", 'exec "$0" "$@" 0<&- 1>&- 2>&-' }
  for word in (os.getenv("EVIO_LUA") or "./evio-lua"):gmatch("%S+") do
    local relative = word:find("/", 1, true) and word:sub(1, 1) ~= "/"
    command[#command + 1] = relative and os.getenv("PWD") .. "/" .. word or word
  end
  return command
end

describe("a program that was started without standard streams", function()
  it("does not take a client for one of them", function()
    local address = "unix://" .. support.tmpdir() .. "/socket"
    scripts.serve([[
      local config = io.open("/dev/null")
      function events.serving() config:close() end
      function events.data(_, input)
        if input == "error" then
          print("not for the client")
          error("not for the client")
        end
        return input
      end]], { addresses = { address }, command = without_streams() })
    local clients = {}
    for number = 1, 4 do
      clients[number] = support.eventually(function()
        return support.try_connect(address)
      end)
      clients[number]:send("hello")
      assert.equal("hello", clients[number]:receive(5))
    end
    for _, client in ipairs(clients) do
      client:send("error")
      assert.equal("", client:receive_all())
    end
  end)
end)
