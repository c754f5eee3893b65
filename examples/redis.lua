-- A server for redis-cli, redis-benchmark and the clients of Redis. It keeps strings, in memory.
--   evio-lua examples/redis.lua [--port 6380] [--unixsocket PATH]
--   redis-cli -p 6380
local evio = require("evio")
local resp = evio.resp

local flags = evio.flags({ port = "6380", unixsocket = "" })

local VERSION = "7.0.15" -- of Redis, whose replies these are
local OK, PONG = resp.status("OK"), resp.status("PONG")
local SYNTAX = resp.error("ERR syntax error")
local NOT_INTEGER = resp.error("ERR value is not an integer or out of range")
local MOST = 9223372036854775807LL -- of milliseconds, and of integers

local databases, indices = {}, {}
for i = 0, 15 do
  databases[i] = evio.keyspace()
  indices[databases[i]] = i
end

-- Seconds since 1970 of a time in a unit of so many milliseconds, from now on or not; nil beyond 64 bits.
local function to_deadline(number, unit, relative)
  local now = relative and math.floor(evio.time() * 1000) or 0
  if number >= -(MOST / unit) and number <= (MOST - now) / unit then
    return (tonumber(number) * unit + now) / 1000
  end
end

local SET_OPTIONS = { NX = true, XX = true, GET = true, KEEPTTL = true, EX = "value", PX = "value", EXAT = "value",
  PXAT = "value" }
local UNITS = { EX = 1000, PX = 1, EXAT = 1000, PXAT = 1, KEEPTTL = 0 }

local function set_with_options(db, key, value, words)
  local has, unit = resp.options(words, SET_OPTIONS), nil
  for name in pairs(has and UNITS or {}) do
    if has[name] and unit then
      return SYNTAX
    end
    unit = has[name] and name or unit
  end
  if not has or has.NX and has.XX then
    return SYNTAX
  end
  local old, deadline = db:get(key), db:deadline(key)
  if unit ~= "KEEPTTL" then
    local number = unit and resp.to_integer(has[unit])
    deadline = number and number > 0 and to_deadline(number, UNITS[unit], #unit == 2) or nil
    if unit and not deadline then
      return number and resp.error("ERR invalid expire time in 'set' command") or NOT_INTEGER
    end
  end
  if has.NX and old or has.XX and not old then
    return has.GET and old or nil
  end
  db:set(key, value, deadline)
  return has.GET and (old or resp.null) or OK
end

-- EXPIRE's options are about the deadline that is there; a key without one lives for ever.
local function expire(db, key, seconds, words)
  local number, has, bad = resp.to_integer(seconds), resp.options(words, { NX = true, XX = true, GT = true, LT = true })
  if not has then
    return resp.error("ERR Unsupported option " .. bad)
  elseif has.NX and (has.XX or has.GT or has.LT) then
    return resp.error("ERR NX and XX, GT or LT options at the same time are not compatible")
  elseif has.GT and has.LT then
    return resp.error("ERR GT and LT options at the same time are not compatible")
  end
  local new, there, old = number and to_deadline(number, 1000, true), db:get(key), db:deadline(key)
  if not new then
    return number and resp.error("ERR invalid expire time in 'expire' command") or NOT_INTEGER
  elseif not there or has.NX and old or has.XX and not old or has.GT and (not old or new <= old)
    or has.LT and old and new >= old then
    return 0
  end
  return (new > evio.time() and db:expire(key, new) or db:remove(key)) and 1
end

-- How many of one or more keys are so.
local function count(db, fn, key, rest)
  local total = fn(db, key) and 1 or 0
  for _, other in ipairs(rest or {}) do
    total = total + (fn(db, other) and 1 or 0)
  end
  return total
end

local SETTINGS = { appendonly = "no", databases = "16", maxmemory = "0", ["maxmemory-policy"] = "noeviction",
  port = flags.port, ["proto-max-bulk-len"] = "536870912", save = "", timeout = "0", unixsocket = flags.unixsocket }
local FIXED = { appendonly = "this server keeps no file", port = "this server cannot change it" }

local commands = {
  PING = { -1, function(_, rest)
    return rest and rest[2] and resp.wrong_count("ping") or rest and rest[1] or PONG
  end },
  ECHO = { 2, function(_, text) return text end },
  QUIT = { -1, function() return OK, "close" end },
  SHUTDOWN = { -1, function(_, words)
    local has = resp.options(words, { SAVE = true, NOSAVE = true, NOW = true, FORCE = true, ABORT = true })
    if not has or has.SAVE and has.NOSAVE or has.ABORT and (has.SAVE or has.NOSAVE or has.NOW or has.FORCE) then
      return SYNTAX
    elseif has.ABORT then
      return resp.error("ERR No shutdown in progress.")
    end
    return resp.none, "shutdown"
  end },
  GET = { 2, function(conn, key) return conn.db:get(key) end, views = true },
  SET = { -3, function(conn, key, value, words)
    if words then
      return set_with_options(conn.db, tostring(key), tostring(value), words)
    end
    conn.db:set(key, value)
    return OK
  end, views = true },
  DEL = { -2, function(conn, key, rest)
    return count(conn.db, function(db, k) return db:get(k) and db:remove(k) end, key, rest)
  end },
  EXISTS = { -2, function(conn, key, rest) return count(conn.db, conn.db.get, key, rest) end },
  MGET = { -2, function(conn, key, rest)
    local list = { conn.db:get(key), n = 1 + #(rest or {}) }
    for i = 2, list.n do
      list[i] = conn.db:get(rest[i - 1])
    end
    return list
  end },
  MSET = { -3, function(conn, key, value, rest)
    if rest and #rest % 2 == 1 then
      return resp.wrong_count("mset")
    end
    conn.db:set(key, value)
    for i = 1, #(rest or {}), 2 do
      conn.db:set(rest[i], rest[i + 1])
    end
    return OK
  end },
  INCR = { 2, function(conn, key)
    local number = resp.to_integer(conn.db:get(key) or "0")
    if not number or number == MOST then
      return number and resp.error("ERR increment or decrement would overflow") or NOT_INTEGER
    end
    number = number + (type(number) == "number" and number < 2 ^ 53 - 1 and 1 or 1LL)
    conn.db:set(key, resp.encode(number):match("%-?%d+"), conn.db:deadline(key))
    return number
  end },
  EXPIRE = { -3, function(conn, ...) return expire(conn.db, ...) end },
  TTL = { 2, function(conn, key)
    local there, deadline = conn.db:get(key), conn.db:deadline(key)
    return not there and -2 or not deadline and -1 or 0LL + math.floor(deadline - evio.time() + 0.5)
  end },
  KEYS = { 2, function(conn, glob) return conn.db:find(resp.matcher(glob)) end },
  DBSIZE = { 1, function(conn) return conn.db.count end },
  FLUSHDB = { -1, function(conn, words)
    if words and (words[2] or not resp.options(words, { ASYNC = true, SYNC = true })) then
      return SYNTAX
    end
    conn.db:clear()
    return OK
  end },
  SELECT = { 2, function(conn, index)
    local number = resp.to_integer(index)
    if not number then
      return NOT_INTEGER
    elseif number < -2147483648 or number > 2147483647 then
      return resp.error("ERR value is out of range, value must between -2147483648 and 2147483647")
    elseif not databases[number] then
      return resp.error("ERR DB index is out of range")
    end
    conn.db = databases[number]
    return OK
  end },
  HELLO = resp.hello("redis", VERSION),
  CLIENT = resp.client_commands(function(conn) return { db = indices[conn.db] } end),
  CONFIG = resp.config(SETTINGS, function(name) return FIXED[name] end),
  INFO = resp.info(function()
    local keyspace = { "Keyspace" }
    for i = 0, 15 do
      if databases[i].count > 0 then
        keyspace[#keyspace + 1], keyspace[#keyspace + 2] = "db" .. i, "keys=" .. databases[i].count
      end
    end
    return { { "Server", "redis_version", VERSION, "redis_mode", "standalone", "tcp_port", flags.port }, keyspace }
  end),
}
commands.COMMAND = resp.command(commands)

local events = { data = resp.server(commands), options = { input = 2 ^ 30, queue = 2 ^ 30 } }

function events.serving(server)
  print("redis server started on " .. table.concat(server.addresses, " and "))
  io.stdout:flush()
end

function events.opened(conn) conn.db = databases[0] end

local unix = flags.unixsocket ~= "" and "unix://" .. flags.unixsocket or nil
evio.serve(events, unpack({ "tcp://:" .. flags.port, unix }))
