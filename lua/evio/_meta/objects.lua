---@meta _

-- Timers and detached sockets.

---A timer.
---@class evio.Timer
local Timer = {}

---Cancels the timer. From its own callback this ends one of `evio.every`.
---@return boolean pending false when it had fired, or was cancelled before
function Timer:cancel() end

---A detached socket. Its calls wait, which the loop must not do: read and write raise there, and
---the socket is given to a background job as an argument of `evio.spawn`. It is closed when nobody
---holds it any more.
---@class evio.Socket
local Socket = {}

---Reads exactly n bytes, or what is there, at least one byte. nil alone is the peer's clean end.
---Bytes that came in vain stay to be read.
---@param n? number
---@return string? bytes
---@return string? message
---@return string? code `"ETIMEDOUT"`, `"ECONNRESET"`; `"ECUT"` when the peer finished before n bytes
function Socket:read(n) end

---Writes all of the bytes; a string.buffer is empty afterwards.
---@param bytes string|string.buffer
---@return boolean? done
---@return string? message
---@return string? code
function Socket:write(bytes) end

---Sends FIN; reading goes on.
---@return boolean? done
---@return string? message
---@return string? code
function Socket:finish() end

---How long a read or a write may wait at a time.
---@param seconds number|false false for ever, as it is at first
function Socket:timeout(seconds) end

---The descriptor, for other libraries. It is non-blocking. Input that the loop had taken already,
---and nobody read, is seen by `socket:read` only.
---@return number? fd nil once closed, or given to a job
function Socket:fd() end

---@return boolean open false when it was closed before, or given to a job
function Socket:close() end

---A translator: an object with two methods, and more where it needs them. Each may return an error
---as text in its last place, which ends the connection with `EPROTO`; an error that is raised does
---the same. `failed` hears of it where the connection never opened, else `closed`.
---@class evio.Translator
---@field name? string For messages.
---@field opening? boolean While it is true, a handshake is under way: `opened` and plaintext wait. `options.handshake` limits it.
---@field ended? boolean Set when the peer's plaintext ended: `eof` fires.
---@field receive fun(self: evio.Translator, wire: string?): plain: evio.Out, reply: evio.Out, err: string? Bytes from the wire; `reply` goes back there. `wire` is nil once, when there will be no more.
---@field send fun(self: evio.Translator, plain: string): wire: evio.Out, err: string?
---@field start? fun(self: evio.Translator): wire: evio.Out, err: string? When it is put on and those below are open: the first bytes of a client.
---@field finish? fun(self: evio.Translator): wire: evio.Out, err: string? The last bytes, in front of FIN.

---Settings of `evio.tls`. Certificates and keys are names of PEM files, or PEM text.
---@class evio.TlsSettings
---@field cert? string The certificate, followed by its chain. A server needs it and its key.
---@field key? string
---@field password? string Of an encrypted key.
---@field names? table<string, {cert: string, key: string, password?: string}> Other certificates for clients that ask for these names (SNI); `*.example.com` stands for one label.
---@field alpn? string[] Protocols in order of preference (RFC 7301). A client that has none of them is refused.
---@field min? "1.2"|"1.3" The lowest version. 1.2.
---@field tickets? boolean Sessions may be resumed: a server gives tickets, a client keeps them for 64 servers. true.
---@field verify_client? "none"|"optional"|"required" Whether clients are asked for a certificate, which has to lead to `ca`. none.
---@field ca? string What to trust; for a client's side the system's roots unless set.
---@field verify? boolean A client verifies the server's certificate and its name. true.
---@field name? string The name that a client asks for and verifies; else the host that was dialed.

---What `evio.tls` returns.
---@class evio.Tls
local Tls = {}

---Reads the files again, for the connections that come; those that are there stay. When that fails,
---the old ones go on.
---@return boolean? done
---@return string? message
function Tls:reload() end

---Settings of `evio.deflate`.
---@class evio.DeflateSettings
---@field format? "raw"|"zlib"|"gzip" RFC 1951, 1950 or 1952. zlib.
---@field level? number From 1, quick, to 9, small; for what is sent. 6.
---@field window? number Bits of the window, from 9 to 15, for what is sent: it takes 2^(window + 2) bytes of memory. 15.
---@field memory? number From 1 to 9, for what is sent: it takes 2^(memory + 9) bytes. 8.
---@field ratio? number|false How many times the bytes that came their plaintext may be, counted over the connection and from 16 MiB of plaintext on; more ends it with `EPROTO`. 200; false for no limit.

---What `evio.deflate` returns.
---@class evio.Deflate

---Settings of `evio.proxy`.
---@class evio.ProxySettings
---@field trusted string[] The proxies' networks, as in `"10.0.0.0/8"`, `"::1"`; `"unix"` for every peer of a unix socket. There is no default: who may send a header may be anybody.

---What `evio.proxy` returns.
---@class evio.Proxy

---What a proxy told: `conn.proxy`. Values of version 2 are there by their numbers, as bytes, and those
---that are known by their names, too.
---@class evio.ProxyInfo
---@field version number 1 or 2
---@field known boolean Whether it told addresses; else the connection's are its own.
---@field remote_address string? The proxy's own address; nil for a unix socket.
---@field local_address string? Where the proxy connected to; nil for a unix socket.
---@field alpn? string The protocol that the client chose (ALPN).
---@field authority? string The host that the client asked for (SNI).
---@field unique_id? string Of the connection, by the proxy.
---@field netns? string The proxy's network namespace.
---@field ssl? {tls: boolean, certificate: boolean, verified: boolean, version?: string, name?: string, cipher?: string, signature?: string, key?: string} The client's TLS: whether there was any, whether it showed a certificate and that was verified, the version, the certificate's common name, the cipher, the algorithms of the certificate's signature and key; other values by number.
---@field [number] string

---What was agreed on: `conn.tls`.
---@class evio.TlsInfo
---@field version string `"TLSv1.3"`
---@field cipher string `"TLS_AES_128_GCM_SHA256"`
---@field server_name? string The name that the client asked for.
---@field protocol? string ALPN's.
---@field resumed boolean
---@field peer? {subject: string, issuer: string, name: string, fingerprint: string, verified: boolean} The peer's certificate: `name` is its first DNS name, else its common name; `fingerprint` is SHA-256 in hex; `verified` whether it leads to a trusted root.
