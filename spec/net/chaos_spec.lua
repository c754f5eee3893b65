-- Everything at once: handlers and clients that do whatever they like, at random. What must hold is
-- that nothing crashes, that `closed` fires once for each connection, and that the program ends.
local scripts = require("spec.support.scripts")
local support = require("spec.support")

local CHAOS = [[
math.randomseed(%d)
local random, pick = math.random
local opened, closed, detached, gone = 0, 0, 0, {}
local sockets, timers, ended, late = {}, {}, {}, 0
local blocks = { "", "x", ("y"):rep(5000), ("z"):rep(300000) }
local buffer = require("string.buffer").new()

local function any()
  local list = {}
  for conn in evio.connections() do list[#list + 1] = conn end
  return #list > 0 and list[random(#list)] or gone[random(#gone + 1)] or nil
end

local function out()
  local what = random(6)
  if what == 1 then return buffer:put(blocks[random(#blocks)]) end
  return what < 4 and blocks[random(#blocks)] or nil
end

local function times()
  local function some() return random(2) == 1 and random(20) / 1000 or nil end
  return { idle = some(), read = some(), write = random(3) > 1 and some(), linger = some() }
end

local make, act
local deeds = {
  function(conn) conn:write(blocks[random(#blocks)]) end,
  function(conn) conn:write(buffer:put("more")) end,
  function(conn) if random(4) == 1 then conn:close() end end,
  function(conn) if random(4) == 1 then conn:abort() end end,
  function(conn) if random(4) == 1 then conn:finish() end end,
  function(conn) if random(4) == 1 then conn:detach() end end,
  function(conn) conn:wake() end,
  function(conn) assert(evio.wake(conn.id) == conn:wake()) end,
  function(conn) conn:timeout(times()) end,
  function(conn) timers[random(20)] = evio.after(random(3) / 1000, function() act(conn) end) end,
  function(conn)
    local count, timer = random(5), nil
    timer = evio.every(random(0, 2) / 1000, function()
      count = count - 1
      if count < 1 then timer:cancel() end
      act(conn)
    end)
  end,
  function() local timer = timers[random(20)] if timer then timer:cancel() end end,
  function() local socket = sockets[random(20)] if socket then socket:close() end end,
  function() local socket = sockets[random(20)] if socket then socket:finish() end end,
  function(conn) conn:pause() end,
  function(conn) conn:resume() end,
  function(conn) conn:resume() end,
  function(conn) conn:pending() end,
  function(conn) conn:handler(make(), random(2) == 1 and blocks[random(3)] or nil) end,
  function(conn) conn:nodelay(random(2) == 1) end,
  function(conn) conn.own, conn.last = (conn.own or 0) + 1, conn end,
  function(conn) for key in pairs(conn) do conn[key] = nil end end,
  function() collectgarbage(random(2) == 1 and "step" or "collect") end,
  function() if random(8) == 1 then error("on purpose") end end,
  function(conn) return conn.local_address, conn.remote_address, conn.server.addresses[1] end,
  function(conn) assert(evio.conn(conn.id) == conn or evio.conn(conn.id) == nil) end,
}

local function id_of(conn)
  local known, id = pcall(function() local id = conn.id return id end)
  return known and id or 0 -- it was emptied
end

function act(conn)
  local id = id_of(conn)
  if ended[id] and evio.conn(id) then late = late + 1 end
  for _ = 1, random(3) do
    local other = random(3) == 1 and any() or conn
    pcall(deeds[random(#deeds)], other)
  end
  if random(40) == 1 then error("on purpose") end
end

local function action()
  local what = random(20)
  return what == 1 and "close" or what < 4 and "none" or what == 4 and "detach" or nil
end

local function with_out(conn) act(conn) return out(), action() end
local function without_out(conn) act(conn) return action() end

local read = evio.stream(function(conn, stream)
  act(conn)
  local what = random(6)
  if what == 1 then stream:line() end
  if what == 2 then stream:take(random(10)) end
  if what == 3 then stream:find("nothing") end
  if what > 3 then stream:take() end
  return out(), action()
end)

local function end_one(conn)
  local id = id_of(conn)
  if ended[id] then late = late + 1 end
  ended[id] = id > 0 or nil
  gone[#gone %% 50 + 1] = conn
  act(conn)
end

local function count_closed(conn) closed = closed + 1 end_one(conn) end

local function count_detached(conn, socket)
  detached = detached + 1
  local number = random(20)
  if sockets[number] then sockets[number]:close() end
  sockets[number] = socket
  end_one(conn)
end

function make()
  local t = { closed = count_closed }
  if random(3) > 1 then t.detached = count_detached end
  if random(2) == 1 then t.woken = with_out end
  t.data = random(2) == 1 and read or with_out
  if random(2) == 1 then t.eof = with_out end
  if random(2) == 1 then t.drained = with_out end
  if random(4) == 1 then t.prewrite = without_out end
  if random(4) == 1 then t.postwrite = without_out end
  t.options = { high = 65536, low = 1000, queue = 4000000, input = 200000, linger = 0.05,
    duplex = random(3) == 1, idle = random(3) == 1 and 0.02 or false }
  return t
end

local function opened_one(conn)
  opened = opened + 1
  conn:handler(make())
  return with_out(conn)
end

events = make()
events.opened = opened_one
function events.tick()
  for _ = 1, 3 do
    local conn = any()
    if conn then pcall(act, conn) end
  end
  for conn in evio.connections() do if random(10) == 1 then pcall(conn.resume, conn) end end
  return random(3) == 1 and 0 or 0.001
end
local serve = evio.serve
rawset(evio, "serve", function(...)
  serve(...)
  print(("opened %%d, ended %%d, twice or late %%d, detached %%d"):format(opened,
    closed + detached, late, detached))
end)
]]

-- One connection with a short and random life.
local function live(client)
  for _ = 1, math.random(5) do
    local what = math.random(7)
    if what == 1 then
      client:finish()
    elseif what == 2 then
      support.pass(math.random() * 0.005)
    elseif what < 5 then
      client:try_receive(math.random(100000))
    else
      client:try_send(("line\n"):rep(math.random(20000)))
    end
  end
  if math.random(3) == 1 then
    client:reset()
  else
    client:close()
  end
end

describe("chaos", function()
  for seed = 1, 3 do
    it("ends every connection once, and breaks nothing, number " .. seed, function()
      local server = scripts.serve(CHAOS:format(seed), { addresses = {
        "tcp://127.0.0.1:0", "unix://" .. support.tmpdir() .. "/socket" } })
      local addresses = { server:address(1), server:address(2) }
      local descriptors = support.descriptors(server.pid)
      support.parallel(4, function(number)
        math.randomseed(seed * 100 + number)
        local finish, lives = support.clock() + 0.8, 0
        repeat
          local client = support.try_connect(addresses[math.random(2)])
          if client then -- it may be reset before it noticed that it was connected
            live(client)
          end
          lives = lives + 1
        until support.clock() > finish and lives >= 100 -- so that every kind of end is among them
      end)
      assert.is_true(server:alive())
      server:stop()
      local opened, ended, late, detached = server:expect(
        "^opened (%d+), ended (%d+), twice or late (%d+), detached (%d+)")
      assert.is_true(tonumber(opened) > 20 and tonumber(detached) > 0, opened)
      assert.same({ opened, "0" }, { ended, late })
      assert.is_true(descriptors > 0)
    end)
  end
end)
