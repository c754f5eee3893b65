-- From an address as the server prints it to socket addresses that can be connected to.

local ffi = require("ffi")
local posix_errno = require("posix.errno")
local socket = require("posix.sys.socket")
local unistd = require("posix.unistd")
local system = require("spec.support.system")

local M = {}

local FAMILIES = {
  tcp = socket.AF_UNSPEC,
  tcp4 = socket.AF_INET,
  tcp6 = socket.AF_INET6,
}

ffi.cdef([[
int connect(int, const void *, unsigned int);
int getsockname(int, void *, unsigned int *);
]])

local held = {} -- descriptors

local function resolve(host, port, family)
  local hints = { family = family, socktype = socket.SOCK_STREAM }
  local list, message = socket.getaddrinfo(host, port, hints)
  if not list then
    system.fail("cannot resolve " .. host .. ": " .. tostring(message))
  end
  return list
end

-- The socket addresses of "tcp://host:port" (also tcp4, tcp6, [v6]) or "unix://path" (@ for an
-- abstract name), in the order in which to try them.
function M.candidates(address)
  local scheme, rest = address:match("^(%w+)://([^?]*)")
  if scheme == "unix" then
    return { { family = socket.AF_UNIX, path = rest } }
  end
  local host, port = tostring(rest):match("^%[?(.-)%]?:(%d+)$")
  if not FAMILIES[scheme] or not host then
    system.fail("cannot connect to " .. tostring(address))
  end
  return resolve(host == "" and "localhost" or host, port, FAMILIES[scheme])
end

-- lua-posix pads an abstract name with zeros, which makes it another name.
local function connect_abstract(fd, name)
  local bytes = ffi.new("uint8_t[?]", #name + 3)
  ffi.cast("uint16_t *", bytes)[0] = socket.AF_UNIX
  ffi.copy(bytes + 3, name, #name)
  if ffi.C.connect(fd, bytes, #name + 3) == 0 then
    return 0
  end
  return nil, "connect", ffi.errno()
end

-- connect(2): 0, or nil, message, number.
function M.connect(fd, candidate)
  if candidate.family == socket.AF_UNIX and candidate.path:sub(1, 1) == "@" then
    return connect_abstract(fd, candidate.path:sub(2))
  end
  local result, message, code = socket.connect(fd, candidate)
  if not result and code == posix_errno.EISCONN then
    return 0
  end
  return result, message, code
end

-- Whether this machine has the address ::1.
function M.has_ipv6()
  local fd = socket.socket(socket.AF_INET6, socket.SOCK_STREAM, 0)
  if not fd then
    return false
  end
  local bound = socket.bind(fd, { family = socket.AF_INET6, addr = "::1", port = 0 })
  unistd.close(fd)
  return bound ~= nil
end

-- The port that a TCP socket has here. (lua-posix 33.4 calls getsockname with a length that it
-- never set, so its answer is chance.)
function M.local_port(fd)
  local bytes = ffi.new("uint8_t[128]")
  local length = ffi.new("unsigned int[1]", 128)
  assert(ffi.C.getsockname(fd, bytes, length) == 0, "getsockname failed")
  return bytes[2] * 256 + bytes[3]
end

-- An address of TCP that nobody listens on, nor will before the spec is over.
function M.dead()
  local fd = assert(socket.socket(socket.AF_INET, socket.SOCK_STREAM, 0))
  held[#held + 1] = fd
  assert(socket.bind(fd, { family = socket.AF_INET, addr = "127.0.0.1", port = 0 }))
  return "tcp://127.0.0.1:" .. M.local_port(fd)
end

function M.cleanup()
  for _, fd in ipairs(held) do
    unistd.close(fd)
  end
  held = {}
end

return M
