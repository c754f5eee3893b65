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
---@field body string
---@field trailers? table<string, string> what came behind a body in chunks
local request = {}

---Answers a request whose handler returned nil. The requests behind it wait. Raises where it was answered already.
---@param response string|evio.HttpResponse
---@return number|false pending as from `conn:write`; false where the connection is closing or gone
---@return string? message
---@return string? code
function request:respond(response) end

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

---Makes an events table of a server, to which other events and `options` may be added. `handler` gets one request
---after the other of each connection, with its whole body, and returns the response: text, or a table. When it
---returns nil it answers later, with `request:respond`. An error in it is answered 500, and closes. What two
---recipients could understand differently is refused: both or several lengths, other codings than "chunked", lines
---that go on, bare CR and LF, spaces in front of a colon, none or two Host fields, control bytes.
---@param handler fun(request: evio.HttpRequest): string|evio.HttpResponse|nil
---@param settings? evio.HttpSettings
---@return evio.Events
function http.server(handler, settings) end

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
