-- Help for LuaJIT's compiler. Our loops over messages are tail calls, which run once or often. One that ran once when
-- its trace was recorded has a trace that ends where the function returns. When it runs more often, recording the
-- second round meets that trace again and again, until the compiler gives up: from then on that round is interpreted.
-- For calls that are not in tail position LuaJIT drops the trace that is in the way (lj_record.c, check_call_unroll).
-- For tail calls it is done here, from time to time. (Events of the compiler would tell when, but crash this LuaJIT.)
local core = require("evio.core")
local traceinfo = require("jit.util").traceinfo

local M = {}

local MOST_GAP = 64 -- between numbers of traces

-- Whether the compiler gave up an exit of a trace, behind which everything is interpreted.
local function gave_up()
  local number, gap = 1, 0
  while gap < MOST_GAP do
    local info = traceinfo(number)
    if info and info.linktype == "interpreter" then
      return true
    end
    gap = info and 0 or gap + 1
    number = number + 1
  end
  return false
end

-- Reads with several messages, and between which of them to look. What has to be interpreted shall not keep the
-- compiler busy.
local count, due, interval, most = 0, 64, 64, 2 ^ 16

local function look()
  if gave_up() then
    core.after(0, jit.flush) -- and everything is compiled anew
    most = most * 2
  end
  interval = math.min(interval * 2, most)
  due = count + interval
end

-- A read brought more than one message to a loop that is a tail call.
function M.looped()
  count = count + 1
  if count >= due then
    look()
  end
end

return M
