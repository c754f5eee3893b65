-- The one place where a spec waits. The pipes of the children are watched during every wait, so a
-- child that prints much never blocks on them, whatever the spec is waiting for.

local poll = require("posix.poll").poll
local posix_errno = require("posix.errno")
local system = require("spec.support.system")

local M = {}

local READ = { IN = true }
local WRITE = { OUT = true }
local BOTH = { IN = true, OUT = true }
M.READ, M.WRITE, M.BOTH = READ, WRITE, BOTH

-- fd -> { events, ready }: ready() is called when the descriptor can be read or written.
local watched = {}

-- Calls ready() during waits whenever fd is ready for events (READ, WRITE or BOTH).
function M.watch(fd, events, ready)
  watched[fd] = { events = events, ready = ready }
end

function M.forget(fd)
  watched[fd] = nil
end

-- For a forked child: the parent's pipes are not its business.
function M.reset()
  watched = {}
end

local function milliseconds(deadline)
  local left = deadline - system.clock()
  return left > 0 and math.ceil(left * 1000) or 0
end

local function any(revents)
  for _, set in pairs(revents or {}) do
    if set then
      return true
    end
  end
  return false
end

local function collect(wanted)
  local set = {}
  for fd, watch in pairs(watched) do
    set[fd] = { events = watch.events }
  end
  for fd, events in pairs(wanted) do
    set[fd] = { events = events }
  end
  return set
end

-- Serves what is watched; true if something that is wanted is ready.
local function serve(set, wanted)
  local found = false
  for fd, entry in pairs(set) do
    if any(entry.revents) then
      if wanted[fd] then
        found = true
      elseif watched[fd] then
        watched[fd].ready()
      end
    end
  end
  return found
end

-- One turn: waits until anything is ready or the deadline came. True if it was something wanted
-- (fd -> READ, WRITE or BOTH); errors and hang-ups count as ready. The second result is false once
-- the deadline is past.
function M.turn(wanted, deadline)
  local set = collect(wanted)
  local count, message, code = poll(set, milliseconds(deadline))
  if not count and code ~= posix_errno.EINTR then
    error("poll: " .. message)
  end
  local found = serve(set, wanted)
  return found, system.clock() < deadline
end

-- Waits until something wanted is ready: true, or false at the deadline.
function M.wait(wanted, deadline)
  while true do
    local found, in_time = M.turn(wanted, deadline)
    if found then
      return true
    end
    if not in_time then
      return false
    end
  end
end

-- Lets time pass, pipes being drained.
function M.pass(seconds)
  M.wait({}, system.clock() + seconds)
end

return M
