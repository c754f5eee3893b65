-- An echo server on lua-luv (libuv), the peer in the echo row.
-- luajit luv_echo.lua [PORT]; port 0 picks one; prints "listening PORT".
local uv = require("luv")

local server = uv.new_tcp()

local function accept()
  local client = uv.new_tcp()
  server:accept(client)
  client:nodelay(true)
  client:read_start(function(err, chunk)
    if chunk and not err then
      client:write(chunk)
    else
      client:close()
    end
  end)
end

assert(server:bind("127.0.0.1", tonumber(arg[1]) or 0))
assert(server:listen(4096, function(err)
  assert(not err, err)
  accept()
end))
io.stdout:write("listening ", server:getsockname().port, "\n")
io.stdout:flush()

uv.run()
