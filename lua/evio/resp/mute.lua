-- CLIENT REPLY OFF and SKIP: connections whose replies go nowhere. For the others that costs nothing: a stream that
-- seems to need more bytes than there can be is looked at here, where resp.server knows how much is needed.
local core = require("evio.core")
local ffi = require("ffi")
require("evio.stream") -- the declarations

local M = {}

local live = ffi.cast("struct evio_live *", core.live)
local NEED = 2 ^ 31 - 1
local MUTED = {} -- the key in a connection's table of { skips, need }

local finished, room = 0, 0 -- what `live` had in front of the request that is being handled

function M.is(conn)
  return rawget(conn, MUTED) ~= nil
end

-- What follows the request that is being handled is for drive, below.
local function begin(conn, skips)
  rawset(conn, MUTED, { skips = skips, need = 0 })
  live.stream.need = NEED
  live.halt = 1
end

-- From the next request on there are no replies.
function M.off(conn)
  begin(conn)
end

-- To the next request there is no reply.
function M.skip(conn)
  local muted = rawget(conn, MUTED)
  if not muted or muted.skips then
    begin(conn, 1)
  end
end

-- There are replies again, to this request first.
function M.on(conn)
  if M.is(conn) then
    rawset(conn, MUTED, nil)
    live.stream.need = 0
    live.finished = finished
  end
end

-- Handles one request, with resp.server's begin(conn, stream): replies find the connection's output finished, as behind
-- conn:finish(), and that an event ends behind the first of them, so that the next one comes in an event of its own.
function M.drive(conn, stream, handle)
  local muted = rawget(conn, MUTED)
  if muted.need > stream.stop and live.shifted == 0 then
    live.more = 0
    return ""
  end
  muted.skips = muted.skips and muted.skips - 1
  finished, room = live.finished, live.room
  live.finished, live.room, live.halt = 1, 0, 1
  local out, action = handle(conn, stream)
  live.finished, live.room = finished, room
  local now = rawget(conn, MUTED)
  if now and live.used == 0 then -- it is not complete
    now.skips = now.skips and now.skips + 1
    now.need = stream.need
  elseif now and now.skips == 0 then
    rawset(conn, MUTED, nil)
  end
  stream.need = M.is(conn) and NEED or 0
  return out, action
end

return M
