-- Wakes from background jobs: none is lost for a connection that stays, and an id that is gone is
-- never taken for one that is there.
local scripts = require("spec.support.scripts")
local support = require("spec.support")

local CONNECTIONS = support.sanitized and 200 or 1000
local WAKES = support.sanitized and 100000 or 1000000
local JOBS = 4

-- Four jobs wake all ids again and again. When they and those that close are done, each connection
-- that stayed must get one more woken.
local STORM = [[
local CONNECTIONS, WAKES, JOBS, CLOSING = %d, %d, %d, %d
local ids, seen, calls = {}, {}, 0
local jobs_left, closing_left, begun = JOBS, CLOSING, nil

local function job(ids, wakes)
  local there, gone = 0, 0
  local missed = {} -- an id that was gone once must stay so
  for i = 1, wakes do
    local id = ids[i %% #ids + 1]
    if evio.wake(id) then
      there = there + 1
      if missed[id] then error("an id came back") end
    else
      gone = gone + 1
      missed[id] = true
    end
  end
  return there, gone
end

-- After the storm: one wake for each that is there, from a job, and each must be answered.
local function last_call()
  seen = {}
  evio.spawn(function(ids)
    local answer = {}
    for i, id in ipairs(ids) do answer[i] = evio.wake(id) end
    return answer
  end, ids):done(function(_, answer)
    local open, unanswered, wrong = 0, 0, 0
    for i, id in ipairs(ids) do
      local there = evio.conn(id) ~= nil
      if answer[i] ~= there then wrong = wrong + 1 end
      if there then open = open + 1 end
    end
    evio.after(0, function() -- the wakes of that job are delivered in the iteration of its end
      for i, id in ipairs(ids) do
        if answer[i] and not seen[id] then unanswered = unanswered + 1 end
      end
      print("result", open, unanswered, wrong, calls)
      evio.shutdown()
    end)
  end)
end

local function one_less()
  if jobs_left == 0 and closing_left == 0 then last_call() end
end

local function done(ok, there, gone)
  print("job", ok, there, gone, ("%%.2f s"):format(evio.now() - begun))
  jobs_left = jobs_left - 1
  one_less()
end

function events.closed()
  closing_left = closing_left - 1
  one_less()
end

function events.opened(conn)
  ids[#ids + 1] = conn.id
  if #ids == CONNECTIONS then
    begun = evio.now()
    for _ = 1, JOBS do
      evio.spawn(job, ids, WAKES / JOBS):done(done)
    end
    print("storm")
  end
end
function events.woken(conn)
  calls = calls + 1
  seen[conn.id] = true
end
function events.data(_, input) return input end
]]

local function connect_all(server)
  local clients = {}
  for i = 1, CONNECTIONS do
    clients[i] = support.connect(server:address())
  end
  return clients
end

describe("wakes from four jobs #threads", function()
  it("reach every connection that stays, while some close", function()
    local closed = CONNECTIONS / 10
    local server = scripts.serve(STORM:format(CONNECTIONS, WAKES, JOBS, closed))
    local clients = connect_all(server)
    server:expect("^storm$")
    for i = 1, CONNECTIONS, 10 do
      clients[i]:close()
      support.pass(0.0005)
    end
    local total = 0
    for _ = 1, JOBS do
      local ok, there, gone = server:expect("^job\t(%w+)\t(%S+)\t(%S+)", 60)
      assert.equal("true", ok, there)
      total = total + there + gone
    end
    assert.equal(WAKES, total)
    local open, unanswered, wrong = server:expect("^result\t(%d+)\t(%d+)\t(%d+)", 60)
    assert.equal(CONNECTIONS - closed, tonumber(open))
    assert.equal("0", unanswered)
    assert.equal("0", wrong)
    assert.same({ status = 0 }, server:wait())
  end)

  it("do not keep anybody from being served", function()
    local server = scripts.serve(STORM:format(2, WAKES, JOBS, 1))
    local first, second = support.connect(server:address()), support.connect(server:address())
    server:expect("^storm$")
    for _ = 1, 20 do
      first:send("echo")
      assert.equal("echo", first:receive(4))
    end
    second:close()
    server:expect("^result\t1\t0\t0\t", 60)
  end)
end)

describe("a wake from a job #threads", function()
  it("comes after what the job did before, and answers it", function()
    local client = scripts.serve_one([[
      function events.data(conn, input)
        evio.spawn(function(id, word)
          evio.sleep(0.02)
          evio.post(word:upper())
          return evio.wake(id)
        end, conn.id, input):message(function(word) conn.word = word end)
      end
      function events.woken(conn) return conn.word .. "\n" end]])
    for _, word in ipairs({ "one", "two" }) do
      client:send(word)
      assert.equal(word:upper(), client:receive_line())
    end
  end)

  it("returns false for a connection that is gone, and for one that is closing", function()
    local client, server = scripts.serve_one([[
      function events.woken() end
      function events.data(conn)
        evio.spawn(function(id)
          local before = evio.wake(id)
          evio.post("woken")
          while evio.wake(id) do evio.sleep(0.001) end
          return before, evio.wake(id)
        end, conn.id):message(function() conn:close() end):done(print)
      end]])
    client:send("x")
    assert.equal("true\ttrue\tfalse", server:line())
  end)

  it("after evio.serve returned is false, and hurts nobody (seed 11)", function()
    local script = support.start([[
      local evio = require("evio")
      local id
      local events = {}
      function events.serving(server) print(server.addresses[1]) end
      function events.data(conn) id = conn.id return "x", "shutdown" end
      evio.serve(events, "tcp://127.0.0.1:0")
      print("served")
      for _ = 1, 4 do
        evio.spawn(function(id)
          for _ = 1, 10000 do if evio.wake(id) then return "woken" end end
          return "gone"
        end, id):done(print)
      end
      evio.run()
      print(evio.wake(id))]])
    local client = support.connect(script:address())
    client:send("x")
    script:expect("^served$")
    for _ = 1, 4 do
      assert.equal("true\tgone", script:line())
    end
    assert.equal("false", script:line())
    assert.same({ status = 0 }, script:wait())
  end)

  it("while the server ends is harmless (seed 11)", function()
    local server = scripts.serve([[
      evio.pool({ linger = 0.05 })
      function events.opened(conn)
        evio.spawn(function(id) while true do evio.wake(id) end end, conn.id)
        return "hello"
      end]])
    for _ = 1, 4 do
      assert.equal("hello", support.connect(server:address()):receive(5))
    end
    server:stop()
  end)
end)
