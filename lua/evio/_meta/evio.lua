---@meta evio

-- Types for editors (LuaCATS), and the source of docs/reference.md (scripts/reference.lua).

---A network server host: a C event loop calls the functions of an events table.
---
---What can fail at run time returns nil, a message and a code such as `"EADDRINUSE"`; misuse
---raises and says what was expected. `evio` raises on unknown names.
---@class evio
---@field version string The version, as in `"0.1.0"`.
---@field backend string What waits for the sockets: `"epoll"`, `"kqueue"` or `"poll"`. Chosen by `--backend` or `EVIO_BACKEND`, else the best one.
---@field framing evio.framing Codecs for messages; loaded on first use.
---@field resp evio.resp RESP, the protocol of Redis; loaded on first use.
---@field http evio.http HTTP/1.1; loaded on first use.
---@field websocket evio.websocket WebSockets; loaded on first use.
local evio = {}

---What a handler may return for its connection or its server. nil and `"none"` do nothing (in
---`eof`, nil closes); `"close"` is `conn:close()`; `"detach"` is `conn:detach()`; `"shutdown"` ends
---the server that the connection came in through, or everything where there is none. serving, tick,
---detached, closed, failed and timers have no connection to act on and take `"shutdown"` only.
---Anything else is a script error.
---@alias evio.Action nil|"none"|"close"|"detach"|"shutdown"

---Bytes to send: a string, or a `string.buffer`, which is empty afterwards.
---@alias evio.Out nil|string|string.buffer

---Where to listen, or what to dial: `tcp://host:port`, `tcp4://`, `tcp6://` (no scheme means tcp),
---`tls://host:port?cert=FILE&key=FILE` and its kin (tcp with `evio.tls`, whose settings are options:
---cert, key, password, ca, min, name, tickets, verify, verify_client; `%41` for bytes that cannot
---stand there), `udp://`, `udp4://`, `udp6://`, `unix://path`, `unix://@name` (Linux's abstract namespace); to listen on,
---`systemd://name` (every socket that was passed with that name, `systemd://` for all; sd_listen_fds(3)). An IPv6
---address stands in brackets. To listen on: an empty host is every interface, port 0 lets the system
---choose, a name is bound on every address that it has, with one port; options follow as
---`?name=value&...`: `reuseport=true` (SO_REUSEPORT), `backlog=128` (listen(2)). To dial: an empty
---host is localhost.
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

---Connects out, on the same loop and with the same events: `opened` when it is connected, `failed`
---when it cannot be, in `options.handshake` seconds at the latest; never before this returns. A name
---is resolved without blocking the loop, and its addresses are tried side by side in the manner of
---RFC 8305. What is written meanwhile leaves when it is connected. The connection has no `server`
---and no `index`.
---@param events evio.Events read once, here
---@param address evio.Address
---@return evio.Conn? conn nil when out of memory
---@return string? message
---@return string? code
function evio.dial(events, address) end

---Which DNS servers are asked when a name is dialed; without arguments those of the system
---(resolv.conf(5)), as it is at first.
---@param ... string IP addresses, as in `"127.0.0.1"`, `"127.0.0.1:5353"`, `"[::1]:53"`
function evio.nameservers(...) end

---Runs the loop until nothing is registered any more. Raises inside of a callback, and when an
---error in `serving` ended it.
function evio.run() end

---Ends every server, closes what was dialed and cancels every timer: no more accepting, pending
---output is flushed, every connection is closed, newest first. SIGINT and SIGTERM do the same; a second signal ends the
---process at once.
function evio.shutdown() end

---Calls fn once, when that time has passed.
---@param seconds number from 0 on
---@param fn fun(): action: evio.Action
---@return evio.Timer
function evio.after(seconds, fn) end

---Calls fn again and again, that time apart. Deadlines are absolute, so lateness does not add up;
---calls that were missed are left out. 0 means each iteration of the loop.
---@param seconds number from 0 on
---@param fn fun(): action: evio.Action
---@return evio.Timer
function evio.every(seconds, fn) end

---Has `woken` fire for a connection: from the loop, or from a background job. Several wakes may be
---answered by one `woken`, which comes after the last of them.
---@param id number
---@return boolean there whether the connection is there, open and not closing
function evio.wake(id) end

---The monotonic clock, in seconds.
---@return number
function evio.now() end

---The time of day, in seconds since 1970, with a fraction. It may be set back; see `evio.now`.
---@return number
function evio.time() end

---Sets the soft limit of the Lua heap, 1 GiB unless set here or with `--limit memory=...`. A callback that
---leaves more in it brings a full collection; when that does not help, its connection is closed with an
---error that names the limit, and at twice the limit the program ends with status 1. Memory outside of
---the Lua heap (`evio.keyspace`, what waits to be sent) does not count.
---@param bytes? number from 2^20 to 2^40
---@return number bytes the limit that holds
function evio.memory(bytes) end

---Finds a connection.
---@param id number
---@return evio.Conn? conn nil once its `closed` fires
function evio.conn(id) end

---Walks the connections, oldest first: `for conn in evio.connections() do`. Those that open
---meanwhile are left out.
---@return fun(): evio.Conn?
function evio.connections() end

---Runs a function on a background thread, in a Lua state of its own, and goes on with the loop.
---
---Arguments and results are copied: nil, booleans, numbers, strings, and tables of these without
---metatables. A detached socket may be an argument: it moves, and is closed when the job ended and
---nothing in its thread holds it. What the function uses from outside may be loaded modules only,
---which are required again by name in the job; `evio` becomes the job's, with now, post, sleep,
---version and wake. A thread keeps the modules that its jobs loaded; each job gets fresh globals.
---`package.path` and `package.cpath` are the caller's. Misuse raises and names its place.
---@param fn string|fun(...): ... a Lua function, or a module's as in `"module.function"`
---@param ... any
---@return evio.Job? job nil when too many jobs wait
---@return string? message
---@return string? code `"EAGAIN"`
function evio.spawn(fn, ...) end

---Sets what is named: how many background threads there may be, 4 unless set; how many jobs may
---wait for one, 1024; and how many seconds running jobs get at a shutdown, 5. Threads start when a
---job finds none idle.
---@param options {threads?: number, queue?: number, linger?: number}
function evio.pool(options) end

---In a background job: has `job:message` called with a copy of the value. Waits while 1024 posts of
---the job are not delivered. On the loop it raises.
---@param value any
---@return boolean there false when the loop is gone
function evio.post(value) end

---Events whose connections pass through a translator, which changes their bytes on the way in and
---out. The events see plaintext and nothing of the translator. Wrapping what was wrapped stacks: the
---last one is on the wire. An accepted connection is the server's side, a dialed one the client's.
---`should` and `make` are called before `opened`, from the wire up: each when the handshakes of those
---below are over, so they know what `evio.proxy` and `evio.tls` found out.
---@param events evio.Events
---@param should? fun(conn: evio.Conn): boolean which connections; all where it is nil
---@param make evio.Maker
---@return evio.Events
function evio.translate(events, should, make) end

---Makes a translator for a connection, before `opened`: a function, or what `evio.tls`,
---`evio.deflate` or `evio.proxy` returns. The function may return the latter, too.
---@alias evio.Maker (fun(conn: evio.Conn): evio.Translator|evio.Tls|evio.Deflate|evio.Proxy)|evio.Tls|evio.Deflate|evio.Proxy

---TLS, through OpenSSL: the server's side for accepted connections, the client's for dialed ones.
---`opened` fires when the handshake is over; `conn.tls` tells what was agreed on. The peer's
---close_notify is `eof`; a connection that is cut without one ends with `ECUT`. Raises when a file
---cannot be read, or a key does not fit its certificate. Secrets are written to the file that
---SSLKEYLOGFILE names.
---@param settings evio.TlsSettings
---@return evio.Tls
function evio.tls(settings) end

---Compression with deflate, through zlib, the same for both sides. What is written leaves so that
---the peer can read all of it at once. The stream's end is `eof`; a peer that finishes in the middle of
---it ends the connection with `ECUT`, and bytes that are no stream with `EPROTO` and zlib's reason. A
---raw stream may also just finish behind a flush, and members of gzip may follow each other: so with
---gzip it is the peer's FIN that is `eof`. However much a read becomes, `data` gets at most 64 KiB at a time, and not while the
---connection is paused or held back.
---@param settings? evio.DeflateSettings
---@return evio.Deflate
function evio.deflate(settings) end

---The PROXY protocol (haproxy's, versions 1 and 2) for `evio.translate` and accepted connections: in front of everything
---else a proxy tells whom it forwards. From there on the connection's remote and local addresses are
---the client's, for the translators inside as well; `conn.proxy` tells the rest. A peer that is not
---trusted is closed before a byte of it is read (`failed` with `EACCES`), one that sends anything but a
---header at the first byte that shows it (`EPROTO`). Where the proxy tells no address (UNKNOWN, UNSPEC
---or LOCAL, as for health checks) the connection's own stay.
---@param settings evio.ProxySettings
---@return evio.Proxy
function evio.proxy(settings) end

---Makes a `data` handler that reads a stream. It is called again as long as it takes bytes and
---bytes are left, so one call is one message. Reads are transactional: when one falls short it
---returns nil, and everything taken since the call began, or since `stream:commit()`, is there
---next time.
---@param fn fun(conn: evio.Conn, stream: evio.Stream): out: evio.Out, action: evio.Action
---@return evio.StreamHandler
function evio.stream(fn) end

---What `evio.stream` returns: the value for `events.data`.
---@class evio.StreamHandler

---An empty keyspace: values by key, some of which expire. One timer removes what expired, ten times a second, 1000
---keys of each keyspace at a time, and more where many of those had; what is asked for is looked at anyway.
---@return evio.Keyspace
function evio.keyspace() end

---The flags of the script's command line, `--name VALUE` or `--name=VALUE`: the values as strings, or the defaults.
---Anything else on it ends the program, with what is wrong and how it is called on stderr, and status 2; `--help` with
---the latter on stdout, and status 0.
---@param defaults table<string, any> by name; an empty string stands for a value that has none
---@return table<string, any>
function evio.flags(defaults) end

return evio
