-- Scripts that misbehave, in every event: errors, yields, os.exit; and what a callback does to its own connection
-- and to others', in all combinations.
local posix_stat = require("posix.sys.stat")
local scripts = require("spec.support.scripts")
local support = require("spec.support")

-- event -> what has to be in the script for it to fire for a client that connects, sends "go", and finishes; DEED
-- is what the handler does.
local EVENTS = {
  serving = "function events.serving(server) print(server.addresses[1]) DEED end",
  opened = "function events.opened() DEED end",
  data = "function events.data() DEED end",
  woken = "function events.data(conn) conn:wake() end function events.woken() DEED end",
  eof = "function events.eof() DEED end",
  prewrite = "function events.data() return 'x' end function events.prewrite() DEED end",
  postwrite = "function events.data() return 'x' end function events.postwrite() DEED end",
  drained = "events.options = { high = 1000, low = 10 } function events.data() return ('x'):rep(2e7) end "
    .. "function events.drained() DEED end",
  detached = "function events.data() return nil, 'detach' end function events.detached() DEED end",
  closed = "function events.data() return nil, 'close' end function events.closed() DEED end",
  failed = "events = evio.translate(events, nil, function() return { receive = function() return nil, nil, 'no' end, "
    .. "send = function(_, s) return s end, opening = true } end) function events.failed() DEED end",
  tick = "function events.tick() DEED end",
  timer = "evio.after(0.05, function() DEED end)",
  ["a job's callback"] = "evio.spawn(function() end):done(function() DEED end)",
  translate = "events = evio.translate(events, nil, function() DEED end)",
}
local WITHOUT_CONNECTION = { serving = true, tick = true, timer = true, ["a job's callback"] = true }

local function serve(event, deed)
  local source = EVENTS[event]:gsub("DEED", (deed:gsub("%%", "%%%%")))
  if source:find("evio.spawn", 1, true) then
    source = "function events.serving(server) print(server.addresses[1]) " .. source .. " end"
  end
  return scripts.serve(source, { addresses = { "unix://" .. support.tmpdir() .. "/socket" } })
end

local function visit(address)
  local client = support.connect(address)
  client:send("go")
  client:finish()
  client:receive_all()
end

-- Whatever became of the first one, the next one is served: it is read from, and its connection ends.
local function lives(server, address)
  visit(address)
  assert.is_true(server:alive())
end

describe("a script that yields", function()
  for event in pairs(EVENTS) do
    it("has an error that names the event: " .. event, function()
      local server = serve(event, "coroutine.yield()")
      if event == "serving" then
        assert.equal(1, server:wait().status)
        local _, stderr = server:output()
        assert.matches("attempt to yield", stderr, 1, true)
        return
      end
      local address = server:address()
      visit(address)
      server:expect_error("error in " .. event .. (WITHOUT_CONNECTION[event] and "" or ", connection 1")
        .. "[^\n]*: attempt to yield")
      lives(server, address)
    end)
  end
end)

describe("a script that raises what is no string", function()
  for event in pairs(EVENTS) do
    it("has that told, and the next one is served: " .. event, function()
      local server = serve(event, "error({ 5 })")
      if event == "serving" then
        assert.equal(1, server:wait().status)
        return
      end
      local address = server:address()
      visit(address)
      server:expect_error("error in " .. event .. "[^\n]*: %(error object is a table%)")
      lives(server, address)
    end)
  end
end)

describe("os.exit", function()
  for event in pairs(EVENTS) do
    it("ends the process with its status, and the file of its unix socket goes: " .. event, function()
      local server = serve(event, "os.exit(7)")
      local address = server:address()
      local client = event ~= "serving" and support.try_connect(address)
      if client then
        client:send("go")
        client:finish()
        client:receive_all()
      end
      local result = server:wait()
      assert.same({ 7, nil }, { result.status, result.signal })
      assert.is_nil(posix_stat.stat(address:match("unix://(.*)")))
      local _, stderr = server:output()
      assert.equal("", stderr)
    end)
  end
end)

-- For every deed and whatever the callback returns, a server of its own with three connections: in `event` of the
-- second one the deed is done to one of them.
local COMBINATIONS = [[
local event, number = %q, %d
local deeds = {
  function(victim) victim:write("w") end,
  function(victim) victim:close() end,
  function(victim) victim:write("w") victim:close() end,
  function(victim) victim:close() assert(victim:write("w") == false) end,
  function(victim) victim:finish() end,
  function(victim) victim:abort() assert(victim:write("w") == false) end,
  function(victim) victim:close() victim:close() end,
  function(victim, events) victim:handler({ closed = events.closed }) end,
  function(victim) victim:pause() victim:resume() end,
  function(victim) victim:wake() end,
  function(victim) victim:detach() end,
}
local returns = event == "woken" and { {}, { "out" }, { nil, "close" }, { "out", "close" } } or { {} }
local ended, expected, wrong, checks = 0, 0, {}, {}

local function combine(deed, returned, name)
  local own, conns, count, done = {}, {}, {}, false
  local function over(conn)
    if count[conn] then wrong[#wrong + 1] = name .. ": ended twice" end
    count[conn] = true
    ended = ended + 1
  end
  function own.opened(conn)
    conns[#conns + 1] = conn
    if #conns == 3 then conns[2]:wake() end
  end
  function own.closed(conn) over(conn) end
  function own.detached(conn, socket) over(conn) socket:close() end
  function own.data(_, input) return input end
  function own.woken(conn)
    if event == "closed" and conn == conns[2] then return nil, "close" end
    return "x"
  end
  local before = own[event]
  own[event] = function(conn, ...)
    if before and event == "closed" then before(conn) end
    if done or conn ~= conns[2] then return end
    done = true
    local fine, err = pcall(deed, conns[number], own)
    -- In closed its own connection is over: nothing can be done to it.
    if not fine and not (event == "closed" and number == 2) then wrong[#wrong + 1] = name .. ": " .. err end
    return unpack(returned, 1, 2)
  end
  expected = expected + 3
  local server = evio.listen(own, "tcp://127.0.0.1:0")
  local nothing = function() end
  for _ = 1, 3 do
    evio.dial({ data = nothing, closed = nothing, failed = nothing }, server.addresses[1])
  end
  checks[#checks + 1] = function()
    if not done then return name .. ": the event did not fire" end
    for _, conn in ipairs(conns) do
      if (evio.conn(conn.id) == nil) ~= (count[conn] or false) then return name .. ": there and ended" end
    end
  end
end

for i, deed in ipairs(deeds) do
  for k, returned in ipairs(returns) do
    combine(deed, returned, i .. "/" .. k)
  end
end
-- All is well when it stays so for five looks.
local good, finish, timer = 0, evio.now() + 8, nil
timer = evio.every(0.02, function()
  local found = {}
  for _, check in ipairs(checks) do found[#found + 1] = check() end
  good = #found == 0 and good + 1 or 0
  if good < 5 and evio.now() < finish then return end
  timer:cancel()
  for _, what in ipairs(found) do wrong[#wrong + 1] = what end
  evio.shutdown()
end)
evio.run()
print(ended == expected, table.concat(wrong, "; "))
]]

describe("a callback that acts on connections", function()
  for _, event in ipairs({ "woken", "prewrite", "postwrite", "closed" }) do
    for number, whose in ipairs({ "an older one", "its own", "a newer one" }) do
      it("may do so in every way, in " .. event .. ", to " .. whose, function()
        local status, stderr, stdout = scripts.run(COMBINATIONS:format(event, number))
        assert.equal("true\t\n", stdout)
        assert.equal("", stderr)
        assert.equal(0, status)
      end)
    end
  end
end)
