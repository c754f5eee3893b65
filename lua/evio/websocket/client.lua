-- WebSockets that are dialed.
local address = require("evio.address")
local connection = require("evio.websocket.connection")
local core = require("evio.core")
local deflate = require("evio.websocket.deflate")
local ffi = require("ffi")
local fields = require("evio.http.fields")
local handshake = require("evio.websocket.handshake")
local memory = require("evio.http.memory")
local options = require("evio.websocket.options")
local stream = require("evio.stream")
local translate = require("evio.translate")

local M = {}

local leaves, live = stream.leaves, stream.live
local methods = core.conn_methods
local head = memory.head
local string_of = ffi.string
local COMPLETE, MORE, RESPONSE = 1, 0, 1
local MOST_LINE, MOST_HEAD = 8192, 65536
local PORTS = { ws = 80, wss = 443 }

-- The parts of a URL: its scheme, host and port, the field Host, and the request's target.
local function parse(who, url)
  local scheme, place, target = tostring(url):match("^([wW][sS][sS]?)://([^/?#]+)([^#]*)$")
  scheme = (scheme or ""):lower()
  local host, port = (place or ""):match("^(%[[%x:.]+%]):?(%d*)$")
  if not host then
    host, port = (place or ""):match("^([^%[%]@:%s%c]+):?(%d*)$")
  end
  if not host or target:find("[%c ]") or port ~= "" and (tonumber(port) < 1 or tonumber(port) > 65535) then
    error(("%s: the URL is %s, expected one as \"ws://host:port/path\" or \"wss://host/path\""):format(who,
      type(url) == "string" and ("%q"):format(url) or "a " .. type(url)), 4)
  end
  if target:sub(1, 1) ~= "/" then
    target = "/" .. target
  end
  local number = tonumber(port) or PORTS[scheme]
  return scheme, host .. ":" .. number, number == PORTS[scheme] and host or host .. ":" .. number, target
end

-- What came of the handshake: the WebSocket opens, or the connection ends.
local function take_answer(conn, ws, dialing)
  head.most_line, head.most_head = MOST_LINE, MOST_HEAD
  local status = leaves.http_next(live, head, RESPONSE)
  if status == MORE then
    live.more = 0
    return
  elseif status ~= COMPLETE then
    return methods.fail(conn, "the server's answer is no HTTP: " .. string_of(head.message))
  end
  local answer = {
    status = head.status,
    reason = string_of(head.data + head.reason.at, head.reason.length),
    headers = fields.parse(string_of(head.data, head.used)),
  }
  if answer.status > 101 and answer.status < 200 or answer.status == 100 then
    return take_answer(conn, ws, dialing) -- of no interest
  end
  local settings = dialing.settings
  local why, agreed = handshake.check_answer(answer, dialing.key, settings.protocols), nil
  if not why then
    agreed, why = deflate.check(answer.headers["sec-websocket-extensions"], settings.deflate)
  end
  if why then
    return methods.fail(conn, why)
  elseif agreed then
    ws:_compress(agreed, settings.deflate)
  end
  ws:_stop_timer()
  ws.protocol, ws._told = answer.headers["sec-websocket-protocol"], answer
  methods.handler(conn, connection.events(ws._events))
  live.more = 1
  connection.open(ws)
end

-- A function of its own: LuaJIT compiles none that makes functions.
local function start_timer(conn, ws, seconds)
  ws._timer = core.after(seconds, function()
    ws._timer = nil
    methods.fail(conn, ("the server did not answer the handshake within %g s"):format(seconds))
  end)
end

-- The events of the connection while its handshake lasts. `dialing` has ws, when there is one.
local function make_events(dialing, handlers, bytes)
  local settings = dialing.settings
  local function failed(conn, err, code)
    local ws = dialing.ws
    ws:_stop_timer()
    if handlers.failed then
      return handlers.failed(ws, err or "the server closed the connection in the handshake", code or "ECONNRESET")
    end
    if ws._dials then -- else the script closed it
      io.stderr:write(("evio: connection %d failed: %s\n"):format(conn.id, err or "the server closed it"))
    end
  end
  return {
    options = settings.options,
    opened = function(conn)
      start_timer(conn, dialing.ws, settings.seconds)
      return bytes
    end,
    data = stream.driven(M.dial, function(conn)
      stream.begin(conn)
      take_answer(conn, dialing.ws, dialing)
      return ""
    end),
    closed = failed,
    failed = failed,
  }
end

-- Dials. Handlers are those of a server, opened(ws, answer) with { status, reason, headers }, and failed(ws, message,
-- code). Returns the WebSocket, which opens later, or nil, a message and a code. `who` is the function of ours that
-- was called.
function M.dial_as(who, url, handlers, given)
  local scheme, place, host, target = parse(who, url)
  local settings = options.read(who, given, options.CLIENT)
  local dialing = { key = handshake.new_key(), settings = settings }
  local offer = settings.deflate and deflate.offer(settings.deflate)
  local events = make_events(dialing, handlers,
    handshake.request(target, host, dialing.key, settings.protocols, offer, settings.headers))
  local transport = scheme == "wss" and not settings.tls and "tls://" or "tcp://"
  if scheme == "wss" and settings.tls then
    events = translate.translate(events, nil, settings.tls)
  end
  local conn, why, code = address.dial_as(who, events, transport .. place, 1)
  if not conn then
    return nil, why, code
  end
  dialing.ws = connection.new(conn, handlers, settings, true)
  return dialing.ws
end

function M.dial(url, handlers, settings)
  options.check_handlers("evio.websocket.dial", handlers, options.CLIENT)
  local ws, why, code = M.dial_as("evio.websocket.dial", url, handlers, settings)
  return ws, why, code
end

return M
