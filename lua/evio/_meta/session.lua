---@meta _

-- Sessions: what waits.

---An events table whose connections are coroutines: `fn` runs from `opened` on, and when it returns the
---connection closes. In it reads and writes wait, as if the connection blocked. Other events may be added to
---the table, but for `data`, `woken` and `eof`; `closed` fires after fn has ended, or at a shutdown that met it in `evio.sleep`. An error in fn is
---reported, and closes the connection with it.
---@param fn fun(conn: evio.Conn)
---@return evio.Events
function evio.session(fn) end

---In a session: dials out, and waits until the connection is open. This session reads and writes it; it is
---closed when the session ends.
---@param address string
---@param events? evio.Events with options, translators and the like
---@return evio.Conn? conn
---@return string? message
---@return string? code
function evio.connect(address, events) end

---In a session and in a background job: waits. On the loop it raises.
---@param seconds number from 0 on
function evio.sleep(seconds) end

---In a session: waits for bytes. Without an argument whatever is there, with udp one datagram; `n` bytes; or
---a codec's next message. Returns nil at the peer's end; nil, a message and a code where the connection was
---closed or failed, or bytes came in vain (`"ECUT"`). After that it raises. What is longer than `options.input`,
---1 MiB unless set, ends the connection (`"ENOBUFS"`), whatever the codec's maximum is.
---@param what? number|evio.Codec
---@return string? bytes
---@return string? message
---@return string? code
function Conn:read(what) end

---In a session: waits for a line, without its end, which is LF or CRLF. Ends as `conn:read` does.
---@return string? line
---@return string? message
---@return string? code
function Conn:readline() end

---In a session: waits for the delimiter, which is taken as well. Ends as `conn:read` does.
---@param delimiter string
---@return string? bytes what stands in front of it
---@return string? message
---@return string? code
function Conn:readuntil(delimiter) end

---In a session: `for line in conn:lines() do`, up to the end. What ended it is told by `conn:readline` only: an
---error, or bytes without a line's end.
---@return fun(conn: evio.Conn): string?
---@return evio.Conn conn
function Conn:lines() end

---In a session: waits for the job's end.
---@return boolean ok true and the job's results; false and what `done` would get
---@return any ...
function Job:await() end

---An events table for connections that speak one of several protocols, told by their first bytes: `tls`, what
---`evio.tls` makes, in which the others are looked for once more; `resp` (an array) and `http` (a method and a
---target), events tables; `default` for everything else, without which it ends the connection (`"EPROTO"`).
---The chosen table's `opened` fires then. Who has not said enough within `timeout` seconds, 5 unless set, is
---disconnected.
---@param choices {tls?: evio.Tls, resp?: evio.Events, http?: evio.Events, default?: evio.Events, timeout?: number}
---@return evio.Events
function evio.mux(choices) end
