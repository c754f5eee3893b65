---@meta evio

-- Types for editors (LuaCATS), and the source of docs/reference.md (scripts/reference.lua).

---A network server host: a C event loop calls the functions of an events table.
---
---What can fail at run time returns nil, a message and a code such as `"EADDRINUSE"`; misuse
---raises and says what was expected. `evio` raises on unknown names.
---@class evio
---@field version string The version, as in `"0.1.0"`.
---@field backend string What waits for the sockets: `"epoll"`, `"kqueue"` or `"poll"`. Chosen by `--backend` or `EVIO_BACKEND`, else the best one.
local evio = {}

---What a handler may return for its connection or its server. nil and `"none"` do nothing (in
---`eof`, nil closes); `"close"` is `conn:close()`; `"shutdown"` ends the server that the
---connection came in through. serving, tick and closed have no connection to act on and take
---`"shutdown"` only. Anything else is a script error.
---@alias evio.Action nil|"none"|"close"|"shutdown"

---Bytes to send: a string, or a `string.buffer`, which is empty afterwards.
---@alias evio.Out nil|string|string.buffer

---Where to listen: `tcp://host:port`, `tcp4://`, `tcp6://` (no scheme means tcp), `unix://path`,
---`unix://@name` (Linux's abstract namespace). An empty host is every interface, port 0 lets the
---system choose, a name is bound on every address that it has, with one port. Options follow as
---`?name=value&...`: `reuseport=true` (SO_REUSEPORT), `backlog=128` (listen(2)). An IPv6 address
---stands in brackets.
---@alias evio.Address string

---Listens on every address, or on none, and runs the loop until this server ended. Raises when an
---address cannot be bound, or inside of a callback.
---@param events evio.Events read once, here
---@param address evio.Address
---@param ... evio.Address more of them; `conn.index` tells them apart
function evio.serve(events, address, ...) end

---Adds a server to the loop; `evio.run`, or the end of the script under `evio-lua`, runs it.
---@param events evio.Events read once, here
---@param address evio.Address
---@param ... evio.Address
---@return evio.Server? server nil when an address cannot be bound
---@return string? message
---@return string? code the errno's name
function evio.listen(events, address, ...) end

---Runs the loop until nothing is registered any more. Raises inside of a callback, and when an
---error in `serving` ended it.
function evio.run() end

---Ends every server: no more accepting, pending output is flushed, every connection is closed,
---newest first. SIGINT and SIGTERM do the same; a second signal ends the process at once.
function evio.shutdown() end

---The monotonic clock, in seconds.
---@return number
function evio.now() end

---Finds a connection.
---@param id number
---@return evio.Conn? conn nil once its `closed` fires
function evio.conn(id) end

---Walks the connections, oldest first: `for conn in evio.connections() do`. Those that open
---meanwhile are left out.
---@return fun(): evio.Conn?
function evio.connections() end

---Makes a `data` handler that reads a stream. It is called again as long as it takes bytes and
---bytes are left, so one call is one message. Reads are transactional: when one falls short it
---returns nil, and everything taken since the call began, or since `stream:commit()`, is there
---next time.
---@param fn fun(conn: evio.Conn, stream: evio.Stream): out: evio.Out, action: evio.Action
---@return evio.StreamHandler
function evio.stream(fn) end

---What `evio.stream` returns: the value for `events.data`.
---@class evio.StreamHandler

---The handlers of a server. All are optional; the table is read once, and a name that is not an
---event is an error. An error in a handler prints one traceback and closes that connection with
---`closed(conn, err)`; the server lives on. An error in `serving` ends the program.
---@class evio.Events
---@field serving? fun(server: evio.Server): action: evio.Action Every address is bound, nothing was accepted yet.
---@field opened? fun(conn: evio.Conn): out: evio.Out, action: evio.Action A connection is ready.
---@field data? (fun(conn: evio.Conn, input: string): out: evio.Out, action: evio.Action)|evio.StreamHandler Bytes arrived: one read's, 64 KiB at most.
---@field eof? fun(conn: evio.Conn): out: evio.Out, action: evio.Action The peer finished sending. Without a handler, or when it returns no action, the connection closes after flushing; `"none"` keeps it open for writing.
---@field prewrite? fun(conn: evio.Conn, amount: number): action: evio.Action Before every write attempt of `amount` bytes.
---@field postwrite? fun(conn: evio.Conn, amount: number, remaining: number): action: evio.Action After every write attempt: `amount` bytes went out, `remaining` wait.
---@field drained? fun(conn: evio.Conn): out: evio.Out, action: evio.Action Pending output that had reached the high mark is down to the low one.
---@field closed? fun(conn: evio.Conn, err: string?, code: string?): action: evio.Action Once for every connection that opened; `err` is nil on a clean end. `code` is an errno's name, nil for a script's error.
---@field tick? fun(): delay: number?, action: evio.Action Right after `serving`, then after the delay in seconds that it returned. Deadlines are absolute; nil ends the ticks, 0 means the next iteration.
---@field options? evio.Options

---Limits of a server's connections.
---@class evio.Options
---@field high? number Bytes of pending output at which reading stops. 1 MiB.
---@field low? number Bytes of pending output at which it goes on. 256 KiB.
---@field queue? number The most bytes of pending output; more end the connection with `ENOBUFS`. 64 MiB.
---@field input? number The most bytes that a stream may leave unread; more end the connection with `ENOBUFS`. 1 MiB.
---@field linger? number Seconds that a closing connection waits for a peer that takes nothing; then it ends with `ETIMEDOUT`. 5.

---A server.
---@class evio.Server
---@field addresses string[] What was bound, in the order of the call, with the real ports.
local Server = {}

---Stops accepting; the connections stay.
---@return boolean open false when the server had ended
function Server:close() end

---A connection: a table for the script's own fields, beside the following. Assigning to a name
---that is evio's raises. On a connection that is gone the methods do nothing and return false; the
---fields stay.
---@class evio.Conn
---@field id number Never used again in this process.
---@field index number Which of the server's addresses it came in on, from 1.
---@field server evio.Server
---@field remote_address string The peer's address, as in `"tcp://127.0.0.1:50312"`; for a unix socket the server's.
---@field local_address string
---@field remote_ip string? As in `"127.0.0.1"`; nil for a unix socket.
---@field remote_port number?
---@field [any] any The script's own.
local Conn = {}

---Queues bytes. They leave when the event's callback returns, or, on another connection than the
---event's, in the same iteration of the loop.
---@param bytes string|string.buffer
---@return number|false pending bytes that wait; false when the connection is closing or gone
function Conn:write(bytes) end

---Sends FIN after the pending output. Reading goes on.
---@return boolean done
function Conn:finish() end

---Closes when the callback returns. The pending output is flushed, FIN is sent, and what the peer
---still sends is dropped, so that the last reply arrives. Then `closed` fires; until then only
---prewrite and postwrite do.
---@return boolean done false when it is closing already
function Conn:close() end

---Ends the connection at once with a reset. Pending output is dropped.
---@return boolean done
function Conn:abort() end

---Stops reading. What is not read is not polled for, so the peer is held back by TCP.
---@return boolean done
function Conn:pause() end

---Goes on with reading, and delivers what a stream left when it was paused.
---@return boolean done
function Conn:resume() end

---The bytes that wait to be sent.
---@return number|false
function Conn:pending() end

---Swaps the events table from the next event on. `rest`, followed by what a stream left unread, is
---the new handler's first data, right after this callback. `opened` does not fire again; `closed`
---goes to the table that is current then. Options that it does not set stay as they are.
---@param events evio.Events
---@param rest? string
---@return boolean? done
---@return string? message
---@return string? code
function Conn:handler(events, rest) end

---Probes an idle peer (SO_KEEPALIVE): after that many seconds, then at a third of it, three times.
---@param seconds number|false rounded up to whole seconds; false turns it off
---@return boolean? done
---@return string? message
---@return string? code
function Conn:keepalive(seconds) end

---Sends small writes at once (TCP_NODELAY). On unless turned off.
---@param on boolean
---@return boolean? done
---@return string? message
---@return string? code
function Conn:nodelay(on) end

---The unread bytes of a connection, kept between events. `#stream` is their number. Every read
---returns nil when too few bytes are there. A stream is valid in its event only; beyond it every
---method raises.
---@class evio.Stream
local Stream = {}

---Takes n bytes, or all there are.
---@param n? number
---@return string?
function Stream:take(n) end

---Looks at the next n bytes without taking them.
---@param n number
---@return string?
function Stream:peek(n) end

---Takes n bytes without making a string.
---@param n number
---@return true?
function Stream:skip(n) end

---Takes a line, without its LF or CRLF. Remembers how far it searched.
---@return string?
function Stream:line() end

---How many bytes stand in front of the needle. Takes nothing; remembers how far it searched.
---@param needle string at least one byte
---@return number?
function Stream:find(needle) end

---The next n bytes, or all there are, where they lie, without a copy. Takes nothing.
---@param n? number
---@return ffi.cdata*? pointer a `const uint8_t *`, valid until the handler returns
---@return number? length
function Stream:view(n) end

---Keeps what was taken so far, even when a later read of this call falls short.
function Stream:commit() end

---Takes an unsigned byte.
---@return number?
function Stream:u8() end

---Takes a signed byte (two's complement, like all signed ones here).
---@return number?
function Stream:i8() end

---Takes 2 bytes, big-endian, unsigned.
---@return number?
function Stream:u16() end

---Takes 2 bytes, little-endian, unsigned.
---@return number?
function Stream:u16le() end

---Takes 2 bytes, big-endian, signed.
---@return number?
function Stream:i16() end

---Takes 2 bytes, little-endian, signed.
---@return number?
function Stream:i16le() end

---Takes 4 bytes, big-endian, unsigned.
---@return number?
function Stream:u32() end

---Takes 4 bytes, little-endian, unsigned.
---@return number?
function Stream:u32le() end

---Takes 4 bytes, big-endian, signed.
---@return number?
function Stream:i32() end

---Takes 4 bytes, little-endian, signed.
---@return number?
function Stream:i32le() end

---Takes 8 bytes, big-endian, unsigned. Raises above 2^53, which a number does not hold.
---@return number?
function Stream:u64() end

---Takes 8 bytes, little-endian, unsigned. Raises above 2^53.
---@return number?
function Stream:u64le() end

---Takes 8 bytes, big-endian, signed. Raises beyond 2^53 either way.
---@return number?
function Stream:i64() end

---Takes 8 bytes, little-endian, signed. Raises beyond 2^53 either way.
---@return number?
function Stream:i64le() end

return evio
