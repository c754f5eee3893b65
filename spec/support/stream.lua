-- One captured output of a child: a pipe that fills whenever the harness waits on anything.

local posix_errno = require("posix.errno")
local unistd = require("posix.unistd")
local poll = require("spec.support.poll")

local M = {}

local CHUNK = 65536

local Stream = {}
Stream.__index = Stream

local function passing(code)
  return code == posix_errno.EAGAIN or code == posix_errno.EINTR
end

-- Captures what comes out of a non-blocking descriptor, which is the stream's from now on.
function M.capture(fd)
  local stream = setmetatable({ _fd = fd, _chunks = {}, _position = 1, open = true }, Stream)
  poll.watch(fd, poll.READ, function()
    local bytes, _, code = unistd.read(fd, CHUNK)
    if bytes and #bytes > 0 then
      stream._chunks[#stream._chunks + 1] = bytes
    elseif bytes or not passing(code) then
      stream:close()
    end
  end)
  return stream
end

function Stream:close()
  if self.open then
    poll.forget(self._fd)
    unistd.close(self._fd)
    self.open = false
  end
end

-- Everything so far.
function Stream:text()
  if #self._chunks ~= 1 then
    self._chunks = { table.concat(self._chunks) }
  end
  return self._chunks[1]
end

-- The next whole line (or the rest, once the stream ended); nil if there is none yet.
function Stream:line()
  local text = self:text()
  local last = text:find("\n", self._position, true)
  if not last and not self.open and self._position <= #text then
    last = #text + 1
  end
  if last then
    local line = text:sub(self._position, last - 1)
    self._position = last + 1
    return line
  end
end

-- Writes text to a non-blocking descriptor whenever the harness waits, then closes it. Returns a
-- function that closes it at once.
function M.feed(fd, text)
  local position = 1
  local open = true
  local function finish()
    if open then
      open = false
      poll.forget(fd)
      unistd.close(fd)
    end
  end
  poll.watch(fd, poll.WRITE, function()
    local count, _, code = unistd.write(fd, text:sub(position, position + CHUNK - 1))
    position = position + (count or 0)
    if position > #text or (not count and not passing(code)) then
      finish()
    end
  end)
  return finish
end

return M
