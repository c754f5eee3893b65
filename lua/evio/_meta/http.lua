---@meta _

-- HTTP/1.1.

---`evio.http`: HTTP/1.1 (RFC 9110, RFC 9112).
---@class evio.http
local http = {}

---A request, whole. Its parts are made when they are looked at.
---@class evio.HttpRequest
---@field conn evio.Conn
---@field method string as it came, such as `"GET"`
---@field target string as it came: a path, a URL, a host and a port (CONNECT only), or `*` (OPTIONS only)
---@field path string the target's path, `%xx` resolved; `"*"`, or `""` for CONNECT
---@field query table<string, string|string[]> the target's parameters; a list where a name came more than once
---@field version "1.0"|"1.1"
---@field head string its first line and its fields, as they came
---@field headers table<string, string> by names in any case; those that came more than once are joined with commas
---@field cookies table<string, string>
---@field params? table<string, string> of a router's path, by names
---@field body? string the whole body, "" for none; nil where it comes in parts
---@field trailers? table<string, string> what came behind a body in chunks
local request = {}

---Answers a request whose handler returned nil. The requests behind it wait. Raises where it was answered already.
---@param response string|evio.HttpResponse
---@return number|false pending as from `conn:write`; false where the connection is closing or gone
---@return string? message
---@return string? code
function request:respond(response) end

---Answers with a stream: the head leaves at once, the body as the script writes it, in chunks, or plainly where its
---`length` is known; to the connection's end in HTTP/1.0. The requests behind it wait. Raises where the request was
---answered already.
---@param response? evio.HttpResponse without a body
---@return evio.HttpStream
function request:stream(response) end

---Answers with a stream of server-sent events (WHATWG HTML, 9.2). A browser's EventSource reads them; its
---`Last-Event-ID` is in `request.headers`. The stream ends when the peer does.
---@param response? evio.HttpResponse further headers
---@return evio.HttpEvents
function request:events(response) end

---With the setting `stream`: calls `fn` with each part of the body as it comes; then once with nil, and where the body
---was cut with nil, what happened, and a code. Before it is called nothing of the body is read. `conn:pause()` and
---`conn:resume()` hold the peer back.
---@param fn fun(bytes?: string, err?: string, code?: string)
function request:receive(fn) end

---In the request's session, with the setting `stream`: the next part of the body; nil at its end; nil, a message and a
---code where it was cut.
---@return string? bytes
---@return string? message
---@return string? code
function request:read() end

---In the request's session: an iterator of the body's parts.
---@return fun(request: evio.HttpRequest): string? next
---@return evio.HttpRequest
function request:parts() end

---The body of a response, while it is sent.
---@class evio.HttpStream
---@field request evio.HttpRequest
---@field drained? fun(stream: evio.HttpStream) the script's: what was written has left, down to `options.low`
---@field closed? fun(stream: evio.HttpStream, err?: string, code?: string) the script's: the connection ended before the stream
local stream = {}

---Sends a part of the body. In a session it waits while the queue is above `options.high`; elsewhere who writes much
---stops at a number of pending bytes and goes on in `drained`.
---@param bytes string
---@return number|false pending as from `conn:write`; false where the connection is closing or gone
---@return string? message
---@return string? code
function stream:write(bytes) end

---Ends the body. `trailers` follow one in chunks, else they are left out.
---@param trailers? table<string, string|number>
---@return number|false pending
---@return string? message
---@return string? code
function stream:finish(trailers) end

---Bytes that were written and have not left.
---@return number
function stream:pending() end

---A stream of server-sent events; it has what other streams have, too.
---@class evio.HttpEvents: evio.HttpStream
local events = {}

---Sends an event.
---@param event string|evio.HttpEvent text is its data
---@return number|false pending
---@return string? message
---@return string? code
function events:send(event) end

---Sends a line that means nothing, to keep proxies from giving up a quiet connection.
---@param text string in one line
---@return number|false pending
---@return string? message
---@return string? code
function events:comment(text) end

---@class evio.HttpEvent
---@field data? string in any number of lines
---@field event? string its type, "message" where there is none
---@field id? string|number what the browser sends as `Last-Event-ID` when it connects anew
---@field retry? number milliseconds before it does

---A response. Date, Connection and Content-Length are the server's; a body without a Content-Type is plain text in
---UTF-8.
---@class evio.HttpResponse
---@field status? number 200
---@field headers? table<string, string|number|(string|number)[]> a list stands for several fields
---@field body? string
---@field upgrade? evio.Events with `status = 101`: who the connection and its unread bytes belong to from here on

---Limits of a server, and what is answered beyond them.
---@class evio.HttpSettings
---@field line? number bytes of a request's first line, 8192: 414
---@field head? number bytes of its head, 65536, in at most 100 fields: 431
---@field body? number bytes of its body, 1 MiB: 413
---@field seconds? number in which a head that has begun has to come, 10: 408
---@field stream? boolean whether the handler is called in front of a body, which it gets in parts; `body` has no limit then unless one is set

---Makes an events table of a server, to which other events and `options` may be added. `handler` gets one request
---after the other of each connection, with its whole body, and returns the response: text, or a table. When it
---returns nil it answers later, with `request:respond`. An error in it is answered 500, and closes. What two
---recipients could understand differently is refused: both or several lengths, other codings than "chunked", lines
---that go on, bare CR and LF, spaces in front of a colon, none or two Host fields, control bytes.
---@param handler evio.HttpHandler
---@param settings? evio.HttpSettings
---@return evio.Events
function http.server(handler, settings) end

---The same with a handler that is a coroutine: it may wait, as in `evio.session`, and returns the response, or has
---answered with `request:stream`, which ends when it returns.
---@param handler evio.HttpHandler
---@param settings? evio.HttpSettings
---@return evio.Events
function http.session(handler, settings) end

---The bytes of a server-sent event, to be written to many streams.
---@param event string|evio.HttpEvent
---@return string
function http.encode_event(event) end

---Makes a client of the server that a URL names: `"http://host:port"` or `"https://host"`, IPv6 addresses in brackets. A
---URL with a user, or with a path, is refused.
---@param url string
---@param settings? evio.HttpClientSettings
---@return evio.HttpClient
function http.client(url, settings) end

---In sessions: asks for a URL, on a connection of its own, and waits for the answer. With `redirects` it follows a 301,
---302, 303, 307 or 308 as RFC 9110, 15.4, says; Authorization, Cookie and Host do not go to another origin, and a body
---that is a function is not sent again: the answer is that of the redirection then, as it is behind the last one.
---@param url string
---@param request? evio.HttpClientRequest without path and upgrade
---@param settings? evio.HttpClientSettings
---@return evio.HttpClientResponse? response
---@return string? message
---@return string? code
function http.fetch(url, request, settings) end

---@alias evio.HttpHandler (fun(request: evio.HttpRequest): string|evio.HttpResponse|nil)|evio.HttpRouter
---What answers requests: a function, or a router.

---@class evio.HttpFilesSettings
---@field prefix? string what the paths begin with, and what is left out of the files' names: `"/static"`
---@field index? string the file that stands for its directory, `"index.html"`
---@field cache? string what Cache-Control says, such as `"max-age=3600"`; no field without it
---@field types? table<string, string> media types by the ends of names, as in `{ wat = "text/plain" }`, beside those that are known
---@field hidden? boolean names that begin with a dot are served, too
---@field gzip? boolean in place of a file the one with `.gz` behind its name is sent to those who accept it, if it is there and not older

---Makes a handler that answers with the files below a directory, to GET and HEAD. A file is sent from where it lies: it
---takes no memory, and waits for a slow client. A directory is answered with its index, behind a redirect (301) to its
---name with a slash. What is not there, may not be read, is no file, or has a name that begins with a dot is answered
---404, and nothing leads out of the root: neither `..`, however it is written, nor a symbolic link, which is followed
---only if it is relative and stays below the root (on systems other than Linux 5.6 and later: not at all). `%2F` and backslashes in a
---path are answered 404.
---
---ETag is strong and made of a file's size and the time of its last change in nanoseconds, so files are to be replaced
---rather than changed in place: two changes within a tick of the system's clock that leave the size are one to it.
---Last-Modified, the conditions If-Match, If-Unmodified-Since, If-None-Match, If-Modified-Since and If-Range, and a
---range of bytes are heeded (RFC 9110, 13 and 14); where several ranges are asked for, the whole file is sent. A file
---that becomes shorter while it is sent ends the connection with a reset and `EIO`. Raises where the root is no directory.
---@param root string
---@param settings? evio.HttpFilesSettings
---@return fun(request: evio.HttpRequest): evio.HttpResponse
function http.files(root, settings) end

---Routes: a handler that finds one by a request's method and path. A step of a path may be a parameter, `:name`, which
---stands for a step that is not empty, and the last one `*name`, which stands for all that follows, or nothing. What is
---more exact goes first: a word, then a parameter, then the rest. `request.params` has the parameters, with `%xx` resolved;
---`%2F` in a step is no slash. HEAD is served by a route of GET, and OPTIONS answered with Allow, unless routes of
---their own are there. A path that has routes, but none for the method, is answered 405 with Allow, any other 404.
---Methods return the router. They raise where the path is wrong, or the route is there already.
---@class evio.HttpRouter
local router = {}

---A router without routes: `local route = evio.http.router()`.
---@return evio.HttpRouter
function http.router() end

---A route of GET, and of HEAD; the other methods have theirs.
---@param path string such as `"/users/:id"`
---@param handler evio.HttpHandler
---@return evio.HttpRouter
function router:get(path, handler) end

---@param path string
---@param handler evio.HttpHandler
---@return evio.HttpRouter
function router:post(path, handler) end

---@param path string
---@param handler evio.HttpHandler
---@return evio.HttpRouter
function router:put(path, handler) end

---@param path string
---@param handler evio.HttpHandler
---@return evio.HttpRouter
function router:delete(path, handler) end

---@param path string
---@param handler evio.HttpHandler
---@return evio.HttpRouter
function router:patch(path, handler) end

---A route for a method of any name.
---@param method string such as `"PROPFIND"`
---@param path string
---@param handler evio.HttpHandler
---@return evio.HttpRouter
function router:any(method, path, handler) end

---Gives all requests whose paths are the prefix, or begin with it and a slash, to another handler, such as that of
---`evio.http.files`, in whatever method. Routes go first, then the longest prefix.
---@param prefix string such as `"/static"`, without parameters; `"/"` for all
---@param handler evio.HttpHandler
---@return evio.HttpRouter
function router:use(prefix, handler) end

---@class evio.HttpGzipSettings
---@field level? number from 1, quick, to 9, small: 6
---@field least? number bytes from which on a body is compressed: 1024
---@field types? table<string, boolean> whether bodies of a media type are compressed, beside those that are known
---@field decode? number bodies of requests with Content-Encoding: gzip are decoded, up to so many bytes: 413; what is no gzip is answered 400, another coding 415. Without it, and where bodies come in parts, the handler gets them as they came

---Makes a handler that answers as another does, with bodies compressed by gzip where the request accepts that, the
---body's media type is one that becomes shorter (text, JSON, XML, SVG and the like), and it is long enough. Such responses
---say Vary: Accept-Encoding, compressed or not, and a strong ETag becomes a weak one. Left alone are 204, 206 and 304, what
---has a Content-Encoding, what says `no-transform` in Cache-Control, and streams; files are compressed with `gzip` of
---`evio.http.files`. It runs on the loop: 1 MB of text takes some 50 ms at level 6, a fifth of that at 1.
---@param handler evio.HttpHandler
---@param settings? evio.HttpGzipSettings
---@return fun(request: evio.HttpRequest): string|evio.HttpResponse|nil
function http.gzip(handler, settings) end

---The bytes for `%xx`; what is no escape stays as it is.
---@param text string
---@return string
function http.unescape(text) end

---The parameters of a query, or of a form in a body: `+` is a space, a name that came more than once has a list.
---@param text string
---@return table<string, string|string[]>
function http.parse_query(text) end

---What stands behind a status, such as `"Not Found"`; "" for one that is not known.
---@param status number
---@return string
function http.reason(status) end
