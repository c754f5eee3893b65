-- WebSockets in coroutines: sessions that a server starts, and WebSockets that a session dials.
local client = require("evio.websocket.client")
local core = require("evio.core")
local server = require("evio.websocket.server")
local sockets = require("evio.websocket.socket")
local tasks = require("evio.task")

local M = {}

local methods = core.conn_methods
local Socket = sockets.methods
local queue = Socket.send
local MOST_MESSAGES, MOST_BYTES = 64, 262144 -- that wait for a session; beyond them the peer does

-- What a session has of a WebSocket is its `_inbox`: { task, messages: data and kind in turn, first and last of them,
-- bytes, reader and writer while the task waits, paused, and `ended` with code and reason }.

-- In the WebSocket's own session it waits while the queue is full.
local function send(self, data, kind)
  local pending, message, code = queue(self, data, kind)
  local inbox = self._inbox
  if pending and core.is_congested(self.conn) and tasks.running() == inbox.task and coroutine.isyieldable() then
    inbox.writer = true
    tasks.wait()
    return methods.pending(self.conn)
  end
  return pending, message, code
end

local function attach(ws, task)
  ws._inbox = { task = task, messages = {}, first = 1, last = 0, bytes = 0, reader = false, writer = false,
    paused = false, ended = false, told = false }
  ws.send = send
end

local function tell_end(inbox)
  inbox.told = true
  return nil, inbox.reason, inbox.code
end

-- The next message and its kind; at the end nil, the reason and the code of the close.
function Socket:receive()
  local task, inbox = tasks.check("ws:receive"), self._inbox
  if not inbox or inbox.task ~= task then
    error("ws:receive: the WebSocket is not this session's", 2)
  elseif inbox.told then
    error("ws:receive: a call before said that nothing more comes", 2)
  elseif inbox.first <= inbox.last then
    local messages, at = inbox.messages, inbox.first
    local data, kind = messages[at], messages[at + 1]
    messages[at], messages[at + 1] = nil, nil
    inbox.first, inbox.bytes = at + 2, inbox.bytes - #data
    if inbox.first > inbox.last then
      inbox.first, inbox.last = 1, 0
    end
    return data, kind
  elseif inbox.ended then
    return tell_end(inbox)
  elseif inbox.paused then
    inbox.paused = false
    core.read_on(self.conn)
  end
  inbox.reader = true
  return tasks.wait()
end

-- An iterator of messages, up to the end.
function Socket:messages()
  return Socket.receive, self
end

-- Events -------------------------------------------------------------------------------------------

local handlers = {}

function handlers.message(ws, data, kind)
  local inbox = ws._inbox
  if inbox.reader then
    inbox.reader = false
    return tasks.resume(inbox.task, data, kind)
  end
  inbox.messages[inbox.last + 1], inbox.messages[inbox.last + 2] = data, kind
  inbox.last, inbox.bytes = inbox.last + 2, inbox.bytes + #data
  if inbox.bytes >= MOST_BYTES or inbox.last - inbox.first >= 2 * MOST_MESSAGES then
    inbox.paused = true
    methods.pause(ws.conn)
  end
end

function handlers.drained(ws)
  local inbox = ws._inbox
  if inbox.writer then
    inbox.writer = false
    tasks.resume(inbox.task)
  end
end

function handlers.closed(ws, code, reason)
  local inbox = ws._inbox
  inbox.ended, inbox.code, inbox.reason = true, code, reason
  if inbox.reader then
    inbox.reader = false
    tasks.resume(inbox.task, tell_end(inbox))
  end
  handlers.drained(ws)
end

local function finish(task, ok, message)
  if ok then
    task.ws:close()
  else
    sockets.break_off(task.ws, message, debug.traceback(task.thread, sockets.text_of(message)), "session")
  end
  for opened in pairs(task.opened) do
    opened:close()
  end
end

-- A function(request) as evio.websocket.server makes it, whose WebSockets are coroutines that run fn(ws, request).
function M.session(fn, settings)
  if type(fn) ~= "function" then
    error(("evio.websocket.session: a %s, expected a function(ws, request)"):format(type(fn)), 2)
  end
  local own = {
    opened = function(ws, request)
      local task = tasks.new(fn, { conn = ws.conn, ws = ws, opened = setmetatable({}, { __mode = "k" }),
        finish = finish })
      attach(ws, task)
      tasks.resume(task, ws, request)
    end,
    message = handlers.message, drained = handlers.drained, closed = handlers.closed,
  }
  local upgrade = server.new_as("evio.websocket.session", own, settings)
  return upgrade
end

-- Dials out: a WebSocket that this session reads and writes, or nil, a message and a code.
function M.connect(url, settings)
  local task = tasks.check("evio.websocket.connect")
  local pending = true
  local own = {
    opened = function(ws)
      attach(ws, task)
      task.opened[ws] = true
      pending = false
      tasks.resume(task, ws)
    end,
    failed = function(_, message, code)
      if pending then
        pending = false
        tasks.resume(task, nil, message, code)
      end
    end,
    message = handlers.message, drained = handlers.drained, closed = handlers.closed,
  }
  local ws, message, code = client.dial_as("evio.websocket.connect", url, own, settings)
  if not ws then
    return nil, message, code
  end
  return tasks.wait()
end

return M
