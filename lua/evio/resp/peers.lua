-- CLIENT LIST, INFO and KILL: the connections of a server, as redis-server tells of its clients.
local codec = require("evio.codec.resp")
local connections = require("evio.conn").connections
local core = require("evio.core")
local printed = require("evio.codec.request").printed

local M = {}

local OK = codec.status("OK")
local SYNTAX = codec.error("ERR syntax error")
local KEPT = {} -- the key in a connection's table of whether CLIENT NO-EVICT is on
-- Nobody is a replica, a master, or a subscriber that the library knows of.
local TYPES = { NORMAL = "normal", SLAVE = "other", REPLICA = "other", MASTER = "other", PUBSUB = "other" }

-- The fields of a line, in Redis's order, and what they are where nobody knows better; the others are 0.
local FIELDS = { "id", "addr", "laddr", "fd", "name", "age", "idle", "flags", "db", "sub", "psub", "ssub", "multi",
  "qbuf", "qbuf-free", "argv-mem", "multi-mem", "rbs", "rbp", "obl", "oll", "omem", "tot-mem", "events", "cmd", "user",
  "redir", "resp" }
local USUAL = { name = "", multi = -1, events = "r", cmd = "NULL", user = "default", redir = -1, resp = 2 }

-- An address as Redis writes it.
local function plain(address)
  local kind, rest = address:match("^(%a+)%d*://(.*)$")
  return kind == "unix" and rest .. ":0" or rest
end

-- The connections of a connection's server that are not closing, oldest first.
local function peers(conn)
  local list, server = {}, conn.server
  for peer in connections() do
    if peer.server == server and core.conn_facts(peer) then
      list[#list + 1] = peer
    end
  end
  return list
end

-- The peer of a connection with an id; nil where there is none.
function M.find(conn, id)
  local peer = core.conn(tonumber(id))
  return peer and peer.server == conn.server and core.conn_facts(peer) and peer or nil
end

function M.keep(conn, on)
  rawset(conn, KEPT, on or nil)
end

-- One connection's line. tell(conn) gives what the server knows of it, by the names of fields.
local function describe(conn, cmd, tell)
  local told, fd, age, idle = tell and tell(conn) or {}, core.conn_facts(conn)
  local known = { id = conn.id, addr = plain(conn.remote_address), laddr = plain(conn.local_address), fd = fd,
    name = conn.name, age = math.floor(age), idle = math.floor(idle), obl = conn:pending(), resp = conn.resp,
    cmd = cmd }
  local flags = (known.addr:find(":0$") and "U" or "") .. (rawget(conn, KEPT) and "e" or "")
  known.flags = flags ~= "" and flags or "N"
  local parts = {}
  for i, name in ipairs(FIELDS) do
    local value = told[name] or known[name] or USUAL[name] or 0
    parts[i] = name .. "=" .. (type(value) == "number" and ("%d"):format(value) or value)
  end
  return table.concat(parts, " ") .. "\n"
end

function M.info(conn, tell)
  return codec.verbatim(describe(conn, "client|info", tell))
end

-- What a client's type is called, or nil and the error.
local function read_type(word)
  local kind = TYPES[printed(word):upper()]
  return kind, not kind and codec.error(("ERR Unknown client type '%s'"):format(printed(word))) or nil
end

-- Those that CLIENT LIST is asked for; nil and an error.
local function choose(conn, words)
  if not words then
    return peers(conn)
  end
  local by = printed(words[1]):upper()
  if by == "TYPE" and #words == 2 then
    local kind, wrong = read_type(words[2])
    return kind and (kind == "normal" and peers(conn) or {}), wrong
  elseif by ~= "ID" or #words < 2 then
    return nil, SYNTAX
  end
  local list = {}
  for i = 2, #words do
    local id = codec.to_integer(words[i])
    if not id then
      return nil, codec.error("ERR Invalid client ID")
    end
    list[#list + 1] = M.find(conn, id)
  end
  return list
end

function M.list(conn, words, tell)
  local chosen, wrong = choose(conn, words)
  if not chosen then
    return wrong
  end
  local parts = {}
  for i, peer in ipairs(chosen) do
    parts[i] = describe(peer, peer == conn and "client|list" or nil, tell)
  end
  return codec.verbatim(table.concat(parts))
end

-- Readers of what stands behind a filter's name: its value, or nil and an error.
local READERS = {
  ID = function(word)
    local id = codec.to_integer(word)
    if not id or id < 1 then
      return nil, codec.error("ERR client-id should be greater than 0")
    end
    return tonumber(id)
  end,
  TYPE = read_type,
  ADDR = printed,
  LADDR = printed,
  USER = function(word)
    if word ~= "default" then
      return nil, codec.error(("ERR No such user '%s'"):format(printed(word)))
    end
    return word
  end,
  SKIPME = function(word)
    local answer = printed(word):upper()
    if answer ~= "YES" and answer ~= "NO" then
      return nil, SYNTAX
    end
    return answer
  end,
}

-- The filters by name; nil and an error.
local function read_filters(words)
  local filters = { SKIPME = "YES" }
  for i = 1, #words, 2 do
    local name = printed(words[i]):upper()
    if not READERS[name] or not words[i + 1] then
      return nil, SYNTAX
    end
    local value, wrong = READERS[name](words[i + 1])
    if wrong then
      return nil, wrong
    end
    filters[name] = value
  end
  return filters
end

local function is_wanted(peer, filters)
  return (not filters.ID or filters.ID == peer.id) and filters.TYPE ~= "other"
    and (not filters.ADDR or filters.ADDR == plain(peer.remote_address))
    and (not filters.LADDR or filters.LADDR == plain(peer.local_address))
end

-- Closes those that the filters name. Its own connection gets the reply first.
local function close_all(conn, filters)
  local count, action = 0, nil
  for _, peer in ipairs(peers(conn)) do
    if is_wanted(peer, filters) and (peer ~= conn or filters.SKIPME == "NO") then
      count = count + 1
      if peer == conn then
        action = "close"
      else
        peer:close()
      end
    end
  end
  return count, action
end

-- CLIENT KILL ADDRESS, where it may be the own one, and with filters.
function M.kill(conn, first, rest)
  if not rest then
    local count, action = close_all(conn, { ADDR = printed(first), SKIPME = "NO" })
    return count > 0 and OK or codec.error("ERR No such client"), action
  end
  local filters, wrong = read_filters({ first, unpack(rest) })
  if not filters then
    return wrong
  end
  return close_all(conn, filters)
end

return M
