-- CLIENT TRACKING and what belongs to it. No keys are tracked here: ON is refused behind all that redis-server looks
-- at, because a client whose cache nobody invalidates would read what is old.
local codec = require("evio.codec.resp")
local peers = require("evio.resp.peers")
local printed = require("evio.codec.request").printed

local M = {}

local OK = codec.status("OK")
local SYNTAX = codec.error("ERR syntax error")
local NOT_INTEGER = codec.error("ERR value is not an integer or out of range")
local FLAGS = { BCAST = true, OPTIN = true, OPTOUT = true, NOLOOP = true }

M.CACHING = codec.error("ERR CLIENT CACHING can be called only when the client is in tracking mode with OPTIN or "
  .. "OPTOUT mode enabled")

-- What is wrong with the id behind REDIRECT.
local function check_redirection(conn, word, before)
  local id = codec.to_integer(word)
  if before then
    return codec.error("ERR A client can only redirect to a single other client")
  elseif not id then
    return NOT_INTEGER
  elseif not peers.find(conn, id) then
    return codec.error("ERR The client ID you want redirect to does not exist")
  end
end

-- The options, with a list of prefixes; nil and an error.
local function read_options(conn, words)
  local has, i = { prefixes = {} }, 1
  while words[i] do
    local name, value = printed(words[i]):upper(), words[i + 1]
    if FLAGS[name] then
      has[name] = true
    elseif name == "REDIRECT" and value then
      local wrong = check_redirection(conn, value, has.REDIRECT)
      if wrong then
        return nil, wrong
      end
      has.REDIRECT = true
    elseif name == "PREFIX" and value then
      table.insert(has.prefixes, value)
    else
      return nil, SYNTAX
    end
    i = i + (FLAGS[name] and 1 or 2)
  end
  return has
end

-- Two prefixes one of which begins with the other; nil for none.
local function find_overlap(prefixes)
  for i, one in ipairs(prefixes) do
    for j = i + 1, #prefixes do
      local other = prefixes[j]
      local least = math.min(#one, #other)
      if one:sub(1, least) == other:sub(1, least) then
        return printed(one), printed(other)
      end
    end
  end
end

local function refuse_on(has)
  local one, other = find_overlap(has.prefixes)
  if not has.BCAST and has.prefixes[1] then
    return codec.error("ERR PREFIX option requires BCAST mode to be enabled")
  elseif has.BCAST and (has.OPTIN or has.OPTOUT) then
    return codec.error("ERR OPTIN and OPTOUT are not compatible with BCAST")
  elseif has.OPTIN and has.OPTOUT then
    return codec.error("ERR You can't specify both OPTIN mode and OPTOUT mode")
  elseif one then
    return codec.error(("ERR Prefix '%s' overlaps with another provided prefix '%s'. Prefixes for a single client must "
      .. "not overlap."):format(one, other))
  end
  return codec.error("ERR This server does not track keys")
end

-- CLIENT TRACKING.
function M.turn(conn, word, words)
  local has, wrong = read_options(conn, words or {})
  local mode = printed(word):upper()
  if not has or mode ~= "ON" and mode ~= "OFF" then
    return wrong or SYNTAX
  end
  return mode == "ON" and refuse_on(has) or OK
end

-- CLIENT TRACKINGINFO.
function M.info()
  return codec.map({ "flags", codec.set({ "off" }), "redirect", -1, "prefixes", {} })
end

return M
