-- Detaching in every event, beside other methods, and what comes of the socket object.
local scripts = require("spec.support.scripts")
local support = require("spec.support")

local HEAD = [[
local sockets = {}
function events.detached(_, socket)
  print("detached")
  sockets[#sockets + 1] = socket
end
function events.closed(_, err) print("closed", err) end
]]

local function serve(source)
  return scripts.serve_one(HEAD .. source)
end

-- A spec of a socket's methods: what code, which has `socket`, returned or raised in `detached`.
local function ask(code)
  local client, server = scripts.serve_one(([[
    function events.data() return nil, "detach" end
    function events.detached(_, socket)
      print("answer", pcall(function()
        %s
      end))
    end]]):format(code))
  client:send("x")
  return server:expect("^answer\t(.*)$"), client
end

describe("a detach", function()
  for event, source in pairs({
    opened = "function events.opened() return 'hi', 'detach' end",
    data = "function events.data() return 'hi', 'detach' end",
    stream = "events.data = evio.stream(function(_, s) s:take(1) return 'hi', 'detach' end)",
    eof = "function events.eof(conn) return 'hi', 'detach' end",
    ["eof, as a method"] = "function events.eof(conn) conn:detach() return 'hi' end",
    woken = [[function events.opened(conn) conn:wake() end
      function events.woken() return 'hi', 'detach' end]],
    prewrite = [[function events.data() return 'hi' end
      function events.prewrite() return 'detach' end]],
    postwrite = [[function events.data() return 'hi' end
      function events.postwrite() return 'detach' end]],
    ["prewrite, as a method"] = [[function events.data() return 'hi' end
      function events.prewrite(conn) conn:write(' there') conn:detach() end]],
    ["a timer"] = [[function events.opened(conn)
      evio.after(0, function() conn:write('hi') conn:detach() end) end]],
  }) do
    it("may come in " .. event, function()
      local client, server = serve(source)
      client:send("some input")
      if event:find("eof") then
        client:finish()
      end
      assert.equal("hi", client:receive(2))
      assert.equal("detached", server:expect("^%a+ed.*"))
      if event == "prewrite, as a method" then
        assert.equal(" there", client:receive(6))
      end
    end)
  end

  it("may come in drained", function()
    local client, server = serve([[
      events.options = { high = 65536, low = 1 }
      function events.data() return ("x"):rep(16 * 1024 * 1024) end
      function events.postwrite(_, _, remaining) if remaining > 65536 then print("held") end end
      function events.drained() return "hi", "detach" end]])
    client:send("go")
    server:expect("^held$") -- nobody reads yet, so that the system is full
    assert.equal("hi", client:receive(16 * 1024 * 1024 + 2):sub(-2))
    assert.equal("detached", server:expect("^%a+ed.*"))
  end)

  it("goes before a later close, and behind an earlier one", function()
    for code, expected in pairs({
      ["print(conn:detach(), conn:close())"] = "true\tfalse\ndetached",
      ["print(conn:detach(), conn:finish())"] = "true\tfalse\ndetached",
      ["print(conn:detach()) return nil, 'close'"] = "true\ndetached",
      ["print(conn:close(), conn:detach())"] = "true\tfalse\nclosed\tnil",
      ["print(conn:close()) return nil, 'detach'"] = "true\nclosed\tnil",
      ["print(conn:detach(), conn:abort())"] = "true\ttrue\nclosed\tnil",
      ["print(conn:abort(), conn:detach())"] = "true\tfalse\nclosed\tnil",
    }) do
      local client, server = serve("function events.data(conn) " .. code .. " end")
      client:send("x")
      assert.equal(expected, server:line() .. "\n" .. server:line(), code)
    end
  end)

  it("behind conn:finish comes when the FIN is out", function()
    local client, server = serve("function events.data(conn) conn:finish() conn:detach() end")
    client:send("x")
    assert.equal("", client:receive_all())
    assert.equal("detached", server:expect("^detached"))
    client, server = serve([[
      function events.data(conn)
        conn:write(("x"):rep(8 * 1024 * 1024))
        return conn:finish() and nil, "detach"
      end]])
    client:send("x")
    assert.equal(8 * 1024 * 1024, #client:receive_all())
    assert.equal("detached", server:expect("^detached"))
  end)

  it("goes to the detached of the handlers that are current", function()
    local client, server = serve([[
      function events.data(conn)
        conn:handler({ detached = function(_, socket) print("detached new") sockets[1] = socket end })
        return "hi", "detach"
      end]])
    client:send("x")
    assert.equal("hi", client:receive(2))
    assert.equal("detached new", server:expect("^detached.*"))
    client, server = serve([[
      function events.data(conn) conn:handler({ closed = events.closed }) return "hi", "detach" end]])
    client:send("x")
    assert.equal("", client:receive_all())
    server:expect("^closed\t.*detached handler")
  end)

  it("ends timeouts and later wakes", function()
    local client, server = serve([[
      function events.woken() print("woken") end
      function events.data(conn)
        conn:timeout({ idle = 0.1, read = 0.1, write = 0.1 })
        print(conn:wake())
        return nil, "detach"
      end]])
    client:send("x")
    server:expect("^true$")
    assert.equal("detached", server:line())
    support.pass(0.3)
    client:send("still there")
    server:stop()
    assert.not_matches("closed", (server:output()))
    assert.not_matches("woken", (server:output()))
  end)

  it("leaks no descriptor", function()
    local server = scripts.serve([[
      local count = 0
      function events.data(conn) return "bye", "detach" end
      function events.detached(_, socket)
        count = count + 1
        if count % 2 == 0 then return assert(socket:close()) and nil end
        if count % 3 == 0 then collectgarbage() end
      end
      function events.closed() collectgarbage() collectgarbage() end]])
    server:address()
    local before = support.descriptors(server.pid)
    for _ = 1, 100 do
      local client = support.connect(server:address())
      client:send("x")
      assert.equal("bye", client:receive(3))
      client:close()
    end
    support.eventually(function()
      support.connect(server:address()):close()
      local now = support.descriptors(server.pid)
      return now <= before + 1, now .. " descriptors"
    end)
  end)
end)

describe("an error in detached", function()
  it("is printed, closes the socket, and closed does not fire", function()
    local client, server = scripts.serve_one([[
      function events.data() return "hi", "detach" end
      function events.detached(_, socket)
        kept = socket
        error("on purpose")
      end
      function events.closed() print("closed") end]])
    client:send("x")
    assert.equal("hi", client:receive_all())
    server:expect_error("error in detached, connection 1 from [^\n]*on purpose\nstack traceback")
    server:stop()
    assert.not_matches("closed", (server:output()))
  end)

  it("is what an action is there, but for shutdown", function()
    local client, server = scripts.serve_one([[
      function events.data() return nil, "detach" end
      function events.detached(_, socket) socket:close() return "close" end]])
    client:send("x")
    server:expect_error('detached returned "close" as the action, expected nil, "none" or "shutdown"')
    client, server = scripts.serve_one([[
      function events.data() return nil, "detach" end
      function events.detached() return "shutdown" end]])
    client:send("x")
    assert.same({ status = 0 }, server:wait())
  end)
end)

describe("a socket", function()
  it("refuses to wait on the loop, and says what to do", function()
    for _, method in ipairs({ "read", "write" }) do
      local answer = ask(("socket:%s('x')"):format(method))
      assert.matches("^false\t.*server%.lua:4: ", answer)
      assert.matches(("socket:%s waits, which the loop must not do; give the socket to evio.spawn")
        :format(method), answer, 1, true)
    end
  end)

  it("has a descriptor until it is closed, once", function()
    assert.matches("^true\ttrue\ttrue\tfalse\tnil\tsocket %(closed%)$", (ask([[
      local fd = socket:fd()
      return fd > 2 and tostring(socket) == "socket (descriptor " .. fd .. ")", socket:close(),
        socket:close(), tostring(socket:fd()), tostring(socket)]])))
  end)

  it("sends FIN by finish, which fails once it is closed", function()
    local answer, client = ask("sockets = socket return socket:finish()")
    assert.equal("true\ttrue", answer)
    assert.equal("", client:receive_all())
    assert.matches("^true\tnil\t.*\tEBADF$", (ask("socket:close() return socket:finish()")))
  end)

  it("takes a time-out, and refuses what is none", function()
    assert.equal("true", (ask("socket:timeout(5) socket:timeout(0) socket:timeout(false)")))
    for _, value in ipairs({ "-1", "0/0", "1e300" }) do
      assert.matches("^false\t.*expected seconds from 0 to 10%^6, or false",
        (ask(("socket:timeout(%s)"):format(value))))
    end
    assert.matches("^false\t.*number expected", (ask("socket:timeout('x')")))
  end)

  it("that is forged raises", function()
    local answer = ask([[
      for _, name in ipairs({ "read", "write", "finish", "timeout", "fd", "close" }) do
        for _, value in ipairs({ 5, "x", {}, io.stdout, newproxy(true), evio.after(0, print) }) do
          local ok, message = pcall(socket[name], value)
          if ok or not message:find("socket (call it as socket:method()) expected", 1, true) then
            return name, value, message
          end
        end
      end
      return getmetatable(socket)]])
    assert.equal("true\tevio.socket", answer)
  end)
end)
