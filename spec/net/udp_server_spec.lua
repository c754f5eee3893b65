-- Datagram sockets as servers and as what is dialed: binding, ending, what an events table may have.
local scripts = require("spec.support.scripts")
local support = require("spec.support")

local UDP = { addresses = { "udp://127.0.0.1:0" } }

describe("an events table for udp", function()
  local REFUSED = {
    ["{ eof = print }"] = "events.eof does not apply to udp addresses",
    ["{ detached = print }"] = "events.detached does not apply to udp addresses",
    ["{ data = evio.stream(print) }"] = "events.data is a stream, which does not apply to udp addresses",
  }
  for _, call in ipairs({ "listen(%s, 'udp://127.0.0.1:0')", "serve(%s, 'tcp://:0', 'udp6://[::1]:0')",
    "dial(%s, 'udp://127.0.0.1:1')" }) do
    for source, message in pairs(REFUSED) do
      it(("is refused with what datagrams have not: evio.%s"):format(call:format(source)), function()
        assert.matches(message, scripts.fail("evio." .. call:format(source)), 1, true)
      end)
    end
  end

  it("has no backlog option in its address", function()
    assert.matches("backlog does not apply to udp sockets",
      scripts.fail("evio.listen({}, 'udp://:0?backlog=5')"), 1, true)
  end)

  it("makes the detach action an error", function()
    local server = scripts.serve("function events.data() return nil, 'detach' end", UDP)
    support.start(([[
      require("evio").dial({ opened = function() return "x" end }, "%s")]]):format(server:address()))
    server:expect_error('data returned "detach" as the action, expected a detached handler')
  end)
end)

describe("a udp server", function()
  it("cannot have an address that is taken", function()
    local server = scripts.serve("", UDP)
    local first = scripts.fail(("evio.serve({}, %q)"):format(server:address()))
    assert.matches("cannot listen on \"" .. server:address() .. '": address already in use', first, 1, true)
  end)

  it("ends in order with a signal: closed for each peer", function()
    local server = scripts.serve([[
      function events.data(_, input) return input end
      function events.closed(conn, err) print("closed", conn.id, err) end]], UDP)
    local script = support.start(([[
      local evio = require("evio")
      local count = 0
      for _ = 1, 3 do
        evio.dial({
          opened = function() return "x" end,
          data = function() count = count + 1 if count == 3 then print("all") end end,
        }, "%s")
      end]]):format(server:address()))
    script:expect("^all$")
    server:stop()
    local ids = {}
    for id in server:output():gmatch("closed\t(%d)\tnil") do
      ids[#ids + 1] = id
    end
    assert.same({ "3", "2", "1" }, ids)
  end)

  it("that is closed takes no new peers and keeps those it has", function()
    local server = scripts.serve([[
      function events.data(conn, input)
        if input == "close" then conn.server:close() end
        return input
      end]], UDP)
    local script = support.start(([[
      local evio = require("evio")
      local function dial(events) return evio.dial(events, "%s") end
      local first
      local other = { opened = function() return "new" end, data = function() print("taken") end }
      local events = {}
      function events.opened() return "close" end
      function events.data(conn, input)
        if input == "close" then
          dial(other)
          evio.after(0.1, function() conn:write("old") end)
        else
          print(input)
        end
      end
      first = dial(events)]]):format(server:address()))
    assert.equal("old", script:line())
  end)

  it("survives a flood of datagrams and answers beside it", function()
    local server = scripts.serve("function events.data(_, input) if input ~= 'noise' then return input end end",
      UDP)
    local script = support.start(([[
      local evio = require("evio")
      local events = {}
      function events.opened(conn)
        conn.flood = evio.every(0, function() for _ = 1, 20 do conn:write("noise") end end)
        conn.ask = evio.every(0.01, function() conn:write("ask") end)
      end
      function events.data(conn, input)
        print(input)
        conn.flood:cancel()
        conn.ask:cancel()
        return nil, "close"
      end
      evio.dial(events, "%s")]]):format(server:address()))
    assert.equal("ask", script:line())
    server:stop()
  end)
end)

describe("a dialed udp connection", function()
  it("sends what was written before it was open, a datagram each", function()
    local server = scripts.serve("function events.data(_, input) print(#input, input) end", UDP)
    support.start(([[
      local evio = require("evio")
      local conn = evio.dial({ opened = function() return "opened" end }, "%s")
      print(conn:write("one"), conn:write(""), conn:write("three"), conn:pending())
      print(conn:write(("x"):rep(70000)))]]):format(server:address()))
    for _, line in ipairs({ "3\tone", "0\t", "5\tthree", "6\topened" }) do
      assert.equal(line, server:line())
    end
  end)

  it("is no stream before it is open, either", function()
    local script = support.start([[
      local evio = require("evio")
      local conn = evio.dial({}, "udp://127.0.0.1:9")
      print(conn:finish(), conn:pause(), conn:write("x"))
      print(pcall(conn.handler, conn, { data = evio.stream(print) }))
      print(conn:keepalive(1))
      conn:close()]])
    assert.equal("false\tfalse\t1", script:line())
    assert.matches("events.data is a stream, which does not apply to udp addresses", script:line(), 1, true)
    assert.equal("nil\toperation not supported\tEOPNOTSUPP", script:line())
  end)

  it("hears when nobody listens there", function()
    local server = scripts.serve("", UDP)
    local address = server:address()
    server:stop()
    local script = support.start(([[
      local events = {}
      function events.opened() return "x" end
      function events.closed(_, err, code) print(err, code) end
      require("evio").dial(events, "%s")]]):format(address))
    assert.equal("connection refused\tECONNREFUSED", script:line())
    assert.same({ status = 0 }, script:wait())
  end)

  it("leaves no descriptor behind, and is not forgotten by itself", function()
    local server = scripts.serve("function events.data(_, input) return input end", UDP)
    local script = support.start(([[
      local evio = require("evio")
      local left = 100
      local events = {}
      function events.opened() return "x" end
      function events.data() return nil, "close" end
      function events.closed(_, err)
        left = left - 1
        if left == 0 then print("over", err) end
      end
      for _ = 1, left do evio.dial(events, "%s") end
      evio.after(60, function() end)]]):format(server:address()))
    script:expect("^over\tnil$")
    assert.is_true(support.descriptors(script.pid) < 15)
  end)
end)
