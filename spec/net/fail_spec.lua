-- conn:fail: an end because of what the peer did, which is no error of the script.
local scripts = require("spec.support.scripts")
local support = require("spec.support")

local REPORT = [[
function events.closed(_, err, code) print("closed", err, code) end
function events.failed(_, err, code) print("failed", err, code) end
]]

describe("conn:fail", function()
  it("closes behind what was written and what is returned, and tells closed why", function()
    local client, server = scripts.serve_one(REPORT .. [[
      function events.data(conn)
        conn:write("one ")
        print(conn:fail("no such command"))
        return "two"
      end]])
    client:send("x")
    assert.equal("one two", (client:receive_all()))
    server:expect("^true$")
    server:expect("^closed\tno such command\tEPROTO$")
    server:stop()
    assert.equal("", (select(2, server:output())))
  end)

  it("is false where the connection closes already, or is gone; the first message counts", function()
    local client, server = scripts.serve_one(REPORT .. [[
      function events.data(conn)
        print(conn:fail("one"), conn:fail("two"), conn:close(), conn:write("x"))
        evio.after(0.05, function() print(conn:fail("three")) end)
      end]])
    client:send("x")
    assert.equal("", (client:receive_all()))
    server:expect("^true\tfalse\tfalse\tfalse$")
    server:expect("^closed\tone\tEPROTO$")
    server:expect("^false$")
  end)

  it("does not take back a close", function()
    local client, server = scripts.serve_one(REPORT .. [[
      function events.data(conn) print(conn:close(), conn:fail("late")) end]])
    client:send("x")
    assert.equal("", (client:receive_all()))
    server:expect("^true\tfalse$")
    server:expect("^closed\tnil\tnil$")
  end)

  it("ends a stream's handler with it: what is left is not looked at", function()
    local client, server = scripts.serve_one(REPORT .. [[
      events.data = evio.stream(function(conn, s)
        local line = s:line()
        print("line", line)
        if line == "bad" then conn:fail("bad line") end
        return line and line .. "!\n"
      end)]])
    client:send("good\nbad\nnever\nagain")
    client:send("never\n")
    assert.equal("good!\nbad!\n", (client:receive_all()))
    server:expect("^line\tgood$")
    server:expect("^line\tbad$")
    server:expect("^closed\tbad line\tEPROTO$")
  end)

  it("ends another connection than the event's", function()
    local client, server = scripts.serve_one(REPORT .. [[
      local first
      function events.opened(conn)
        first = first or conn
        return "hello\n"
      end
      function events.data() first:fail("told on") end]])
    assert.equal("hello", client:receive_line())
    support.connect(server:address()):send("x")
    assert.equal("", (client:receive_all()))
    server:expect("^closed\ttold on\tEPROTO$")
  end)

  it("has one message and its code, whatever goes wrong while it closes", function()
    local client, server = scripts.serve_one(REPORT .. [[
      events.options = { linger = 0.1, high = 2 ^ 26, queue = 2 ^ 26 }
      function events.data(conn)
        conn:fail("too much")
        return ("x"):rep(2 ^ 25)
      end]])
    client:send("x") -- and reads nothing
    server:expect("^closed\ttoo much\tEPROTO$")
  end)

  it("ends what has not opened yet with failed", function()
    local script = scripts.dial([[
      local conn = evio.dial(events, arg[1])
      print(conn:fail("changed my mind"), conn:fail("again"))]], scripts.serve(""):address())
    script:expect("^true\tfalse$")
    script:expect("^failed\tchanged my mind\tEPROTO$")
  end)

  it("ends a peer of datagrams", function()
    local server = scripts.serve(REPORT .. [[
      function events.data(conn, datagram)
        conn:fail("not a query: " .. datagram)
        return "no"
      end]], { addresses = { "udp://127.0.0.1:0" } })
    local script = scripts.dial([[
      function events.opened() return "what" end
      function events.data(_, datagram) print(datagram) end
      evio.dial(events, arg[1])]], server:address())
    script:expect("^no$")
    server:expect("^closed\tnot a query: what\tEPROTO$")
  end)
end)
