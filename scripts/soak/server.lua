-- The server of the long run: every protocol on two ports, the first one for honest clients, the second one
-- for the others. Its control port answers "report" with what the process holds, after full collections, and
-- "rest" with the same without caches: keys of RESP that expired and were not looked for, and what LuaJIT compiled,
-- of which there is more for a long time, up to a bound.
--   evio-lua scripts/soak/server.lua CERTIFICATE
local ffi = require("ffi")
local evio = require("evio")
local resp = evio.resp

ffi.cdef([[
struct evio_soak_mallinfo {
  size_t arena, ordblks, smblks, hblks, hblkhd, usmblks, fsmblks, uordblks, fordblks, keepcost;
};
struct evio_soak_mallinfo mallinfo2(void);
]])

local certificate = arg[1]
local PORTS = { "tcp://127.0.0.1:0", "tcp://127.0.0.1:0" }
local BIG = ("0123456789abcdef"):rep(16384) -- 256 KiB

local errors, unprovoked = 0, {}
local counts = {}

local function count(name)
  counts[name] = (counts[name] or 0) + 1
end

-- Errors on a first port were not provoked, whatever they are.
local function note(protocol)
  return function(conn, err, code)
    count(protocol)
    if err and conn.index == 1 then
      unprovoked[#unprovoked + 1] = ("%s: %s %s"):format(protocol, err, tostring(code))
    elseif err then
      errors = errors + 1
    end
  end
end

-- name -> the addresses of its server, printed as "name honest other".
local function listen(name, events, ...)
  local server = assert(evio.listen(events, ...))
  print(name, unpack(server.addresses))
end

local function with_end(events, protocol)
  events.closed, events.failed = note(protocol), note(protocol)
  return events
end

local function limits()
  return { idle = 20, write = 20, queue = 8 * 2 ^ 20 }
end

-- Echo, from handlers. Half of the replies come in a wake, so that those are at work, too.
local echo = with_end({ options = limits() }, "echo")
function echo.data(conn, input)
  if #input % 2 == 0 and not conn.late then
    conn.late = input
    conn:wake()
    return
  end
  local late = conn.late or ""
  conn.late = nil
  return late .. input
end
function echo.woken(conn)
  local late = conn.late
  conn.late = nil
  return late
end
function echo.eof(conn)
  return conn.late -- and closes behind what waits
end

-- Lines of a session: some are done by a background job.
local lines = evio.session(function(conn)
  for line in conn:lines() do
    if line == "job" then
      local _, sum = assert(evio.spawn(function(n)
        local total = 0
        for i = 1, n do total = total + i end
        return total
      end, 10000)):await()
      conn:write(tostring(sum) .. "\n")
    elseif line == "big" then
      conn:write(BIG)
    else
      conn:write(line:reverse() .. "\n")
    end
  end
end)
lines.options = limits()
lines = with_end(lines, "lines")

local keys = evio.keyspace()
local redis = with_end({ options = limits(), data = resp.server({
  ping = { 1, function() return resp.status("PONG") end },
  set = { 3, function(_, key, value)
    keys:set(key, value, evio.time() + 5)
    return resp.status("OK")
  end },
  get = { 2, function(_, key) return keys:get(key) end },
}) }, "resp")

local socket = evio.websocket.server({
  message = function(ws, data, kind) ws:send(data, kind) end,
}, { deflate = true, message = 2 ^ 20 })

local gzip = evio.http.gzip(function(request)
  return { body = request.body ~= "" and request.body or "hello\n" }
end)
local http = with_end(evio.http.server(function(request)
  count("requests")
  if request.path == "/socket" then
    return socket(request)
  elseif request.path == "/later" then
    evio.after(0.002, function() request:respond({ body = "later\n" }) end)
    return
  elseif request.path == "/big" then
    return { body = BIG }
  end
  return gzip(request)
end, { body = 2 ^ 20 }), "http")
http.options = limits()

local tls = evio.tls({ cert = certificate, key = certificate })
local secure = with_end({ options = limits(), data = function(_, input) return input end }, "tls")

listen("echo", echo, unpack(PORTS))
listen("lines", lines, unpack(PORTS))
listen("resp", redis, unpack(PORTS))
listen("http", http, unpack(PORTS))
listen("tls", evio.translate(secure, nil, tls), unpack(PORTS))
listen("deflate", evio.translate(with_end({
  options = limits(), data = function(_, input) return input end,
}, "deflate"), nil, evio.deflate()), unpack(PORTS))
listen("udp", { data = function(_, input) return input end, options = { idle = 2 } }, "udp://127.0.0.1:0",
  "udp://127.0.0.1:0")

local function reload()
  local done, message = tls:reload()
  count("reloads")
  if not done then
    unprovoked[#unprovoked + 1] = "reload: " .. message
  end
end
evio.every(3, reload)

-- Finalizers free what is outside of the Lua heap, so twice.
local function held()
  collectgarbage()
  collectgarbage()
  local heap = collectgarbage("count") * 1024
  local info = ffi.C.mallinfo2()
  return heap, tonumber(info.uordblks + info.hblkhd) -- what is in the heap, and what is mapped by itself
end

local control = evio.session(function(conn)
  for line in conn:lines() do
    if line == "report" or line == "rest" then
      if line == "rest" then
        keys:clear()
        require("jit").flush()
      end
      local heap, allocated = held()
      local all = {}
      for name, n in pairs(counts) do
        all[#all + 1] = name .. "=" .. n
      end
      table.sort(all)
      conn:write(("heap=%d malloc=%d keys=%d provoked=%d unprovoked=%d %s\n"):format(heap, allocated, keys.count,
        errors, #unprovoked, table.concat(all, " ")))
    elseif line == "errors" then
      conn:write(table.concat(unprovoked, "\n"):sub(1, 4000) .. "\n\n")
    else
      evio.shutdown()
    end
  end
end)
listen("control", control, "tcp://127.0.0.1:0")
print("ready")
io.stdout:flush()
