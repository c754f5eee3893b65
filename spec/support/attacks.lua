-- Attacks on a server, an honest client of it meanwhile, and what the server holds.
--
--   attacks.run(name, server, { attack = SOURCE, honest = ADDRESS or SOURCE, most = BYTES, connections = N })
--
-- Each side is a script of the host. The attack's source has `evio`, `address`, and has to print "ready" once it is
-- under way; it is ended in the end. Where EVIO_FIGURES names a file, a line of the table in docs/reliability.md is
-- added there.
local scripts = require("spec.support.scripts")
local support = require("spec.support")

local M = {}

local MIB = 1024 * 1024
local P99 = 50 -- milliseconds
local SECONDS = 2
M.NOFILE = 18000

local HEAD = [[
local evio = require("evio")
local address = arg[1]
local options = { idle = false, linger = 1 }
local function ready() print("ready") end
]]

-- Plain sockets for an attack, which wait: connect(address, receive_buffer), send, receive.
M.SOCKETS = [[
local ffi = require("ffi")
ffi.cdef("int socket(int, int, int); int bind(int, const void *, unsigned); int connect(int, const void *, unsigned);"
  .. "int close(int); int setsockopt(int, int, int, const void *, unsigned);"
  .. "long send(int, const void *, size_t, int); long recv(int, void *, size_t, int);"
  .. "long sendto(int, const void *, size_t, int, const void *, unsigned);")
local function sockaddr(a, b, c, d, port)
  return ffi.new("uint8_t[16]", { 2, 0, math.floor(port / 256), port % 256, a, b, c, d })
end
local to = sockaddr(127, 0, 0, 1, tonumber(address:match("%d+$")))
]]

-- Asks again and again, a few milliseconds apart, and prints what the 99th of 100 answers took, in milliseconds.
-- Its part is the source of a function ask(conn), which asks and waits.
local HONEST = [[
local evio = require("evio")
local took = {}
evio.dial(evio.session(function(conn)
  %s
  local finish = evio.now() + %g
  while evio.now() < finish do
    local begin = evio.now()
    ask(conn)
    took[#took + 1] = evio.now() - begin
    evio.sleep(0.003)
  end
  table.sort(took)
  print("p99", #took, took[math.ceil(#took * 0.99)] * 1000)
end), arg[1])
]]

M.ECHO = [[local function ask(conn) conn:write("ping") assert(conn:read(4) == "ping") end]]
M.PING = [[local function ask(conn) conn:write("PING\r\n") assert(conn:readline() == "+PONG") end]]
M.HELLO = [[local function ask(conn)
  conn:write("GET / HTTP/1.1\r\nHost: localhost\r\n\r\n")
  local head = assert(conn:readuntil("\r\n\r\n"))
  assert(#conn:read(tonumber(head:match("Content%%-Length: (%%d+)"))) > 0)
end]]

M.SOCKET = [[
  conn:write("GET / HTTP/1.1\r\nHost: localhost\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
    .. "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n")
  assert(conn:readuntil("\r\n\r\n"))
  local function ask(conn) conn:write("\129\132\0\0\0\0ping") assert(conn:read(6) == "\129\4ping") end]]

local function measure(address, ask)
  local client = support.start(HONEST:format((ask:gsub("%%%%", "%%")), SECONDS), { args = { address } })
  local count, p99 = client:expect("^p99\t(%d+)\t(%S+)$", 60)
  return tonumber(p99), tonumber(count)
end

local function record(name, p99, growth, most)
  local path = os.getenv("EVIO_FIGURES")
  if path then
    local file = assert(io.open(path, "a"))
    file:write(("| %s | %.1f ms | %.1f MiB | %.0f MiB |\n"):format(name, p99, growth / MIB, most / MIB))
    file:close()
  end
end

-- Fails unless the honest client is served in time and the server's memory grows by less than `most`. What the machine
-- does meanwhile is in the time, too: it may be measured again.
function M.run(name, server, opts)
  local honest = opts.honest_address or server.attacked or server:address()
  local before = support.rss(server.pid)
  local attack = support.start(HEAD .. opts.attack, { args = { opts.address or honest },
    limits = { nofile = M.NOFILE } })
  attack:expect("^ready$", 60)
  local p99, count = measure(honest, opts.honest)
  for _ = 1, 3 do
    if p99 >= P99 then
      p99, count = measure(honest, opts.honest)
    end
  end
  local growth = support.peak_rss(server.pid) - before
  assert(server:alive(), "the server ended")
  attack:kill()
  record(name, p99, growth, opts.most)
  if p99 >= P99 or growth >= opts.most or count < 10 then
    error(("%s: p99 %.1f ms of %d answers (below %d), %.1f MiB more (below %.1f)"):format(name, p99, count, P99,
      growth / MIB, opts.most / MIB), 2)
  end
end

-- A server of an example, by its file name.
function M.example(name, args)
  local server = support.spawn({ "examples/" .. name, unpack(args or { "--port", "0" }) },
    { limits = { nofile = M.NOFILE } })
  server.attacked = "tcp://127.0.0.1:" .. server:expect(":(%d+)%s*$")
  return server
end

function M.serve(source, opts)
  opts = opts or {}
  opts.limits = { nofile = M.NOFILE }
  return scripts.serve(source, opts)
end

return M
