-- HTTP messages: requests, and responses as bytes. No I/O.
local fields_of = require("evio.http.fields")

local M = {}

local byte, char, find = string.byte, string.char, string.find
local rawset, type = rawset, type
local pack_fields, SERVER = fields_of.pack, fields_of.SERVER
local SLASH = 47

-- Targets --------------------------------------------------------------------------------------------

-- Bytes for %xx. What is no escape stays as it is.
function M.unescape(text)
  return (text:gsub("%%(%x%x)", function(hex) return char(tonumber(hex, 16)) end))
end
local unescape = M.unescape

-- The path of a target with its escapes.
function M.raw_path(target)
  if byte(target) == SLASH or target == "*" then
    return target:match("^[^?]*")
  end
  local path = target:match("^%a[%w+.-]*://[^/?]*([^?]*)")
  return path and (path ~= "" and path or "/") or ""
end

-- The path of a target in each of its four forms (RFC 9112, 3.2): of a URL its path, of "*" that, of a host and a
-- port, which only CONNECT has, nothing.
function M.path_of(target)
  if byte(target) == SLASH and not find(target, "?", 1, true) and not find(target, "%", 1, true) then
    return target -- as most are; without a pattern, which LuaJIT does not compile
  end
  return unescape(M.raw_path(target))
end

-- The parameters of a query, or of a form: a name that came more than once has a list.
function M.parse_query(text)
  local found = {}
  for pair in text:gmatch("[^&]+") do
    local name, value = pair:match("^([^=]*)=?(.*)$")
    name, value = unescape((name:gsub("+", " "))), unescape((value:gsub("+", " ")))
    local before = found[name]
    if type(before) == "table" then
      before[#before + 1] = value
    else
      found[name] = before and { before, value } or value
    end
  end
  return found
end

-- Cookies by name; the first of a name counts.
local function parse_cookies(text)
  local found = {}
  for pair in (text or ""):gmatch("[^;]+") do
    local name, value = pair:match("^%s*([^=%s]+)%s*=%s*(.*)$")
    if name and not found[name] then
      value = fields_of.trim(value, 1)
      found[name] = value:match('^"(.*)"$') or value
    end
  end
  return found
end

-- Requests -------------------------------------------------------------------------------------------

-- What is made when somebody looks at it.
local lazy = {
  headers = function(self)
    local fields = fields_of.parse(self.head)
    if byte(self.target) ~= SLASH then -- a URL says where the request goes, whatever Host does: RFC 9112, 3.2.2
      fields.host = self.target:match("^%a+://([^/?]*)") or fields.host
    end
    return fields
  end,
  query = function(self) return M.parse_query(self.target:match("%?(.*)$") or "") end,
  cookies = function(self) return parse_cookies(self.headers.cookie) end,
}

local Request = {}
M.methods = Request

M.request_metatable = {
  __name = "evio.http.request",
  __index = function(self, name)
    local method = Request[name]
    if method then
      return method
    end
    local make = lazy[name]
    local value = make and make(self)
    if make then
      rawset(self, name, value)
    end
    return value
  end,
}

-- Responses ------------------------------------------------------------------------------------------

local reasons = {
  [100] = "Continue", [101] = "Switching Protocols", [200] = "OK", [201] = "Created", [202] = "Accepted",
  [204] = "No Content", [206] = "Partial Content", [301] = "Moved Permanently", [302] = "Found", [303] = "See Other",
  [304] = "Not Modified", [307] = "Temporary Redirect", [308] = "Permanent Redirect", [400] = "Bad Request",
  [401] = "Unauthorized", [403] = "Forbidden", [404] = "Not Found", [405] = "Method Not Allowed",
  [406] = "Not Acceptable", [408] = "Request Timeout", [409] = "Conflict", [410] = "Gone", [411] = "Length Required",
  [412] = "Precondition Failed", [413] = "Content Too Large", [414] = "URI Too Long",
  [415] = "Unsupported Media Type", [416] = "Range Not Satisfiable", [417] = "Expectation Failed",
  [421] = "Misdirected Request", [422] = "Unprocessable Content", [426] = "Upgrade Required",
  [428] = "Precondition Required", [429] = "Too Many Requests", [431] = "Request Header Fields Too Large",
  [500] = "Internal Server Error", [501] = "Not Implemented", [502] = "Bad Gateway", [503] = "Service Unavailable",
  [504] = "Gateway Timeout", [505] = "HTTP Version Not Supported",
}

function M.reason(status)
  return reasons[status] or ""
end

local status_lines = {}

local function status_line(status)
  local line = status_lines[status]
  if not line then
    if type(status) ~= "number" or status < 200 or status > 999 or status % 1 ~= 0 then
      error(("a response's status is %s, expected a whole number from 200 to 999"):format(tostring(status)), 0)
    end
    line = ("HTTP/1.1 %d %s\r\n"):format(status, M.reason(status))
    status_lines[status] = line
  end
  return line
end

local BARE = { [204] = true, [304] = true } -- RFC 9110, 15.3.5 and 15.4.5

-- The lines of a head without how the body is framed, and whether none follows. `date` is the line of it,
-- `connection` that of it, or "".
local function put_head(status, headers, has_body, date, connection)
  if headers ~= nil and type(headers) ~= "table" then
    error(("a response's headers are a %s, expected a table"):format(type(headers)), 0)
  end
  local fields = headers and pack_fields(headers, SERVER) or ""
  if has_body and not (headers and fields_of.find(headers, "content-type")) then
    fields = fields .. "Content-Type: text/plain; charset=utf-8\r\n"
  end
  return status_line(status) .. date .. fields .. connection, BARE[status] or false
end

-- A response in front of its body, and the body: of text, which is the body of a 200, or of { status, headers,
-- body }. With `bare`, as for HEAD, no body follows. In place of a body it may have a `file`, of which `length` bytes
-- are to follow.
function M.pack_response(response, date, connection, bare)
  local status, headers, body, length = 200, nil, response, nil
  if type(response) == "table" then
    length = response.file and response.length
    status, headers, body = response.status or 200, response.headers, response.body or ""
  end
  if type(body) ~= "string" then
    error(("a response's body is a %s, expected a string"):format(type(body)), 0)
  end
  local lines, none = put_head(status, headers, body ~= "", date, connection)
  if none then
    return lines .. "\r\n", ""
  end
  return lines .. "Content-Length: " .. (length or #body) .. "\r\n\r\n", bare and "" or body
end

-- The head of a response whose body follows as a stream, and how that is framed: "length", "chunked", "close" (to the
-- connection's end, as HTTP/1.0 needs it) or "bare" for none.
function M.pack_stream(response, date, connection, request)
  local length = response.length
  if length ~= nil and (type(length) ~= "number" or length < 0 or length % 1 ~= 0 or length > 2 ^ 53) then
    error(("a response's length is %s, expected a whole number of bytes"):format(tostring(length)), 0)
  elseif response.body ~= nil then
    error("a response that is a stream has a body", 0)
  end
  local lines, none = put_head(response.status or 200, response.headers, length ~= 0, date, connection)
  local framing = none and "bare" or length and "length" or request.version == "1.0" and "close" or "chunked"
  if framing == "length" then
    lines = ("%sContent-Length: %.0f\r\n"):format(lines, length)
  elseif framing == "chunked" then
    lines = lines .. "Transfer-Encoding: chunked\r\n"
  end
  return lines .. "\r\n", request.method == "HEAD" and "bare" or framing
end

-- The end of a body in chunks, with trailers (RFC 9112, 7.1.2).
function M.pack_last_chunk(trailers)
  return "0\r\n" .. (trailers and pack_fields(trailers, SERVER) or "") .. "\r\n"
end

-- The head of a 101, behind which the connection speaks something else (RFC 9110, 15.2.2).
function M.pack_upgrade(response, date)
  if response.status ~= 101 or type(response.upgrade) ~= "table" then
    error(("a response with `upgrade` has the status %s and a %s, expected 101 and an events table"):format(
      tostring(response.status), type(response.upgrade)), 0)
  end
  return "HTTP/1.1 101 Switching Protocols\r\n" .. date .. pack_fields(response.headers or {}, SERVER) .. "\r\n"
end

return M
