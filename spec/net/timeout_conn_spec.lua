-- conn:timeout, what conn:handler does to time-outs, and options.duplex.
local scripts = require("spec.support.scripts")
local support = require("spec.support")

local MIB = 1024 * 1024
local CLOSED = [[
function events.closed(_, err, code) print("closed", code, err) end
local function work(seconds)
  local finish = evio.now() + seconds
  while evio.now() < finish do end
end
]]

local function serve(source)
  return scripts.serve_one(CLOSED .. source)
end

local function expect_end(server, name)
  assert.equal(name, (server:expect("^closed\tETIMEDOUT\t(%a+) time%-out: ")))
end

-- What pcall made of conn:timeout with this argument in `opened`.
local function ask(argument)
  local client = scripts.serve_one(([[
    function events.opened(conn)
      local ok, value = pcall(function() local is = conn:timeout(%s) return is end)
      return tostring(ok) .. " " .. tostring(value) .. "\n"
    end]]):format(argument))
  return client:receive_line()
end

describe("conn:timeout", function()
  it("sets a time-out where the options have none", function()
    for _, name in ipairs({ "idle", "read" }) do
      local _, server = serve(([[
        function events.opened(conn) print(conn:timeout({ %s = 0.1 })) end]]):format(name))
      server:expect("^true$")
      expect_end(server, name)
    end
  end)

  it("takes effect for a connection that is idle now", function()
    local _, server = serve([[
      events.options = { idle = 1000, read = 1000 }
      function events.opened(conn)
        evio.after(0.1, function() conn:timeout({ read = 0.2 }) end)
      end]])
    expect_end(server, "read")
  end)

  it("counts from the call, however long nothing came before", function()
    local client, server = serve([[
      function events.opened(conn)
        evio.after(1.1, function()
          conn:timeout({ read = 1, idle = 1.05 })
          evio.after(0.1, function() conn:write("alive\n") end)
        end)
      end]])
    assert.equal("alive", client:receive_line())
    expect_end(server, "read")
  end)

  it("takes effect for output that waits", function()
    local server = scripts.serve(CLOSED .. [[
      function events.data(conn)
        conn:write(("x"):rep(16 * 1024 * 1024))
        evio.after(0.1, function() conn:timeout({ write = 0.1 }) end)
      end]])
    local client = support.connect(server:address(), { receive_buffer = 65536 })
    client:send("x")
    expect_end(server, "write")
  end)

  it("lengthens a time-out that is running", function()
    local client, server = serve([[
      events.options = { idle = 0.6 }
      function events.opened(conn)
        evio.after(0, function() conn:timeout({ idle = 1000 }) end)
        evio.after(0.9, function() conn:write("still here\n") end)
      end]])
    assert.equal("still here", client:receive_line())
    server:stop()
  end)

  it("turns a time-out off with false, and leaves the others", function()
    local client, server = serve([[
      events.options = { idle = 0.3, read = 0.7 }
      function events.opened(conn)
        conn:timeout({ idle = false })
        evio.after(0, function() conn:write("x") end)
      end]])
    assert.equal("x", client:receive(1))
    expect_end(server, "read")
  end)

  it("is for one connection", function()
    local server = scripts.serve([[
      function events.opened(conn) if conn.id == 1 then conn:timeout({ idle = 0.1 }) end end
      function events.data(_, input) return input end
      function events.closed(conn) print("closed", conn.id) end]])
    support.connect(server:address())
    local other = support.connect(server:address())
    assert.equal("closed\t1", (server:expect("^closed.*")))
    assert.equal("still here", support.exchange(other, "still here"))
    server:stop()
    assert.equal("closed\t2", server:line())
  end)

  it("sets the linger time of a later close", function()
    local server = scripts.serve(CLOSED .. [[
      function events.data(conn)
        conn:timeout({ linger = 0.1 })
        return ("x"):rep(16 * 1024 * 1024), "close"
      end]])
    local client = support.connect(server:address(), { receive_buffer = 65536 })
    client:send("x")
    expect_end(server, "linger")
  end)

  it("may be called again and again, in every event", function()
    local client = serve([[
      function events.data(conn, input)
        for i = 1, 100 do assert(conn:timeout({ idle = i, read = i, write = i })) end
        return input
      end
      function events.postwrite(conn) assert(conn:timeout({ idle = 50 })) end]])
    for _ = 1, 50 do
      assert.equal("x", support.exchange(client, "x"))
    end
  end)

  it("raises on misuse", function()
    local expected = "expected a number of seconds from 0.001 to 10^6, or false"
    for argument, words in pairs({
      [""] = "table expected, got no value",
      ["5"] = "table expected, got number",
      ["{ idel = 5 }"] = 'unknown time-out "idel", expected linger, idle, read or write',
      ["{ handshake = 5 }"] = 'unknown time-out "handshake"',
      ["{ queue = 5 }"] = 'unknown time-out "queue"',
      ["{ 5 }"] = "timeout has a number as a key",
      ["{ idle = 0 }"] = "timeout.idle is 0, " .. expected,
      ["{ idle = -1 }"] = "timeout.idle is -1, " .. expected,
      ["{ read = 0 / 0 }"] = "timeout.read is nan, " .. expected,
      ["{ write = 1e300 }"] = "timeout.write is 1e+300, " .. expected,
      ["{ write = '5' }"] = 'timeout.write is "5", ' .. expected,
      ["{ write = true }"] = "timeout.write is true, " .. expected,
      ["{ linger = false }"] = "timeout.linger is false, expected a number of seconds from 0 to 10^6",
    }) do
      local answer = ask(argument)
      assert.matches("^false .*server%.lua:2: ", answer)
      assert.matches(words, answer, 1, true)
    end
    assert.equal("true true", ask("{}"))
    assert.equal("true true", ask("{ idle = 1e6, linger = 0 }"))
  end)

  it("leaves everything as it was when it raises", function()
    local _, server = serve([[
      events.options = { idle = 0.2 }
      function events.opened(conn)
        for _ = 1, 10 do pcall(conn.timeout, conn, { idle = 1000, read = -1 }) end
      end]])
    expect_end(server, "idle")
  end)
end)

describe("conn:handler", function()
  it("keeps what conn:timeout has set", function()
    local _, server = serve([[
      function events.opened(conn)
        conn:timeout({ idle = 0.2 })
        conn:handler({ closed = events.closed, options = { read = 1000 } })
      end]])
    expect_end(server, "idle")
  end)

  it("sets the time-outs of its options, which take effect at once", function()
    for _, name in ipairs({ "idle", "read" }) do
      local _, server = serve(([[
        function events.opened(conn)
          evio.after(0, function()
            conn:handler({ closed = events.closed, options = { %s = 0.2 } })
          end)
        end]]):format(name))
      expect_end(server, name)
    end
  end)

  it("turns off what conn:timeout has set, where its options say so", function()
    local client, server = serve([[
      function events.opened(conn)
        conn:timeout({ idle = 0.2 })
        conn:handler({ options = { idle = false } })
        evio.after(0.5, function() conn:write("still here\n") end)
      end]])
    assert.equal("still here", client:receive_line())
    server:stop()
  end)
end)

describe("options.duplex", function()
  local FULL = [[
    function events.opened(conn) conn:write(("x"):rep(16 * 1024 * 1024)) end
    function events.data(_, input) print(input) end
    function events.drained(conn) print("drained", conn:pending() <= 1024) end
    ]]

  it("keeps reading above the high mark; drained fires all the same", function()
    local client, server = serve(FULL .. "events.options = { high = 65536, low = 1024, duplex = true }")
    client:send("one")
    server:expect("^one$")
    client:send("two")
    server:expect("^two$")
    assert.equal(16 * MIB, #client:receive(16 * MIB))
    assert.equal("drained\ttrue", server:line())
  end)

  it("may come with other handlers while reading is held back", function()
    local client, server = serve(FULL .. [[
      events.options = { high = 65536, low = 1024 }
      local opened = events.opened
      function events.opened(conn)
        evio.after(0.1, function()
          print("swap")
          conn:handler({ data = events.data, options = { duplex = true } })
        end)
        return opened(conn)
      end]])
    client:send("held")
    server:expect("^swap$")
    assert.equal("held", server:line())
  end)
end)

describe("a callback that takes long", function()
  it("is not held against the connection that it was for #timing", function()
    for _, name in ipairs({ "idle", "read" }) do
      local client, server = serve(([[
        events.options = { %s = 0.6 }
        function events.opened() work(0.8) print("worked") end
        function events.data(_, input)
          if input == "work" then work(0.8) end
          return input
        end]]):format(name))
      server:expect("^worked$")
      support.pass(0.05)
      assert.equal("work", support.exchange(client, "work"))
      support.pass(0.05)
      assert.equal("again", support.exchange(client, "again"))
    end
  end)

  it("is not held against others whose input or whose room for output waits", function()
    for _, name in ipairs({ "idle", "read", "write" }) do
      local came = support.tmpdir() .. "/came"
      local server = scripts.serve(CLOSED .. ([[
        local function limit(seconds)
          for conn in evio.connections() do conn:timeout({ %s = seconds }) end
        end
        function events.data(_, input)
          if input == "work" then
            limit(0.3)
            print("working")
            work(0.6)
            repeat local file = io.open(%q) until file
            evio.after(0, function() limit(false) end) -- which is due later than what may end it
          end
          return input == "fill" and ("x"):rep(16 * 1024 * 1024) or input
        end]]):format(name, came))
      local busy = support.connect(server:address())
      local client = support.connect(server:address(), { receive_buffer = 65536 })
      local left = name == "write" and 14 * MIB or 1
      if name == "write" then
        client:send("fill")
        assert(client:receive(MIB))
      end
      busy:send("work")
      server:expect("^working$")
      if name == "write" then
        assert(client:receive(MIB))
      else
        client:send("x")
      end
      support.write_file(came, "")
      assert.equal(left, #assert(client:receive(left)))
    end
  end)
end)
