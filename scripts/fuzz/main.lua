-- A fuzzer in Lua: evio-lua scripts/fuzz/main.lua TARGET [SECONDS [SEED]]
-- Runs cases of scripts/fuzz/TARGET.lua until the time is over. Each has a seed of its own, which is printed where the
-- case fails; 0 seconds and a seed repeat one. The exit status is 1 after a failure.
package.path = "scripts/fuzz/?.lua;" .. package.path

local evio = require("evio")

local name, seconds, seed = arg[1], tonumber(arg[2] or 60), tonumber(arg[3] or os.time() % 100000 * 10000)
if not name or not seconds or not seed then
  io.stderr:write("usage: evio-lua scripts/fuzz/main.lua TARGET [SECONDS [SEED]]\n")
  os.exit(2)
end

-- `case(turn)` is one case. It raises where something is wrong. `turn()` lets the loop go on.
local case = require(name)
local started = evio.now()

local function fail(message)
  io.stderr:write(("%s\nseed %d failed\nto repeat it: %s scripts/fuzz/main.lua %s 0 %d\n"):format(message, seed,
    "build/asan/evio-lua", name, seed))
  os.exit(1)
end

local resume

local function turn()
  evio.after(0, resume)
  coroutine.yield()
end

local function run()
  local count = 0
  repeat
    math.randomseed(seed)
    local ok, message = xpcall(case, debug.traceback, turn)
    if not ok then
      fail(message)
    end
    seed, count = seed + 1, count + 1
    if count % 16 == 0 then
      turn()
    end
  until evio.now() - started >= seconds
  print(("%d cases, the last one with seed %d"):format(count, seed - 1))
  os.exit(0)
end

resume = coroutine.wrap(function()
  local ok, message = pcall(run)
  fail(ok and "it ended" or message)
end)
evio.after(0, resume)
