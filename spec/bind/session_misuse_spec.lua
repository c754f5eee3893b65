-- Where sessions may not wait, and what they say of misuse.
local scripts = require("spec.support.scripts")
local support = require("spec.support")

-- A server whose connections run `body`, a function's with `conn`.
local function serve(body, opts)
  return scripts.serve(([[
    events = evio.session(function(conn) %s end)
    function events.closed(_, err, code) print("closed", err, code) end
    function events.serving(server) print(table.concat(server.addresses, "\n")) end]]):format(body), opts)
end

describe("a session", function()
  it("cannot wait inside of a C function, and loses nothing there", function()
    local server = serve([[
      for _, wait in ipairs({ function() evio.sleep(0.05) end, function() conn:readline() end }) do
        print(pcall(table.sort, { 1, 2 }, wait))
      end
      print(evio.sleep(0.2))
      print(conn:readline())]])
    local client = support.connect(server:address())
    support.pass(0.1)
    client:send("line\n")
    local why = " waits, which a session cannot inside of a C function that calls back"
    server:expect("^false\t.*server.lua:%d+: evio.sleep" .. why)
    server:expect("^false\t.*server.lua:%d+: conn:readline" .. why)
    assert.equal("", server:line())
    assert.equal("line", server:line())
    assert.equal("closed\tnil\tnil", server:line())
  end)

  it("reads datagrams whole", function()
    local server = serve([[
      print(pcall(conn.readline, conn))
      print(pcall(conn.readuntil, conn, "x"))
      print(pcall(conn.read, conn, 5))
      print(conn:read())]], { addresses = { "udp://127.0.0.1:0" } })
    local script = support.start(([[
      require("evio").dial({ opened = function() return "line\n" end }, "%s")]]):format(server:address()))
    for _, name in ipairs({ "readline", "readuntil", "read" }) do
      server:expect("^false\t.*conn:" .. name .. ": datagrams come whole, expected conn:read%(%)$")
    end
    assert.equal("line", server:line())
    script:stop()
  end)

  for source, message in pairs({
    ["evio.sleep(-1)"] = "evio.sleep: -1, expected seconds from 0 to 10^9",
    ["evio.sleep()"] = "evio.sleep: a nil, expected seconds from 0 to 10^9",
    ["conn:write({})"] = "conn:write: a table, expected a string or a string.buffer",
    ["conn:write('a', 5)"] = "conn:write: a second value, a number, expected one string or string.buffer",
    ["evio.connect(5)"] = "evio.connect: the address is a number, expected a string",
    ["evio.connect('tcp://[::1]:1', 5)"] = "evio.connect: the events are a number, expected a table",
    ["evio.connect('tcp://[::1]:1', { opened = print })"] = "evio.connect: events.opened beside the session",
    ["evio.connect('tcp://[::1]:1', evio.session(print))"] = "evio.connect: a session beside the session",
    ["local job = evio.spawn(function() end) job:await() job:await()"] = "job:done was called before",
  }) do
    it("is told of misuse where it is: " .. source, function()
      local server = serve("print(pcall(function() " .. source .. " return nil end))")
      support.connect(server:address())
      server:expect("^false\t.*server.lua:1: " .. message:gsub("[%^%-%[%]()]", "%%%0"))
    end)
  end

  it("stands beside no data, woken and eof", function()
    for _, name in ipairs({ "data", "woken", "eof" }) do
      assert.matches(("events.%s beside a session, which reads by itself"):format(name), scripts.fail(([[
        events = evio.session(print)
        function events.%s() end
        evio.listen(events, "tcp://127.0.0.1:0")]]):format(name)), 1, true)
    end
    assert.matches("server.lua:1: evio.session: a number, expected a function(conn)",
      scripts.fail("evio.session(5)"), 1, true)
  end)

  it("is the only one that may wait", function()
    local client, server = scripts.serve_one([[
      function events.data(conn)
        print(pcall(conn.readline, conn))
        print(pcall(evio.sleep, 1))
        print(pcall(evio.connect, "tcp://127.0.0.1:1"))
      end]])
    client:send("x")
    for _, name in ipairs({ "conn:readline", "evio.sleep", "evio.connect" }) do
      server:expect("^false\t.*" .. name .. " waits, which the loop must not do: only sessions may, see evio.session$")
    end
    server = serve([[
      print(pcall(coroutine.wrap(function() return conn:readline() end)))
      for _, what in ipairs({ 0, 1.5, "x" }) do print(pcall(conn.read, conn, what)) end
      print(pcall(conn.readuntil, conn, ""))]])
    support.connect(server:address())
    server:expect("^false\t.*conn:readline waits, which of a session only its own coroutine may")
    for _ = 1, 3 do
      server:expect("^false\t.*conn:read: expected a number of bytes from 1 on, a codec or nothing")
    end
    server:expect("^false\t.*conn:readuntil: the delimiter is no string")
  end)
end)
