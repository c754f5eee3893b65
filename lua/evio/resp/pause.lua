-- CLIENT PAUSE and UNPAUSE. A paused connection is not read from, so what it is asked waits; one that opens meanwhile
-- is not paused.
local codec = require("evio.codec.resp")
local connections = require("evio.conn").connections
local core = require("evio.core")
local printed = require("evio.codec.request").printed

local M = {}

local OK = codec.status("OK")

local pauses = {} -- by server, while there is one: { ends, timer, conns }

local function stop_timer(pause)
  if pause.timer then
    pause.timer:cancel()
  end
end

local function finish(server)
  local pause = pauses[server]
  if pause then
    pauses[server] = nil
    stop_timer(pause)
    for _, conn in ipairs(pause.conns) do
      conn:resume()
    end
  end
end

local function is_anybody_there(conns)
  for _, conn in ipairs(conns) do
    if core.conn_facts(conn) then
      return true
    end
  end
  return false
end

-- A timer keeps the loop running: it is a short one, so that a long pause does not outlive its server.
local function watch(server)
  local pause = pauses[server]
  local left = pause.ends - core.now()
  if left <= 0 or not is_anybody_there(pause.conns) then
    finish(server)
  else
    pause.timer = core.after(math.min(left, 0.5), function() watch(server) end)
  end
end

-- With WRITE, who asks may go on, to end it; commands that only read wait with the others, who could write next.
local function begin(conn, seconds, writes_only)
  local server = conn.server
  local pause = pauses[server] or { ends = 0, conns = {} }
  pause.ends = math.max(pause.ends, core.now() + seconds)
  for peer in connections() do
    if peer.server == server and not (writes_only and peer == conn) and peer:pause() then
      table.insert(pause.conns, peer)
    end
  end
  stop_timer(pause)
  pauses[server] = pause
  watch(server)
end

-- CLIENT PAUSE.
function M.pause(conn, timeout, rest)
  local mode, milliseconds = rest and printed(rest[1]):upper() or "ALL", codec.to_integer(timeout)
  if mode ~= "WRITE" and mode ~= "ALL" then
    return codec.error("ERR CLIENT PAUSE mode must be WRITE or ALL")
  elseif not milliseconds then
    return codec.error("ERR timeout is not an integer or out of range")
  elseif milliseconds < 0 then
    return codec.error("ERR timeout is negative")
  elseif milliseconds > 0 then
    begin(conn, tonumber(milliseconds) / 1000, mode == "WRITE")
  end
  return OK
end

-- CLIENT UNPAUSE.
function M.unpause(conn)
  finish(conn.server)
  return OK
end

return M
