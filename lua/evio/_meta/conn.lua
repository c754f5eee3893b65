---@meta _

-- Servers and connections.

---A server.
---@class evio.Server
---@field addresses string[] What was bound, in the order of the call, with the real ports.
local Server = {}

---Stops accepting; the connections stay. A udp address stays bound until its last peer is forgotten.
---@return boolean open false when the server had ended
function Server:close() end

---A connection: a table for the script's own fields, beside the following. Assigning to a name
---that is evio's raises. On a connection that is gone the methods do nothing and return false; the
---fields stay.
---@class evio.Conn
---@field id number Never used again in this process.
---@field index number? Which of the server's addresses it came in on, from 1; nil for a dialed one.
---@field server evio.Server? nil for a dialed one.
---@field remote_address string The peer's address, as in `"tcp://127.0.0.1:50312"`; for a unix socket the server's; what was dialed, until it is connected.
---@field local_address string? nil until it is connected.
---@field remote_ip string? As in `"127.0.0.1"`; nil for a unix socket.
---@field remote_port number?
---@field tls evio.TlsInfo? Once a TLS handshake is over.
---@field proxy evio.ProxyInfo? What a proxy told, where there is `evio.proxy`, as long as the connection is there.
---@field [any] any The script's own.
local Conn = {}

---Queues bytes. They leave when the event's callback returns, or, on another connection than the
---event's, in the same iteration of the loop. With udp they are a datagram, which leaves at once or
---not at all. In its own session the call waits while more than `options.high` bytes are pending.
---@param bytes string|string.buffer
---@return number|false|nil pending bytes that wait; false when the connection is closing or gone; nil when a datagram cannot be sent
---@return string? message
---@return string? code `"EMSGSIZE"` when it is too long
function Conn:write(bytes) end

---Sends FIN after the pending output. Reading goes on.
---@return boolean done
function Conn:finish() end

---Closes when the callback returns. The pending output is flushed, FIN is sent, and what the peer
---still sends is dropped, so that the last reply arrives. Then `closed` fires; until then only
---prewrite and postwrite do.
---@return boolean done false when it is closing already
function Conn:close() end

---Ends the connection because of what the peer did: bytes that are not the protocol, a message that
---is too long. It closes as after `conn:close()`, so an answer that was written arrives. `closed`, or
---`failed` where the connection had not opened, gets the message and `"EPROTO"`; no traceback is
---printed. A NUL byte ends the message.
---@param message string
---@return boolean done false when it is closing already
function Conn:fail(message) end

---Ends the connection at once with a reset. Pending output is dropped.
---@return boolean done
function Conn:abort() end

---Takes the connection out of the loop: pending output is sent first, then `detached` gets the
---socket, with the input that nobody read yet. If the output cannot be sent, `closed` fires
---instead. Raises when the events table has no `detached`.
---@return boolean done false when it is not open
function Conn:detach() end

---`evio.wake(conn.id)`.
---@return boolean there
function Conn:wake() end

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

---Puts a translator on top of those that are there. What was written before goes down the old way,
---what is written now waits for the end of its handshake. Plaintext of the peer that is here already
---did not pass it: the connection ends with `EPROTO` (the STARTTLS injection).
---@param make evio.Maker
---@param ready? fun(conn: evio.Conn): out: evio.Out, action: evio.Action when the handshake is over
---@return boolean done
function Conn:push(make, ready) end

---Takes the last translator away, after its last bytes. Where `evio.deflate` has input that it did
---not hand up yet, the connection ends with `EPROTO`.
---@return boolean done false when there is none
function Conn:pop() end

---Sets time-outs for this connection; see `evio.Options`. Those that are not named stay; all count
---from the call on.
---@param times {idle?: number|false, read?: number|false, write?: number|false, linger?: number}
---@return boolean? done
---@return string? message
---@return string? code
function Conn:timeout(times) end

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
