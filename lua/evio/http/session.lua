-- HTTP servers whose handlers are coroutines: they may wait, for the body, for room in the queue, and for anything else
-- that sessions wait for.
local answer = require("evio.http.answer")
local core = require("evio.core")
local handlers = require("evio.http.handler")
local message = require("evio.http.message")
local server = require("evio.http.server")
local tasks = require("evio.task")

local M = {}

local STATE = answer.STATE

-- The next part of a body that comes in parts; at its end nil, and where it was cut nil, what happened, and a code.
function message.methods.read(request)
  local task = tasks.check("request:read")
  if task.request ~= request then
    error("request:read: the request is not this session's", 2)
  end
  local state, now, waits = rawget(request.conn, STATE), nil, false
  request:receive(function(...)
    if state then
      state.sink = nil
    end
    now = { n = select("#", ...), ... }
    if waits then
      tasks.resume(task)
    end
  end)
  if not now then
    waits = true
    tasks.wait()
  end
  return unpack(now, 1, now.n)
end

-- An iterator of its parts.
function message.methods.parts(request)
  return message.methods.read, request
end

local function respond(request, state, response)
  if response ~= nil then
    return request:respond(response)
  elseif state.out then
    return state.out.finished or state.out:finish()
  end
  error("the session returned no response", 0)
end

local function finish(task, ok, result)
  local request = task.request
  local state = rawget(request.conn, STATE)
  local due = state and state.due == request
  if ok and due then
    ok, result = pcall(respond, request, state, result)
  elseif ok and result ~= nil and state then
    ok, result = false, "the session returned a response to a request that it had answered"
  end
  if not ok then
    local text = type(result) == "string" and result or ("(error object is a %s)"):format(type(result))
    if due and not state.out then
      core.conn_methods.write(request.conn, answer.pack_refusal(500, "the server has an error", request.method))
    end
    core.fail_session(request.conn, text, debug.traceback(task.thread, text))
  end
  for opened in pairs(task.opened) do
    opened:close()
  end
end

-- An events table as evio.http.server makes it, whose handler(request) is a coroutine and returns the response, or has
-- answered with request:stream.
function M.new(fn, settings)
  fn = handlers.check("evio.http.session", fn)
  return server.new(function(request)
    local task = tasks.new(fn, { conn = request.conn, request = request, opened = setmetatable({}, { __mode = "k" }),
      finish = finish })
    rawget(request.conn, STATE).task = task
    tasks.resume(task, request)
  end, settings)
end

return M
