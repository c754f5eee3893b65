-- The scripts of the runs with faults: each serves an echo, whose address it prints first, and does what it is named
-- after. `drive(address, note)` is the clients' part; where there is none the script prints "done".

local certificates = require("spec.support.certificates")
local dns = require("spec.support.dns")
local support = require("spec.support")

local M = {}

-- `watched` prints what becomes of connections; begin and over are called with them then. `attempt` prints what a call
-- refuses, be it that it returns nil or that it raises, and returns what it returns.
M.PRELUDE = [[
local evio = require("evio")

local function watched(name, events, begin, over)
  function events.opened(conn)
    print("opened", name, conn.id)
    if begin then return begin(conn) end
  end
  for _, event in ipairs({ "closed", "failed" }) do
    events[event] = function(conn, err, code)
      print(event, name, conn.id, code or err or "clean")
      if over then over(conn) end
    end
  end
  return events
end

local function attempt(what, call, ...)
  local ok, result, message, code = pcall(call, ...)
  if not ok or result == nil then
    print("refused", what, code or message or result)
    return nil
  end
  return result
end

local left = 1
local function finished()
  left = left - 1
  if left == 0 then print("done") end
end

local function echo(_, input) return input end
local function serving(server)
  print("serving", server.addresses[1])
  finished()
end
local server = assert(evio.listen(watched("echo", { data = echo, serving = serving }), "tcp://127.0.0.1:0"))
local address = server.addresses[1]

-- Calls dial(): what it dials says hello, is answered, and closes.
local function ask(name, target, wrap)
  left = left + 1
  local got = 0
  local events = watched(name, {}, function() return ("hello "):rep(20000) end, finished)
  function events.data(_, input)
    got = got + #input
    if got == 120000 then
      print("answered", name)
      return nil, "close"
    end
  end
  if not attempt(name, evio.dial, wrap and wrap(events) or events, target) then finished() end
end
]]

local function exchange(note, name, address, bytes)
  local client = support.connect(address)
  local got, code = support.exchange(client, bytes)
  note(name, got == bytes and "echoed" or code)
  client:close()
end

-- Clients that ask, that send much, and that finish first.
M.plain = {
  source = "",
  drive = function(address, note)
    exchange(note, "small", address, "hello")
    exchange(note, "large", address, ("0123456789"):rep(30000))
    local client = support.connect(address)
    client:send("last words")
    client:finish()
    local bytes, code = client:receive_all()
    note("finished", code or bytes)
    client:close()
  end,
}

-- By address, by name, by a name that a server is asked for, and through a unix socket.
M.dial = {
  prepare = function()
    local _, address = dns.start({ ["name.example"] = { a = { "127.0.0.1" } } })
    return address
  end,
  source = [[
local path = "unix://" .. arg[1]
attempt("unix", evio.listen, watched("there", { data = echo }), path)
ask("tcp", address)
ask("name", (address:gsub("127.0.0.1", "localhost")))
ask("unix", path)
if pcall(evio.nameservers, arg[3]) then
  ask("lookup", (address:gsub("127.0.0.1", "name.example")))
else
  print("refused", "nameservers", "ENOMEM")
end
]],
}

M.tls = {
  source = function()
    return ([[
local tls = evio.translate(watched("there", { data = echo }), nil, evio.tls({ %s }))
local there = attempt("listen", evio.listen, tls, "tcp://127.0.0.1:0")
local function wrap(events)
  return evio.translate(events, nil, evio.tls({ ca = %q, name = "localhost" }))
end
for i = 1, 2 do
  if there then ask("tls " .. i, there.addresses[1], wrap) end
end
]]):format(certificates.fields("server"), certificates.path("ca.pem"))
  end,
}

-- Translators in Lua and in C, on both sides.
M.translators = {
  source = [[
local function rot()
  local function turn(_, bytes) return bytes end
  return { receive = turn, send = turn }
end
local function wrap(events)
  return evio.translate(evio.translate(events, nil, rot), nil, evio.deflate())
end
local there = attempt("listen", evio.listen, wrap(watched("there", { data = echo })), "tcp://127.0.0.1:0")
for i = 1, 2 do
  if there then ask("deflate " .. i, there.addresses[1], wrap) end
end
]],
}

-- Jobs that return, post, wake, and serve a socket.
M.jobs = {
  source = [[
local function run(name, fn, ...)
  left = left + 1
  local job = attempt(name, evio.spawn, fn, ...)
  if not job then
    if type(...) == "userdata" then (...):close() end
    return finished()
  end
  job:message(function(value) print("posted", name, value) end)
  job:done(function(ok, value)
    print("job", name, ok, value)
    finished()
  end)
end
run("sum", function(n)
  for i = 1, 3 do evio.post(i) end
  return n + 1
end, 41)
local events = watched("detached", {}, function() return nil, "detach" end)
function events.detached(conn, socket)
  print("detached", "detached", conn.id)
  run("socket", function(s)
    local bytes = assert(s:read(5))
    assert(s:write(("%s "):format(bytes):rep(5000)))
    return s:close()
  end, socket)
end
local there = attempt("listen", evio.listen, events, "tcp://127.0.0.1:0")
local caller, got = watched("caller", {}, function() return "hello" end, finished), 0
function caller.data(_, input) got = got + #input end
function caller.eof() print("got", got) end
if there then
  left = left + 1
  if not attempt("dial", evio.dial, caller, there.addresses[1]) then finished() end
end
]],
}

-- A server of datagrams and two peers, which ask again where nothing comes.
M.udp = {
  source = [[
local there = attempt("listen", evio.listen, watched("there", { data = echo }), "udp://127.0.0.1:0")
for i = 1, 2 do
  left = left + 1
  local events = watched("peer " .. i, {}, function(conn)
    conn.timer = evio.every(0.02, function() conn:write("hello") end)
  end, function(conn)
    if conn.timer then conn.timer:cancel() end
    finished()
  end)
  function events.data(_, input)
    print("answered", i, input)
    return nil, "close"
  end
  if not there or not attempt("dial", evio.dial, events, there.addresses[1]) then finished() end
end
]],
}

-- Files over HTTP: one that is queued at once, one that is sent by the system.
M.files = {
  source = [[
local http = evio.http
local files = http.files(arg[2])
local there = attempt("listen", evio.listen, watched("there", http.server(files)), "tcp://127.0.0.1:0")
for _, name in ipairs({ "small", "large" }) do
  left = left + 1
  local got = 0
  local events = watched(name, {}, function()
    return ("GET /%s HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"):format(name)
  end, finished)
  function events.data(_, input) got = got + #input end
  function events.eof() print("got", name, got > 1000) end
  if not there or not attempt("dial", evio.dial, events, there.addresses[1]) then finished() end
end
]],
}

return M
