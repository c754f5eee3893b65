-- The connections of a client to one origin: few, and kept. Each has one request at a time; the others wait in a queue.
local address = require("evio.address")
local answer = require("evio.http.answer")
local bodies = require("evio.http.body")
local core = require("evio.core")
local copy = require("evio.settings").copy
local exchanges = require("evio.http.exchange")
local responses = require("evio.http.response")
local stream = require("evio.stream")
local translate = require("evio.translate")

local M = {}

local live = stream.live
local methods, try = core.conn_methods, core.try
local STATE, drop, settle, give_up = exchanges.STATE, exchanges.drop, exchanges.settle, exchanges.give_up
local fail_later = exchanges.fail_later

local BUSY = { idle = false } -- time-outs of a connection

local Pool = {}
Pool.__index = Pool

local function bind(conn, exchange)
  local state = rawget(conn, STATE)
  state.exchange, exchange.conn, state.take = exchange, conn, responses.take_head
end

local function dial(pool, exchange)
  local ok, conn, text, code = pcall(address.dial, pool.events, pool.where)
  if not ok then
    return fail_later(exchange, conn, "EINVAL")
  elseif not conn then
    return fail_later(exchange, text, code)
  end
  pool.conns[conn], pool.count = true, pool.count + 1
  rawset(conn, STATE, { pool = pool, finish = M.finish, refuse = M.refuse, switch = M.switch })
  exchange.kept = false
  bind(conn, exchange)
end

-- Sends it on a connection that was kept. Returns whether there was one.
local function reuse(pool, exchange)
  local conn = table.remove(pool.idle)
  while conn do
    methods.timeout(conn, BUSY)
    exchange.kept = true
    bind(conn, exchange)
    if exchanges.send(conn, exchange) then
      return true
    end
    rawget(conn, STATE).exchange, exchange.conn = nil, nil
    drop(conn)
    conn = table.remove(pool.idle)
  end
  return false
end

-- The exchanges that wait get the connections that there are, and may be.
function Pool:dispatch()
  while self.first <= self.last and (#self.idle > 0 or self.count < self.settings.connections) do
    local exchange = self.queue[self.first]
    self.queue[self.first] = nil
    self.first = self.first + 1
    if not exchange.over and not reuse(self, exchange) then
      dial(self, exchange)
    end
  end
end

-- Answers ----------------------------------------------------------------------------------------------
-- Returns as what takes a part of an answer does: see evio.http.body.

-- An answer that is none, or too long.
function M.refuse(state, status, text)
  local exchange = state.exchange
  live.used = live.length
  give_up(exchange)
  try(exchange.callback, nil, "the server's answer is refused: " .. text,
    (status == 413 or status == 414 or status == 431) and "EMSGSIZE" or "EPROTO")
  return true
end

-- Whether the connection may have another request: an answer can be there in front of the end of its request.
local function may_keep(conn, state, exchange)
  return not state.closing and live.used == live.length and not exchange.source and methods.pending(conn) == 0
    and not state.pool.closed and not state.pool.once
end

local function keep(conn, pool)
  if live.halt ~= 0 then
    methods.resume(conn) -- `chunk` has paused it
  end
  if methods.timeout(conn, pool.idle_times) then
    table.insert(pool.idle, conn)
  end
end

function M.finish(conn, state, response)
  local pool, exchange = state.pool, state.exchange
  if not exchange then
    return true -- `chunk` gave it up
  end
  local kept = may_keep(conn, state, exchange)
  settle(exchange)
  if kept then
    keep(conn, pool)
  else
    drop(conn)
  end
  local sent = not exchange.source and methods.pending(conn) == 0
  if not try(exchange.callback, response) then
    drop(conn)
  end
  pool:dispatch()
  if not kept and not sent then
    methods.abort(conn)
  end
  return true, not kept and sent and "close" or nil
end

-- Behind a 101 the connection belongs to the events that the callback returns.
function M.switch(conn, state, response)
  local exchange = state.exchange
  if not exchange.upgrade then
    return state.refuse(state, 400, "it switches to another protocol, which nobody asked for")
  end
  settle(exchange)
  drop(conn)
  local ok, events = try(exchange.callback, response)
  state.pool:dispatch()
  if not ok or events == nil then
    return true, "close"
  end
  return true, answer.upgrade(conn, events)
end

-- The connection ended, or will. One that was kept may have ended before the request came to it: then nothing came
-- back, and a request that may be sent twice is (RFC 9110, 9.2.2).
local function lose(conn, state, text, code)
  local exchange = state.exchange
  drop(conn)
  if not exchange then
    return
  elseif exchange.kept and not exchange.answered and exchange.idempotent and not exchange.begun then
    state.exchange, exchange.conn = nil, nil
    return dial(state.pool, exchange)
  end
  settle(exchange)
  state.pool:dispatch()
  exchange.callback(nil, text or ("the server closed the connection in %s the answer"):format(
    exchange.answered and "the middle of" or "front of"), text and code or not text and "ECONNRESET" or nil)
end

local function finish_step(more, action)
  live.more = more
  return "", action
end

local function step(conn, state)
  if not state.exchange or not state.take then
    return finish_step(0)
  end
  local went_on, action = state.take(conn, state)
  if not went_on or action ~= nil or live.halt ~= 0 then
    return finish_step(went_on and 1 or 0, action)
  end
  return step(conn, state)
end

local function drive(conn)
  stream.begin(conn)
  local state = rawget(conn, STATE)
  if not state.exchange and live.length > 0 then
    drop(conn)
    live.used = live.length
    methods.fail(conn, "the server sent what no request had asked for")
  end
  return step(conn, state)
end

-- The events of all connections of a pool.
local function make_events(settings)
  local function lost(conn, text, code)
    lose(conn, rawget(conn, STATE), text, code)
  end
  return {
    options = { handshake = settings.connect, duplex = true, queue = 2 ^ 30,
      input = math.max(2 ^ 20, 2 * (settings.line + settings.head)) },
    opened = function(conn)
      exchanges.send(conn, rawget(conn, STATE).exchange)
    end,
    data = stream.driven(M.finish, drive),
    eof = function(conn)
      local state = rawget(conn, STATE)
      if state.exchange and bodies.ends_with_connection(state) then
        return nil, select(2, bodies.finish(conn, state))
      end
      lost(conn)
    end,
    drained = function(conn)
      local exchange = rawget(conn, STATE).exchange
      if exchange then
        exchanges.pump(conn, exchange)
      end
    end,
    closed = lost,
    failed = lost,
  }
end

-- Pools --------------------------------------------------------------------------------------------------

-- A pool for a parsed URL's origin. `settings` are whole; with `once` no connection is kept.
function M.new(url, settings, once)
  local events, where = make_events(settings), settings.address or "tcp://" .. url.place
  if settings.tls then
    events = translate.translate(events, nil, settings.tls)
  end
  local endless = copy(settings)
  endless.body = 2 ^ 53
  return setmetatable({ settings = settings, endless = endless, idle_times = { idle = settings.idle }, once = once,
    events = events, where = where, closed = false, queue = {}, first = 1, last = 0, idle = {}, conns = {},
    count = 0 }, Pool)
end

-- Sends an exchange, when its turn comes. callback(response) or callback(nil, message, code) is called once, later; at
-- the latest in so many seconds, or in those that are `left` of them.
function M.ask(pool, exchange, callback, seconds, left)
  exchanges.new(exchange, pool, callback)
  if pool.closed then
    fail_later(exchange, "the client is closed", "EPIPE")
    return exchange
  end
  exchange.timer = core.after(left or seconds, function()
    exchange.timer = nil
    exchanges.fail(exchange, ("the answer did not come within %g s"):format(seconds), "ETIMEDOUT")
  end)
  pool.last = pool.last + 1
  pool.queue[pool.last] = exchange
  pool:dispatch()
  return exchange
end

-- Ends the connections. What waits for an answer gets an error.
function M.close(pool)
  local ended = {}
  for i = pool.first, pool.last do
    ended[#ended + 1] = pool.queue[i]
  end
  pool.closed, pool.queue, pool.first, pool.last = true, {}, 1, 0
  local conns = pool.conns
  pool.conns, pool.idle, pool.count = {}, {}, 0
  for conn in next, conns do
    local exchange = rawget(conn, STATE).exchange
    ended[#ended + 1] = exchange
    if not exchange then
      methods.close(conn)
    end
  end
  for _, exchange in ipairs(ended) do
    if give_up(exchange) then
      core.after_or_end(0, function() exchange.callback(nil, "the client was closed", "EPIPE") end)
    end
  end
end

return M
