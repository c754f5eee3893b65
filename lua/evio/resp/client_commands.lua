-- The command CLIENT: what a server of evio.resp does with its connections and tells of them. The client's side of
-- the protocol is evio.resp.client.
local codec = require("evio.codec.resp")
local common = require("evio.resp.common")
local ffi = require("ffi")
local mute = require("evio.resp.mute")
local pause = require("evio.resp.pause")
local peers = require("evio.resp.peers")
local request_parts = require("evio.codec.request")
local server = require("evio.resp.server")
local tracking = require("evio.resp.tracking")

local M = {}

local printed, request = request_parts.printed, request_parts.request
local OK = codec.status("OK")
local SYNTAX = codec.error("ERR syntax error")

local HELP = common.help("CLIENT", [=[
CACHING (YES|NO)
    Enable/disable tracking of the keys for next command in OPTIN/OPTOUT modes.
GETREDIR
    Return the client ID we are redirecting to when tracking is enabled.
GETNAME
    Return the name of the current connection.
ID
    Return the ID of the current connection.
INFO
    Return information about the current client connection.
KILL <ip:port>
    Kill connection made from <ip:port>.
KILL <option> <value> [<option> <value> [...]]
    Kill connections. Options are:
    * ADDR (<ip:port>|<unixsocket>:0)
      Kill connections made from the specified address
    * LADDR (<ip:port>|<unixsocket>:0)
      Kill connections made to specified local address
    * TYPE (NORMAL|MASTER|REPLICA|PUBSUB)
      Kill connections by type.
    * USER <username>
      Kill connections authenticated by <username>.
    * SKIPME (YES|NO)
      Skip killing current connection (default: yes).
LIST [options ...]
    Return information about client connections. Options:
    * TYPE (NORMAL|MASTER|REPLICA|PUBSUB)
      Return clients of specified type.
UNPAUSE
    Stop the current client pause, resuming traffic.
PAUSE <timeout> [WRITE|ALL]
    Suspend all, or just write, clients for <timeout> milliseconds.
REPLY (ON|OFF|SKIP)
    Control the replies sent to the current connection.
SETNAME <name>
    Assign the name <name> to the current connection.
UNBLOCK <clientid> [TIMEOUT|ERROR]
    Unblock the specified blocked client.
TRACKING (ON|OFF) [REDIRECT <id>] [BCAST] [PREFIX <prefix> [...]]
         [OPTIN] [OPTOUT] [NOLOOP]
    Control server assisted client side caching.
TRACKINGINFO
    Report tracking status for the current connection.
NO-EVICT (ON|OFF)
    Protect current client connection from eviction.]=])

-- What redis-server says of words behind all that there may be, with the subcommand as it came.
local function refuse_more()
  local name = request.parts[1]
  return codec.error(("ERR unknown subcommand or wrong number of arguments for '%s'. Try CLIENT HELP."):format(
    printed(ffi.string(request.data + name.at, name.length), 128)))
end

local function reply(conn, word)
  local mode = printed(word):upper()
  if mode == "ON" then
    mute.on(conn)
    return OK
  elseif mode == "OFF" then
    mute.off(conn)
  elseif mode == "SKIP" then
    mute.skip(conn)
  else
    return SYNTAX
  end
  return server.none
end

local function keep(conn, word)
  local mode = printed(word):upper()
  if mode ~= "ON" and mode ~= "OFF" then
    return SYNTAX
  end
  peers.keep(conn, mode == "ON")
  return OK
end

-- No command here waits in a way that could be ended.
local function unblock(id, rest)
  local how = rest and printed(rest[1]):upper() or "TIMEOUT"
  if how ~= "TIMEOUT" and how ~= "ERROR" then
    return codec.error("ERR CLIENT UNBLOCK reason should be TIMEOUT or ERROR")
  end
  return codec.to_integer(id) and 0 or codec.error("ERR value is not an integer or out of range")
end

-- CLIENT, a container. tell(conn) gives a table of what else the server knows of a connection, by the names of the
-- fields of CLIENT LIST, such as { db = 3 }.
function M.new(tell)
  return {
    CACHING = { 3, function() return tracking.CACHING end },
    GETNAME = { 2, function(conn) return conn.name end },
    GETREDIR = { 2, function() return -1 end },
    HELP = { 2, function() return HELP end },
    ID = { 2, function(conn) return conn.id end },
    INFO = { 2, function(conn) return peers.info(conn, tell) end },
    KILL = { -3, peers.kill },
    LIST = { -2, function(conn, words) return peers.list(conn, words, tell) end },
    ["NO-EVICT"] = { 3, keep },
    PAUSE = { -3, function(conn, timeout, rest)
      return rest and rest[2] and refuse_more() or pause.pause(conn, timeout, rest)
    end },
    REPLY = { 3, reply },
    SETNAME = { 3, common.set_name },
    TRACKING = { -3, tracking.turn },
    TRACKINGINFO = { 2, tracking.info },
    UNBLOCK = { -3, function(_, id, rest)
      return rest and rest[2] and refuse_more() or unblock(id, rest)
    end },
    UNPAUSE = { 2, pause.unpause },
  }
end

return M
