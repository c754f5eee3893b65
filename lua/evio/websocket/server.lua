-- WebSockets in HTTP servers.
local connection = require("evio.websocket.connection")
local deflate = require("evio.websocket.deflate")
local handshake = require("evio.websocket.handshake")
local options = require("evio.websocket.options")

local M = {}

-- A function(request) that upgrades a request to a WebSocket, or refuses it: a handler of evio.http.server, or what one
-- returns. `handlers` are opened(ws, request), message(ws, data, kind), closed(ws, code, reason), pong(ws, data) and
-- drained(ws).
function M.new(handlers, settings)
  options.check_handlers("evio.websocket.server", handlers, options.SERVER)
  local upgrade = M.new_as("evio.websocket.server", handlers, settings)
  return upgrade -- no tail call: errors name the caller
end

-- The same for `who`, the function of ours that was called.
function M.new_as(who, handlers, settings)
  local s = options.read(who, settings, options.SERVER)
  local events = connection.events(handlers)
  return function(request)
    local refusal = handshake.refuse(request, s.origins)
    if refusal then
      return refusal
    end
    local headers = request.headers
    local ws = connection.new(request.conn, handlers, s, false)
    local extensions, agreed
    if s.deflate then
      extensions, agreed = deflate.accept(headers["sec-websocket-extensions"], s.deflate)
    end
    if agreed then
      ws:_compress(agreed, s.deflate)
    end
    ws._told = request
    ws.protocol = handshake.choose(headers["sec-websocket-protocol"], s.protocols)
    return { status = 101, upgrade = events, headers = {
      Upgrade = "websocket",
      ["Sec-WebSocket-Accept"] = handshake.accept(headers["sec-websocket-key"]),
      ["Sec-WebSocket-Protocol"] = ws.protocol,
      ["Sec-WebSocket-Extensions"] = extensions,
    } }
  end
end

return M
