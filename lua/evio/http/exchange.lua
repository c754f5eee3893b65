-- Exchanges: requests that were sent, or will be, and whose answers are to come. An exchange is what evio.http.request
-- makes, with `pool`, `callback` and, where it has one, `conn`; and `answered`, whether bytes of its answer came;
-- `kept`, whether its connection had another one before; `begun`, whether its body's function was called; and `over`.
local core = require("evio.core")

local M = {}

local methods = core.conn_methods

-- The key of a connection's state in its table: { pool, exchange, ... } and what evio.http.body and evio.http.response
-- want.
local STATE = {}
M.STATE = STATE

local Exchange = {}
Exchange.__index = Exchange

-- Ends ---------------------------------------------------------------------------------------------------

-- The connection is none of the pool's any more.
function M.drop(conn)
  local state = rawget(conn, STATE)
  local pool = state.pool
  if pool.conns[conn] then
    pool.conns[conn], pool.count = nil, pool.count - 1
    for i, idle in ipairs(pool.idle) do
      if idle == conn then
        table.remove(pool.idle, i)
        break
      end
    end
  end
end
local drop = M.drop

-- Takes an exchange off its connection, and off the queue. Returns the connection.
function M.settle(exchange)
  local conn = exchange.conn
  exchange.conn, exchange.over = nil, true
  if exchange.timer then
    exchange.timer:cancel()
    exchange.timer = nil
  end
  if conn then
    rawget(conn, STATE).exchange = nil
  end
  return conn
end
local settle = M.settle

-- The same where it did not come to its end, which ends the connection. Returns whether it was not over.
function M.give_up(exchange)
  if exchange.over then
    return false
  end
  local conn = settle(exchange)
  if conn then
    drop(conn)
    methods.abort(conn)
  end
  exchange.pool:dispatch()
  return true
end
local give_up = M.give_up

function M.fail(exchange, text, code)
  if give_up(exchange) then
    exchange.callback(nil, text, code)
  end
end

-- Inside of a call of the script's nothing is called back.
function M.fail_later(exchange, text, code)
  core.after_or_end(0, function() M.fail(exchange, text, code) end)
end
local fail_later = M.fail_later

-- Gives the request up: its callback is not called. Returns whether it still waited.
function Exchange:cancel()
  return give_up(self)
end

-- Sending ----------------------------------------------------------------------------------------------

-- Writes of a body what is there, up to the high mark.
function M.pump(conn, exchange)
  local source = exchange.source
  while source and not core.is_congested(conn) do
    local ok, piece = pcall(source)
    if ok and piece ~= nil and type(piece) ~= "string" then
      ok, piece = false, ("the body's function returned a %s, expected a string or nil"):format(type(piece))
    end
    if exchange.over then
      return -- the function gave it up
    elseif not ok then
      return fail_later(exchange, tostring(piece), "EINVAL")
    elseif piece == nil then
      exchange.source, source = nil, nil
      methods.write(conn, "0\r\n\r\n")
    elseif piece ~= "" and not methods.write(conn, ("%x\r\n%s\r\n"):format(#piece, piece)) then
      return -- it is closing
    end
  end
end

function M.send(conn, exchange)
  local pending = methods.write(conn, exchange.head)
  if pending and exchange.body then
    methods.write(conn, exchange.body)
  elseif pending and exchange.source then
    exchange.begun = true
    M.pump(conn, exchange)
  end
  return pending
end

-- A callback(response), or (nil, message, code), is called once, but never inside of a call of the script's.
function M.new(exchange, pool, callback)
  exchange.pool, exchange.callback, exchange.over = pool, callback, false
  return setmetatable(exchange, Exchange)
end

return M
