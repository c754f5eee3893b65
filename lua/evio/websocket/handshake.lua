-- The opening handshake (RFC 6455, 4), without I/O: what a server says of a request, what a client sends, and what it
-- makes of the answer.
local codec = require("evio.codec.websocket")
local lists = require("evio.websocket.extensions")
local ffi = require("ffi")

local M = {}

local leaves = codec.leaves
local GUID = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"

local text = ffi.new("char[32]")

-- Sec-WebSocket-Accept for a key.
function M.accept(key)
  local bytes = key .. GUID
  leaves.sha1(bytes, #bytes, text)
  return ffi.string(text)
end

-- A client's Sec-WebSocket-Key.
function M.new_key()
  local bytes = ffi.new("char[16]")
  for i = 0, 12, 4 do
    ffi.copy(bytes + i, codec.new_key(), 4)
  end
  leaves.base64(bytes, 16, text)
  return ffi.string(text)
end

-- Whether one of the words between commas is this one, which is in small letters.
function M.has_word(list, word)
  for found in (list or ""):gmatch("[^,]+") do
    local first, last = found:find("%S+")
    if first and found:sub(first, last):lower() == word and not found:find("%S", last + 1) then
      return true
    end
  end
  return false
end
local has_word = M.has_word

-- Servers ------------------------------------------------------------------------------------------

local function refuse(status, why, headers)
  return { status = status, headers = headers, body = why .. "\n" }
end

-- A host and a port without those that a scheme has anyway.
local function plain_host(scheme, host)
  return (host:lower():gsub(scheme == "https" and ":443$" or scheme == "http" and ":80$" or "$", ""))
end

-- Whether a page's origin is where the request went to, however it got here.
local function is_same(origin, host)
  local scheme, its_host = origin:match("^(%a[%w+.-]*)://([^/]+)$")
  return its_host ~= nil and plain_host(scheme:lower(), its_host) == plain_host(scheme:lower(), host or "")
end

local function may_come(origins, origin, request)
  if type(origins) == "function" then
    return origins(origin, request)
  elseif not origin then
    return true -- no browser, which could say what it likes
  elseif not origins then
    return is_same(origin, request.headers.host)
  end
  for _, allowed in ipairs(origins) do
    if allowed:lower() == origin:lower() then
      return true
    end
  end
  return false
end

-- What is wrong with the fields that are lists; nil for nothing.
local function check_lists(headers)
  local protocols, wanted = headers["sec-websocket-protocol"], headers["sec-websocket-extensions"]
  if protocols and not lists.parse_protocols(protocols) then
    return "this is a WebSocket: the field Sec-WebSocket-Protocol is no list of names"
  elseif wanted and not lists.parse(wanted) then
    return "this is a WebSocket: the field Sec-WebSocket-Extensions is no list of extensions"
  end
end

-- What a request that is no proper upgrade is answered; nil for one that is.
function M.refuse(request, origins)
  local headers = request.headers
  local key, version = headers["sec-websocket-key"], headers["sec-websocket-version"]
  if request.method ~= "GET" then
    return refuse(405, "this is a WebSocket: the method is not GET", { Allow = "GET" })
  elseif request.version ~= "1.1" then
    return refuse(400, "this is a WebSocket: the request is HTTP/1.0, expected HTTP/1.1")
  elseif not has_word(headers.upgrade, "websocket") then
    return refuse(400, "this is a WebSocket: the request has no Upgrade field with \"websocket\"")
  elseif not has_word(headers.connection, "upgrade") then
    return refuse(400, "this is a WebSocket: the request has no Connection field with \"upgrade\"")
  elseif version ~= "13" then
    return refuse(426, "this is a WebSocket: the field Sec-WebSocket-Version is not 13",
      { Upgrade = "websocket", ["Sec-WebSocket-Version"] = "13" })
  elseif not (key and #key == 24 and key:find("^[%w+/]+==$")) then
    return refuse(400, "this is a WebSocket: the field Sec-WebSocket-Key is not 16 bytes in base64")
  elseif request.body ~= "" then
    return refuse(400, "this is a WebSocket: the request has a body")
  elseif not may_come(origins, headers.origin, request) then
    return refuse(403, "this is a WebSocket: pages of the request's Origin may not use it")
  end
  local wrong = check_lists(headers)
  return wrong and refuse(400, wrong)
end

-- The first protocol that the client wants and the server has.
function M.choose(wanted, protocols)
  for name in (wanted or ""):gmatch("[^%s,]+") do
    for _, known in ipairs(protocols or {}) do
      if known == name then
        return name
      end
    end
  end
end

-- Clients ------------------------------------------------------------------------------------------

-- The bytes of a request. `fields` are the script's.
function M.request(target, host, key, protocols, extensions, fields)
  local lines = { ("GET %s HTTP/1.1\r\nHost: %s\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"):format(target, host),
    ("Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: %s\r\n"):format(key) }
  if protocols and protocols[1] then
    lines[#lines + 1] = ("Sec-WebSocket-Protocol: %s\r\n"):format(table.concat(protocols, ", "))
  end
  if extensions then
    lines[#lines + 1] = ("Sec-WebSocket-Extensions: %s\r\n"):format(extensions)
  end
  for name, value in next, fields or {} do
    lines[#lines + 1] = ("%s: %s\r\n"):format(name, value)
  end
  return table.concat(lines) .. "\r\n"
end

-- What is wrong with an answer, { status, reason, headers }; nil for nothing.
function M.check_answer(answer, key, protocols)
  local headers, protocol = answer.headers, answer.headers["sec-websocket-protocol"]
  if answer.status ~= 101 then
    return ("the server answered %d %s, expected 101"):format(answer.status, answer.reason)
  elseif not has_word(headers.upgrade, "websocket") or not has_word(headers.connection, "upgrade") then
    return "the server answered 101 without an upgrade to \"websocket\""
  elseif headers["sec-websocket-accept"] ~= M.accept(key) then
    return "the server answered with another Sec-WebSocket-Accept than the key's"
  elseif protocol and M.choose(protocol, protocols) ~= protocol then
    return ("the server chose the protocol %q, which was not offered"):format(protocol)
  end
end

return M
