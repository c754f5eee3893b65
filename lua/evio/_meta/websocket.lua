---@meta _

-- WebSockets.

---`evio.websocket`: WebSockets (RFC 6455), with permessage-deflate (RFC 7692) where both sides want it. A server is a
---function that answers requests of `evio.http.server`.
---@class evio.websocket
local websocket = {}

---A WebSocket, of either side. It is a table for the script's own fields beside these.
---@class evio.WebSocket
---@field conn evio.Conn
---@field protocol? string the one that both sides agreed on
local ws = {}

---@alias evio.WebSocketKind "text"|"binary"
---Text is UTF-8.

---What a script is told of WebSockets. An error in one of them is printed, and ends that WebSocket: with 1011 in opened,
---message and pong.
---@class evio.WebSocketHandlers
---@field opened? fun(ws: evio.WebSocket, request: evio.HttpRequest) the handshake is over. What is needed of the request later, a script keeps: it goes. Of a client, with the answer, `{ status, reason, headers }`
---@field message? fun(ws: evio.WebSocket, data: string, kind: evio.WebSocketKind) a message, whole
---@field closed? fun(ws: evio.WebSocket, code: number, reason: string) once, at the end of each that opened. The code is the peer's, or ours where the peer broke the protocol (1002, 1007, 1009) or a handler failed (1011), or a shutdown ends it (1001); 1005 for a close without a code, 1006 for an end without a close
---@field pong? fun(ws: evio.WebSocket, data: string) the answer to a ping
---@field drained? fun(ws: evio.WebSocket) pending output is down from the high mark to the low one
---@field failed? fun(ws: evio.WebSocket, message: string, code: string) of a client: it ended before it opened; without a handler a line is printed

---@class evio.WebSocketSettings
---@field protocols? string[] those that there are; a server takes the first of the client's, a client those that it offers
---@field origins? string[]|fun(origin: string?, request: evio.HttpRequest): boolean of a server: whose pages may use it, such as `"https://example.org"`. Unless set, those of the host that the request names. Who has no Origin is no page, and may, unless the function says otherwise
---@field message? number bytes of a message, 16 MiB, inflated or not: more is closed with 1009
---@field ping? number seconds: who is quiet for so long is sent a ping, and who then says nothing for as long again is gone; off unless set
---@field seconds? number in which a peer has to answer a close, and a server a handshake, 10
---@field deflate? true|evio.WebSocketDeflate compresses messages, where the peer can
---@field headers? table<string, string|number> of a client: more fields for its request, such as Origin or Cookie
---@field tls? userdata of a client: what `evio.tls` makes, for `wss://`; else certificates are verified with the system's
---@field options? table of a client: as `events.options`; those of a server are its HTTP server's

---How messages are compressed. A connection holds up to 256 KiB for what it sends and 41 KiB for what it receives.
---@class evio.WebSocketDeflate
---@field threshold? number bytes from which on messages are compressed, 1024
---@field takeover? boolean false: no message refers to those before it, which makes them larger; the memory for what is sent is shared by all connections then, and that for what is received is freed behind each message
---@field level? number from 1, quick, to 9, small; 6
---@field window? number bits of the window for what is sent, from 9 to 15, the default: 2^(window + 2) bytes
---@field memory? number from 1 to 9, 8: 2^(memory + 9) bytes

---Makes a function of a request that upgrades it to a WebSocket. It is a handler of `evio.http.server`, or what one
---returns: `return chat(request)`. What is no proper upgrade is answered 400, 405 or 426, a page of elsewhere 403, with
---words that say why.
---@param handlers evio.WebSocketHandlers
---@param settings? evio.WebSocketSettings
---@return fun(request: evio.HttpRequest): evio.HttpResponse
function websocket.server(handlers, settings) end

---The same with a coroutine for each WebSocket, which runs fn(ws, request) and may wait, with `ws:receive` and all that
---sessions may. When it returns, the WebSocket is closed with 1000.
---@param fn fun(ws: evio.WebSocket, request: evio.HttpRequest)
---@param settings? evio.WebSocketSettings
---@return fun(request: evio.HttpRequest): evio.HttpResponse
function websocket.session(fn, settings) end

---Dials a server. The WebSocket opens later: before that it sends nothing.
---@param url string `"ws://host:port/path"`, or `"wss://host/path"` for TLS
---@param handlers evio.WebSocketHandlers
---@param settings? evio.WebSocketSettings
---@return evio.WebSocket? ws
---@return string? message
---@return string? code
function websocket.dial(url, handlers, settings) end

---In a session, of whatever kind: dials a server, and waits until the WebSocket is open. This session sends and
---receives; what it leaves open is closed when it ends.
---@param url string
---@param settings? evio.WebSocketSettings
---@return evio.WebSocket? ws
---@return string? message
---@return string? code
function websocket.connect(url, settings) end

---Sends a message to many: a list of WebSockets, or a table whose keys they are. Its bytes are made once, uncompressed.
---@param sockets table
---@param data string
---@param kind? evio.WebSocketKind `"text"` unless given
---@return number count of those that were open
function websocket.broadcast(sockets, data, kind) end

---The frame of a message as a server sends it, for `ws:send_frame`.
---@param data string
---@param kind? evio.WebSocketKind `"text"` unless given
---@return string
function websocket.encode(data, kind) end

---A decoder, without I/O.
---@param from "client"|"server" whose bytes it reads
---@param most? number bytes of a message, 16 MiB
---@return evio.WebSocketDecoder
function websocket.decoder(from, most) end

---Sends a message. Text that is not UTF-8 raises.
---@param data string
---@param kind? evio.WebSocketKind `"text"` unless given
---@return number|false pending as from `conn:write`; false where the WebSocket is not open
---@return string? message
---@return string? code
function ws:send(data, kind) end

---Sends what `evio.websocket.encode` made, to a client: one frame for many.
---@param frame string
---@return number|false pending
function ws:send_frame(frame) end

---Sends a ping. Pings of the peer are answered by themselves.
---@param data? string at most 125 bytes
---@return number|false pending
function ws:ping(data) end

---Says goodbye: from here on nothing is sent, and no message told of. `closed` fires when the peer has answered, or its
---time is over.
---@param code? number 1000 unless given; 1001 to 1003, 1007 to 1014, or 3000 to 4999, which are the script's
---@param reason? string at most 123 bytes
---@return number|false pending false where it is closed already
function ws:close(code, reason) end

---How many bytes wait to be sent; false when it is gone.
---@return number|false
function ws:pending() end

---In a session: waits for a message. At the end nil, the reason and the code of the close; after that it raises.
---@return string? data
---@return string kind or the reason
---@return number? code
function ws:receive() end

---In a session: `for data, kind in ws:messages() do`, up to the end.
---@return fun(ws: evio.WebSocket): string?, string?
---@return evio.WebSocket ws
function ws:messages() end

---@class evio.WebSocketDecoder
local decoder = {}

---The next message at a place in bytes: `{ kind, data }`. Beside text and binary there are `"ping"`, `"pong"` and
---`"close"`, with `code`. Its fragments may have others between them: the decoder keeps what was used.
---@param bytes string
---@param at? number 1 unless given
---@return table? message nil where more bytes are needed
---@return number|string|nil used bytes; or what is wrong
---@return number? code to close with
function decoder:decode(bytes, at) end
