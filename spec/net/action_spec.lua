-- The actions that events return: each is honoured by every event that can have it (seed 17).
local scripts = require("spec.support.scripts")
local support = require("spec.support")

-- A client whose connection has had every event: it sends, reads, and ends.
local function live_through(server)
  local client = support.connect(server:address())
  client:try_send("x")
  local bytes, code = "", nil
  if client:try_send("y") then
    bytes, code = client:receive_some()
  end
  client:finish()
  return client, bytes, code
end

local ANSWER = {
  opened = true, data = true, eof = true, drained = true, prewrite = false, postwrite = false,
}

-- Events of which one returns an action; the rest would keep the connection for ever.
local EVERYTHING = [[
local WHICH, ACTION, ANSWER = %q, %q, %s
events.options = { high = 65536, low = 1024 }
local function handle(name)
  return function(conn)
    if name == WHICH then
      print("event", name)
      if ANSWER then return "answer", ACTION end
      return ACTION
    end
    if name == "data" then conn:write(("x"):rep(100000)) end
    if name == "eof" then return nil, "none" end
  end
end
for _, name in ipairs({ "opened", "data", "eof", "prewrite", "postwrite", "drained" }) do
  events[name] = handle(name)
end
function events.closed(_, err, code) print("closed", err, code) end
]]

local function serve(event, action)
  return scripts.serve(EVERYTHING:format(event, action, tostring(ANSWER[event])))
end

for event, answers in pairs(ANSWER) do
  describe("the action of " .. event, function()
    it("close closes the connection, its output first (seed 17)", function()
      local server = serve(event, "close")
      local client, bytes = live_through(server)
      local rest, code = client:receive_all()
      assert.is_nil(code)
      assert.equal(answers and "answer" or "", (bytes .. rest):gsub("x", ""))
      server:expect("^event\t" .. event)
      assert.equal("nil\tnil", (server:expect("^closed\t(.*)$")))
      assert.is_true(server:alive())
    end)

    it("shutdown ends the server, its output first (seed 17)", function()
      local server = serve(event, "shutdown")
      local client, bytes = live_through(server)
      local rest, code = client:receive_all()
      assert.is_nil(code)
      assert.matches(answers and "answer" or "", bytes .. rest, 1, true)
      server:expect("^event\t" .. event)
      assert.same({ status = 0 }, server:wait())
    end)

    it("none does nothing (seed 17)", function()
      local server = serve(event, "none")
      live_through(server)
      server:expect("^event\t" .. event)
      local other = support.connect(server:address())
      other:send("x")
      assert.is_truthy(other:receive(1))
      assert.is_nil((server:output()):find("closed", 1, true))
    end)
  end)
end

describe("the action of", function()
  it("serving: shutdown ends the server before it accepted anybody (seed 17)", function()
    local server = scripts.serve([[
      function events.serving(s) print(s.addresses[1]) return "shutdown" end
      function events.opened() print("opened") end
      function events.tick() print("tick") end]])
    server:address()
    assert.same({ status = 0 }, server:wait())
    assert.matches("^[^\n]*\n$", (server:output()))
  end)

  it("tick: shutdown ends the server, with or without a delay (seed 17)", function()
    for _, delay in ipairs({ "nil", "0.01" }) do
      local server = scripts.serve("function events.tick() return " .. delay .. ", 'shutdown' end")
      assert.same({ status = 0 }, server:wait())
    end
  end)

  it("closed: shutdown ends the server (seed 17)", function()
    local client, server = scripts.serve_one("function events.closed() return 'shutdown' end")
    client:close()
    assert.same({ status = 0 }, server:wait())
  end)

  it("closed: close is an error, as there is nothing to close (seed 17)", function()
    local client, server = scripts.serve_one("function events.closed() return 'close' end")
    client:close()
    server:expect_error('closed returned "close" as the action, expected nil, "none" or "shutdown"')
    support.connect(server:address())
    assert.is_true(server:alive())
  end)
end)
