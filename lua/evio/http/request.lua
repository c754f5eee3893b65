-- Requests as a client sends them: checks, and bytes. No I/O. What is wrong is raised without a place.
local fields = require("evio.http.fields")

local M = {}

local types = { method = "string", path = "string", query = "table", headers = "table", body = "string or function",
  chunk = "function", timeout = "number", upgrade = "string" }
local TOKEN = "^[%w!#$%%&'*+.^_`|~-]+$"
local IDEMPOTENT = { -- RFC 9110, 9.2.2
  GET = true, HEAD = true, OPTIONS = true, TRACE = true, PUT = true, DELETE = true,
}
local WITH_BODY = { POST = true, PUT = true, PATCH = true } -- whose length is told when it is 0, too: RFC 9110, 8.6

local function fail(format, ...)
  error(format:format(...), 0)
end

local function check_types(request)
  if type(request) ~= "table" then
    fail("the request is a %s, expected a table", type(request))
  end
  for name, value in next, request do
    local expected = types[name]
    if not expected then
      local names = {}
      for known in next, types do
        names[#names + 1] = known
      end
      table.sort(names)
      fail("unknown field %q, expected one of %s", tostring(name), table.concat(names, ", "))
    elseif not (" " .. expected .. " "):find(" " .. type(value) .. " ", 1, true) then
      fail("%s is a %s, expected a %s", name, type(value), expected)
    end
  end
  if request.timeout and not (request.timeout > 0 and request.timeout <= 1e9) then
    fail("timeout is %g, expected seconds above 0", request.timeout)
  elseif request.upgrade and not request.upgrade:find(TOKEN) then
    fail("upgrade is %q, expected a protocol's name", request.upgrade)
  end
end

local function escape(text)
  return (tostring(text):gsub("[^%w._~-]", function(c) return ("%%%02X"):format(c:byte()) end))
end

-- The bytes of a table of parameters, in the order of their names; a list stands for several of a name.
local function pack_query(query)
  local names, pairs_of = {}, {}
  for name in next, query do
    if type(name) ~= "string" then
      fail("query has the name %s, expected a string", tostring(name))
    end
    names[#names + 1] = name
  end
  table.sort(names)
  for _, name in ipairs(names) do
    local values = query[name]
    for _, value in ipairs(type(values) == "table" and values or { values }) do
      if type(value) ~= "string" and type(value) ~= "number" then
        fail("query.%s is a %s, expected a string, a number or a list of them", name, type(value))
      end
      pairs_of[#pairs_of + 1] = escape(name) .. "=" .. escape(value)
    end
  end
  return table.concat(pairs_of, "&")
end

local function make_target(method, path, query)
  if path:find("[%z\1-\32\127#]") then
    fail("path is %q, which has a space, a control byte or a #", path)
  elseif path:sub(1, 1) ~= "/" and not (path == "*" and method == "OPTIONS") then
    fail("path is %q, expected one that begins with /", path)
  end
  local text = query and pack_query(query) or ""
  return text == "" and path or path .. (path:find("?", 1, true) and "&" or "?") .. text
end

-- The line of Host, unless the script's fields have one.
local function make_host(headers, authority)
  local found
  for name, value in next, headers do
    if type(name) == "string" and name:lower() == "host" then
      if found or type(value) == "table" then
        fail("there are two Host fields")
      end
      found = true
    end
  end
  return found and "" or ("Host: %s\r\n"):format(authority)
end

local function make_framing(method, body)
  if type(body) == "function" then
    return "Transfer-Encoding: chunked\r\n"
  elseif body and body ~= "" or WITH_BODY[method] then
    return ("Content-Length: %d\r\n"):format(#(body or ""))
  end
  return ""
end

-- What is to be sent: { head, body, source: the function that gives it, method, ... }. `authority` is the field Host;
-- with `last` the connection ends behind the answer.
function M.make(request, authority, last)
  check_types(request)
  local method, headers, body = request.method or "GET", request.headers or {}, request.body
  if not method:find(TOKEN) then
    fail("method is %q, which is no token", method)
  elseif method == "CONNECT" then
    fail("method is CONNECT, which makes a tunnel, for proxies")
  end
  local target = make_target(method, request.path or "/", request.query)
  local connection = request.upgrade and ("Connection: Upgrade\r\nUpgrade: %s\r\n"):format(request.upgrade)
    or last and "Connection: close\r\n" or ""
  return {
    method = method, upgrade = request.upgrade, chunk = request.chunk, idempotent = IDEMPOTENT[method],
    head = ("%s %s HTTP/1.1\r\n"):format(method, target) .. make_host(headers, authority)
      .. fields.pack(headers, fields.CLIENT) .. connection .. make_framing(method, body) .. "\r\n",
    body = type(body) == "string" and body ~= "" and body or nil,
    source = type(body) == "function" and body or nil,
  }
end

return M
