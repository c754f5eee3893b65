---@meta _

-- HTTP/1.1: asking others.

---Settings of `evio.http.client`, and of `evio.http.fetch`.
---@class evio.HttpClientSettings
---@field connections? number at most so many, 8; further requests wait for one
---@field idle? number seconds that a connection is kept without a request, 4
---@field connect? number seconds for a connection, its handshake of TLS included, 10
---@field timeout? number seconds for a whole answer, from the call on, 30
---@field line? number bytes of an answer's first line, 8192
---@field head? number bytes of its head, 65536, in at most 100 fields
---@field body? number bytes of a body that is collected, 16 MiB
---@field tls? evio.TlsSettings|evio.Tls for https: the certificate has to lead to a root of the system's, and name the URL's host, unless set
---@field address? string where to dial instead of the URL's host and port, such as `"unix:///run/service.sock"`

---A request that a client sends. `Host` is the URL's unless `headers` has it; Connection, Upgrade, Content-Length and
---Transfer-Encoding are the client's.
---@class evio.HttpClientRequest
---@field method? string `"GET"`; any but CONNECT
---@field path? string with its query, as it is sent: `"/"`
---@field query? table<string, string|number|(string|number)[]> parameters behind those of the path, which are escaped; a list stands for several
---@field headers? table<string, string|number|(string|number)[]> a list stands for several fields
---@field body? string|fun(): string? bytes, or a function that returns the next of them, nil at the end: they leave in chunks, as fast as the server takes them
---@field chunk? fun(bytes: string, response: evio.HttpClientResponse): any gets the answer's body as it comes, for which there is no limit then; `response.conn:pause()` and `:resume()` hold the server back
---@field timeout? number instead of the setting
---@field upgrade? string a protocol: the callback may get a 101, and returns the events to which the connection belongs from there on
---@field redirects? number `evio.http.fetch` only: how many times it follows an answer to where that leads, 0

---An answer.
---@class evio.HttpClientResponse
---@field status number
---@field reason string what stands behind it, such as `"Not Found"`
---@field version "1.0"|"1.1"
---@field head string its first line and its fields, as they came
---@field headers table<string, string> by names in any case; those that came more than once are joined with commas
---@field set_cookie? string[] the values of Set-Cookie, which cannot be joined
---@field body? string whole, "" for none; nil with `chunk`
---@field trailers? table<string, string> what came behind a body in chunks
---@field conn evio.Conn the connection that it came on, which is the client's

---A client of one origin, on connections that are kept.
---@class evio.HttpClient
local client = {}

---Sends a request, at once or when a connection is free. The callback is called once, later: with the response, whatever
---its status is, or with nil, a message and a code: `"ETIMEDOUT"`, `"ECONNRESET"` where the server closed the connection,
---`"EPROTO"` for an answer that is none or could be understood in two ways, `"EMSGSIZE"` beyond a limit, those of dialing.
---A connection that was kept may have ended meanwhile: then a request whose method is idempotent, and whose body is no
---function, is sent once more (RFC 9110, 9.2.2). An error in the callback closes the connection.
---@param request evio.HttpClientRequest
---@param callback fun(response?: evio.HttpClientResponse, err?: string, code?: string): evio.Events?
---@return evio.HttpExchange
function client:request(request, callback) end

---`client:request({ path = path }, callback)`.
---@param path string
---@param callback fun(response?: evio.HttpClientResponse, err?: string, code?: string)
---@return evio.HttpExchange
function client:get(path, callback) end

---In sessions: sends a request, and waits for what a callback would get.
---@param request evio.HttpClientRequest without `upgrade`
---@return evio.HttpClientResponse? response
---@return string? message
---@return string? code
function client:fetch(request) end

---Closes the connections. What waits for an answer gets an error (`"EPIPE"`), and so does what comes later. Without it
---connections keep the program running for as long as they are kept.
function client:close() end

---A request that was sent, or waits.
---@class evio.HttpExchange
local exchange = {}

---Gives the request up, and with it its connection. The callback is not called.
---@return boolean waited false where it was over
function exchange:cancel() end
