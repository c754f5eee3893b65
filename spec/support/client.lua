-- A client: one stream socket, never blocking without a deadline. What the peer does comes back as
-- a value ("ECONNRESET", an end); a deadline that passes is an error, as it is a failed spec.

local posix_errno = require("posix.errno")
local socket = require("posix.sys.socket")
local unistd = require("posix.unistd")
local address = require("spec.support.address")
local poll = require("spec.support.poll")
local system = require("spec.support.system")

local M = {}

local CHUNK = 65536
local MOMENT = 0.002

local Client = {}
Client.__index = Client

local clients = {}

local function await(client, events, deadline, what)
  if not poll.wait({ [client.fd] = events }, deadline) then
    system.fail(("the client could not %s before the deadline (%s)"):format(what, client.address))
  end
end

-- A non-blocking connect that goes on until it succeeded or failed.
local function connect(client, candidate)
  local deadline = system.deadline()
  while true do
    local done, _, code = address.connect(client.fd, candidate)
    if done then
      return true
    elseif code == posix_errno.EINPROGRESS or code == posix_errno.EALREADY then
      await(client, poll.WRITE, deadline, "connect")
    elseif code == posix_errno.EAGAIN and system.clock() < deadline then
      poll.pass(MOMENT) -- a unix socket whose backlog is full
    else
      return nil, system.error_name(code)
    end
  end
end

local function open(candidate, text, opts)
  local fd, message = socket.socket(candidate.family, socket.SOCK_STREAM, 0)
  assert(fd, message)
  local client = setmetatable({ fd = fd, address = text, _unread = "" }, Client)
  system.nonblocking(system.close_on_exec(fd))
  if opts.receive_buffer then
    client:set_receive_buffer(opts.receive_buffer)
  end
  if opts.send_buffer then
    assert(socket.setsockopt(fd, socket.SOL_SOCKET, socket.SO_SNDBUF, opts.send_buffer))
  end
  clients[client] = true
  local done, code = connect(client, candidate)
  if done then
    return client
  end
  client:close()
  return nil, code
end

-- Connects: client, or nil and the name of the error. opts: receive_buffer, send_buffer (bytes, set
-- before connecting).
function M.try_connect(text, opts)
  local client, code
  for _, candidate in ipairs(address.candidates(text)) do
    client, code = open(candidate, text, opts or {})
    if client then
      break
    end
  end
  return client, code
end

-- The same, but a refusal is an error.
function M.connect(text, opts)
  local client, code = M.try_connect(text, opts)
  if not client then
    system.fail(("cannot connect to %s: %s"):format(text, code))
  end
  return client
end

function Client:set_receive_buffer(bytes)
  assert(socket.setsockopt(self.fd, socket.SOL_SOCKET, socket.SO_RCVBUF, bytes))
end

-- One send of what the kernel takes now: the count, or nil and the name of the error ("EAGAIN").
function Client:try_send(bytes)
  local count, _, code = socket.send(self.fd, bytes)
  if count then
    return count
  end
  return nil, system.error_name(code)
end

-- Sends all: true, or nil, the name of the error and the count that went out before.
function Client:send(bytes, seconds)
  local deadline, sent = system.deadline(seconds), 0
  while sent < #bytes do
    local part = #bytes <= CHUNK and sent == 0 and bytes or bytes:sub(sent + 1, sent + CHUNK)
    local count, code = self:try_send(part)
    if count then
      sent = sent + count
    elseif code == "EAGAIN" then
      await(self, poll.WRITE, deadline, "send")
    elseif code ~= "EINTR" then
      return nil, code, sent
    end
  end
  return true
end

-- One recv without waiting: bytes, "" at the end, or nil and the name of the error ("EAGAIN").
function Client:try_receive(max)
  local bytes, _, code = socket.recv(self.fd, max or CHUNK)
  if bytes then
    return bytes
  end
  return nil, system.error_name(code)
end

local function receive(client, max, deadline)
  while true do
    local bytes, code = client:try_receive(max)
    if bytes then
      return bytes
    elseif code == "EAGAIN" then
      await(client, poll.READ, deadline, "receive")
    elseif code ~= "EINTR" then
      return nil, code
    end
  end
end

local function take_unread(client, count)
  local bytes = client._unread:sub(1, count)
  client._unread = client._unread:sub(count + 1)
  return bytes
end

-- Something: bytes, "" at the end, or nil and the name of the error.
function Client:receive_some(max, seconds)
  if self._unread ~= "" then
    return take_unread(self, max or #self._unread)
  end
  return receive(self, max, system.deadline(seconds))
end

-- Gathers chunks until done(chunk, total) or the end: all bytes, nil or "EOF" or an error's name.
local function gather(client, deadline, done)
  local chunks, total = {}, #client._unread
  local chunk = take_unread(client, total)
  while true do
    chunks[#chunks + 1] = chunk
    if done(chunk, total) then
      return table.concat(chunks)
    end
    local code
    chunk, code = receive(client, CHUNK, deadline)
    if not chunk or chunk == "" then
      return table.concat(chunks), code or "EOF"
    end
    total = total + #chunk
  end
end

-- Exactly n bytes; or nil, "EOF" or the name of the error, and what came before it.
function Client:receive(n, seconds)
  local bytes, code = gather(self, system.deadline(seconds), function(_, total)
    return total >= n
  end)
  if code then
    return nil, code, bytes
  end
  self._unread = bytes:sub(n + 1)
  return #bytes == n and bytes or bytes:sub(1, n)
end

-- A line without its end ("\n" or "\r\n"); or nil, "EOF" or the name of the error, and the rest.
function Client:receive_line(seconds)
  local bytes, code = gather(self, system.deadline(seconds), function(chunk)
    return chunk:find("\n", 1, true)
  end)
  if code then
    return nil, code, bytes
  end
  local last = bytes:find("\n", 1, true)
  self._unread = bytes:sub(last + 1)
  return (bytes:sub(1, last - 1):gsub("\r$", ""))
end

-- Everything up to the end: bytes, and the name of the error if it was not a clean one.
function Client:receive_all(seconds)
  local bytes, code = gather(self, system.deadline(seconds), function()
    return false
  end)
  return bytes, code ~= "EOF" and code or nil
end

-- Shuts the writing side down.
function Client:finish()
  local done, _, code = socket.shutdown(self.fd, socket.SHUT_WR)
  if done then
    return true
  end
  return nil, system.error_name(code)
end

function Client:close()
  if clients[self] then
    clients[self] = nil
    unistd.close(self.fd)
  end
end

-- Closes so that the peer sees a reset (TCP).
function Client:reset()
  assert(socket.setsockopt(self.fd, socket.SOL_SOCKET, socket.SO_LINGER, 1, 0))
  self:close()
end

-- Our own port.
function Client:port()
  return address.local_port(self.fd)
end

-- The two halves of an exchange: true on progress, false if it would block; or nil and why not.
local function step(count, code)
  if count and count ~= "" then
    return true
  elseif code == "EAGAIN" or code == "EINTR" then
    return false
  end
  return nil, code or "EOF"
end

local function send_step(state, client, bytes)
  if state.sent == #bytes then
    return false
  end
  local count, code = client:try_send(bytes:sub(state.sent + 1, state.sent + CHUNK))
  state.sent = state.sent + (count or 0)
  return step(count, code)
end

local function receive_step(state, client, wanted)
  local chunk, code = client:try_receive(math.min(CHUNK, wanted - state.received))
  state.chunks[#state.chunks + 1] = chunk
  state.received = state.received + #(chunk or "")
  return step(chunk, code)
end

-- Sends bytes and receives as many at the same time: what came, and "EOF" or the name of the error
-- if it ended early.
function M.exchange(client, bytes, seconds)
  local deadline = system.deadline(seconds)
  local first = take_unread(client, #bytes)
  local state = { sent = 0, received = #first, chunks = { first } }
  while state.received < #bytes or state.sent < #bytes do
    local sent, send_code = send_step(state, client, bytes)
    local received, code = false, nil
    if state.received < #bytes then
      received, code = receive_step(state, client, #bytes)
    end
    if sent == nil or received == nil then
      return table.concat(state.chunks), code or send_code
    end
    if not sent and not received and (state.received < #bytes or state.sent < #bytes) then
      await(client, state.sent < #bytes and poll.BOTH or poll.READ, deadline, "exchange")
    end
  end
  return table.concat(state.chunks)
end

-- Closes every client that a spec left open.
function M.cleanup()
  for client in pairs(clients) do
    client:close()
  end
end

return M
