local scripts = require("spec.support.scripts")
local support = require("spec.support")

local MEGABYTE = 1024 * 1024
local ECHO = "function events.data(_, input) return input end\n"

-- A server of the given source, and examples/proxy.lua in front of it: the proxy, its address.
local function start_proxy(source)
  local target = scripts.serve(source)
  local proxy = support.spawn({ "examples/proxy.lua", "tcp://127.0.0.1:0", target:address() })
  return proxy, proxy:expect("^proxy started on (tcp://.*)$"), target
end

describe("examples/proxy.lua", function()
  it("passes on what nc sends and what the server answers", function()
    local proxy, address = start_proxy(ECHO)
    local port = address:match("%d+$")
    local pipe = io.popen(("printf 'hello\\n' | timeout 10 nc -N 127.0.0.1 %s"):format(port))
    assert.equal("hello\n", pipe:read("*a"))
    pipe:close()
    proxy:stop()
  end)

  it("stands between curl and a web server", function()
    local proxy, address = start_proxy([[
      local BODY = ("evio\n"):rep(200000)
      function events.data(conn, input)
        return ("HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n"):format(#BODY) .. BODY
      end]])
    local pipe = io.popen("curl -sS -m 10 " .. address:gsub("^tcp", "http"))
    support.same_bytes(("evio\n"):rep(200000), pipe:read("*a"))
    pipe:close()
    proxy:stop()
  end)

  it("passes 16 MiB each way to a slow end in little memory", function()
    local proxy, address = start_proxy([[
      function events.data(conn, input)
        conn:pause()
        evio.after(0.002, function() conn:resume() end)
        return input
      end]])
    local client = support.connect(address)
    local bytes = support.random_bytes(16 * MEGABYTE)
    support.same_bytes(bytes, (support.exchange(client, bytes, 60)))
    local peak = support.peak_rss(proxy.pid)
    assert.is_true(peak < (support.sanitized and 400 or 24) * MEGABYTE, peak .. " bytes")
    proxy:stop()
  end)

  it("goes on in one direction while the other is full", function()
    -- The server reads nothing before all that it has to say was taken.
    local _, address, target = start_proxy([[
      local MANY, got = 16 * 1024 * 1024, 0
      events.options = { high = MANY, queue = 2 * MANY }
      function events.opened(conn)
        conn:pause()
        return ("x"):rep(MANY)
      end
      function events.postwrite(conn, _, remaining)
        if remaining == 0 then conn:resume() end
      end
      function events.data(_, input)
        got = got + #input
        if got == MANY then print("got all") end
      end]])
    local client = support.connect(address)
    local bytes = ("y"):rep(16 * MEGABYTE)
    local answer = support.exchange(client, bytes, 60)
    support.same_bytes(("x"):rep(#bytes), answer)
    target:expect("got all")
  end)

  it("carries a half-close through, and the answer that comes after it", function()
    local proxy, address = start_proxy([[
      local got = {}
      function events.data(conn, input) got[#got + 1] = input end
      function events.eof() return table.concat(got):upper() end]])
    local client = support.connect(address)
    client:send("every byte")
    client:finish()
    assert.equal("EVERY BYTE", client:receive_all())
    proxy:stop()
  end)

  it("carries a reset through", function()
    local proxy, address, target = start_proxy([[
      function events.opened() return "hello\n" end
      function events.closed(_, _, code) print("closed", code) end]])
    local client = support.connect(address)
    client:receive_line()
    client:reset()
    target:expect("^closed\tECONNRESET$")
    proxy:stop()
  end)

  it("ends the client's connection when nobody answers, and says so", function()
    local dead = support.dead_address()
    local proxy = support.spawn({ "examples/proxy.lua", "tcp://127.0.0.1:0", dead })
    local client, code = support.try_connect((proxy:expect("^proxy started on (tcp://.*)$")))
    if client then
      code = select(2, client:receive_all())
    end
    assert.equal("ECONNRESET", code)
    proxy:expect_error('cannot connect to "' .. dead:gsub("%p", "%%%0") .. '": connection refused')
    proxy:stop()
  end)
end)
