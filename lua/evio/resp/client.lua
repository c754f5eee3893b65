-- evio.resp.client: a connection to a server that speaks RESP. Requests leave at once; replies come in their order.
local address = require("evio.address")
local codec = require("evio.codec.resp")
local core = require("evio.core")
local ffi = require("ffi")
local new_table = require("table.new")
local copy = require("evio.settings").copy
local stream = require("evio.stream")
local tasks = require("evio.task")

local M = {}

local leaves, live = stream.leaves, stream.live
local methods = core.conn_methods
local pack, decode = codec.pack_request, require("evio.codec.resp_decode").decode
local upper = string.upper
local COMPLETE, MORE = 1, 0
local SMALLEST = 16 -- ring
-- Strings of 512 MiB, and replies that are read while requests wait to be sent, or both sides would wait.
local OPTIONS = { input = 2 ^ 30, queue = 2 ^ 30, duplex = true }
local PUSH = getmetatable(codec.push({}))

local Client = {}
Client.__index = Client

local function nothing()
end

-- What a callback gets of a value: null is nil, an error nil, its text and its code.
local function open(value)
  if value == codec.null then
    return nil
  elseif codec.is_error(value) then
    return nil, value.text, value.text:match("^%u+")
  end
  return value
end

-- These have no reply: their confirmations are push messages.
local SILENT = { SUBSCRIBE = true, UNSUBSCRIBE = true, PSUBSCRIBE = true, PUNSUBSCRIBE = true, SSUBSCRIBE = true,
  SUNSUBSCRIBE = true }

-- The functions of requests without a reply lie in a ring, so that they have the same places again and again: LuaJIT
-- compiles accesses for a table's size. `first` is the place of the oldest, `count` how many there are.
local function add_waiting(self, fn)
  local ring, size = self.ring, self.size
  if self.count == size then
    local larger = new_table(size * 2, 0)
    for i = 1, size do
      larger[i] = ring[(self.first + i - 2) % size + 1]
    end
    self.ring, self.size, self.first = larger, size * 2, 1
    ring, size = larger, size * 2
  end
  ring[(self.first + self.count - 1) % size + 1] = fn
  self.count = self.count + 1
end

local function take_waiting(self)
  if self.count == 0 then
    return nil
  end
  local first = self.first
  local fn = self.ring[first]
  self.ring[first] = nothing
  self.first, self.count = first % self.size + 1, self.count - 1
  return fn
end

local function deliver(self, value)
  local is_push = getmetatable(value) == PUSH
  local fn = not is_push and take_waiting(self)
  if fn then
    fn(open(value))
  elseif self.push then
    self.push(self, value)
  elseif not is_push then
    methods.fail(self.conn, "a reply came that no request waits for")
  end
end

-- Returns whether somebody heard of it. An error in one function keeps the others from nothing.
local function end_waiting(self, message, code)
  local fn, heard, failed, first = take_waiting(self), false, false, nil
  while fn do
    heard = heard or fn ~= nothing
    local ok, err = pcall(fn, nil, message or "the connection closed in front of the reply", code or "EPIPE")
    if not ok and not failed then
      failed, first = true, err
    end
    fn = take_waiting(self)
  end
  if failed then
    error(first, 0)
  end
  return heard
end

-- All whole replies of an event.
local function make_read(self)
  local reply = ffi.new("struct evio_reply", 0, 1)
  return function(_, input)
    local data = input.data + input.pos
    local status = leaves.resp_reply(reply, data, input.stop - input.pos)
    if status == MORE then
      input.short_read = 1
      return nil
    end
    local value, used
    if status == COMPLETE then
      value, used = decode(ffi.string(data, reply.at))
    end
    if value == nil then
      leaves.fail(live, ("what came is no reply of RESP: %s"):format(used or ("%q"):format(
        ffi.string(data + reply.at, math.min(input.stop - input.pos - reply.at, 40)))))
      input.pos = input.stop
      return nil
    end
    input.pos = input.pos + reply.at
    reply.at, reply.left = 0, 1
    deliver(self, value)
  end
end

-- Sends a request, a list of strings and numbers. fn gets the reply, or nil, a message and a code. Returns how many
-- bytes wait to be sent, or false where the connection is closing or gone; then fn is not called.
function Client:send(request, fn)
  if type(request) ~= "table" or request[1] == nil then
    error(("client:send: the request is %s, expected a list of strings or numbers"):format(
      type(request) == "table" and "empty" or "a " .. type(request)), 2)
  elseif fn ~= nil and type(fn) ~= "function" then
    error(("client:send: a %s for the reply, expected a function(value, message, code)"):format(type(fn)), 2)
  end
  local bytes, wrong = pack(request)
  if not bytes then
    error("client:send: " .. wrong, 2)
  end
  local pending, message, code = methods.write(self.conn, bytes)
  if pending and not SILENT[upper(request[1])] then
    add_waiting(self, fn or nothing)
  end
  return pending, message, code
end

-- In sessions: sends a request, waits for its reply and returns it; null is nil, an error nil, its text and code.
function Client:call(...)
  local task = tasks.check("client:call")
  local pending, message, code = self:send({ ... }, function(...) tasks.resume(task, ...) end)
  if not pending then
    return nil, message or "the connection is closed", code or "EPIPE"
  end
  return tasks.wait()
end

-- How many requests wait for their replies.
function Client:waiting()
  return self.count
end

-- Closes the connection once what was sent has left. Requests that still wait get an error.
function Client:close()
  return methods.close(self.conn)
end

-- The events of a client, of those that the script gave.
local function make_events(self, events)
  local made = copy(events)
  if type(events.options or {}) == "table" then
    made.options = copy(OPTIONS)
    for name, value in next, events.options or {} do
      made.options[name] = value
    end
  end
  made.push, self.push = nil, events.push
  made.data = stream.handler(make_read(self), make_events)
  function made.closed(conn, message, code)
    end_waiting(self, message, code)
    return events.closed and events.closed(conn, message, code)
  end
  function made.failed(conn, message, code)
    local heard = end_waiting(self, message, code)
    if events.failed then
      return events.failed(conn, message, code)
    elseif not heard then
      io.stderr:write(("evio: connection %d failed: %s\n"):format(conn.id, message))
    end
  end
  return made
end

-- Dials a server. `events` are those of evio.dial without data, and push(client, message). Returns the client, or
-- nil, a message and a code.
function M.new(where, events)
  events = events or {}
  if type(events) ~= "table" then
    error(("evio.resp.client: the events are a %s, expected a table"):format(type(events)), 2)
  elseif events.data ~= nil then
    error("evio.resp.client: events.data beside a client, which reads by itself", 2)
  elseif events.push ~= nil and type(events.push) ~= "function" then
    error(("evio.resp.client: push is a %s, expected a function(client, message)"):format(type(events.push)), 2)
  end
  local self = setmetatable({ ring = new_table(SMALLEST, 0), size = SMALLEST, first = 1, count = 0 }, Client)
  local conn, message, code = address.dial_as("evio.resp.client", make_events(self, events), where)
  if not conn then
    return nil, message, code
  end
  self.conn = conn
  return self
end

return M
