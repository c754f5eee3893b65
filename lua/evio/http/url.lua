-- URLs of http and https (RFC 3986; RFC 9110, 4.2): their parts, and where a reference leads.
local M = {}

local PORTS = { http = 80, https = 443 }
local BARE = "[%z\1-\32\127]" -- what no URL has

-- The host and the port of an authority, or nil and what is wrong.
local function split_authority(authority, scheme)
  local host, rest = authority:match("^(%[[%x:.]+%])(.*)$")
  if not host then
    host, rest = authority:match("^([^:]*)(.*)$")
  end
  if authority:find("@", 1, true) then
    return nil, "has a user in front of the host, which is no part of such URLs: headers.Authorization says who asks"
  elseif host == "" then
    return nil, "has no host"
  elseif not host:find("^%[.*%]$") and host:find("[^%w._~-]") then
    return nil, ("has the host %q, expected a name, or an IPv6 address in brackets"):format(host)
  end
  local digits = rest:match("^:(%d*)$") or rest == "" and ""
  local port = digits and (digits == "" and PORTS[scheme] or #digits <= 5 and tonumber(digits))
  if not port or port < 1 or port > 65535 then
    return nil, ("has %q behind the host, expected a port from 1 to 65535"):format(rest)
  end
  return host:lower(), port
end

-- The parts of a URL: { scheme, host, port, place = "host:port", authority, which is the field Host, target, origin }.
-- The fragment, which is the reader's, goes. Returns nil and what is wrong, in words.
function M.parse(text)
  if type(text) ~= "string" then
    return nil, ("the URL is a %s, expected a string"):format(type(text))
  end
  local function refuse(format, ...)
    return nil, ("the URL %q "):format(text) .. format:format(...)
  end
  if text:find(BARE) then
    return refuse("has a space or a control byte")
  end
  local scheme, authority, target = text:match("^(%a[%w+.-]*)://([^/?#]*)([^#]*)")
  if not scheme then
    return refuse('is none, expected one as "http://host:port/path"')
  end
  scheme = scheme:lower()
  if not PORTS[scheme] then
    return refuse("has the scheme %q, expected http or https", scheme)
  end
  local host, port = split_authority(authority, scheme)
  if not host then
    return refuse("%s", port)
  end
  if target:sub(1, 1) ~= "/" then
    target = "/" .. target
  end
  local place = host .. ":" .. port
  return { scheme = scheme, host = host, port = port, place = place, target = target,
    authority = port == PORTS[scheme] and host or place, origin = scheme .. "://" .. place }
end

-- A path without "." and ".." (RFC 3986, 5.2.4).
local function remove_dots(path)
  local parts, last = {}, nil
  for part in (path:sub(2) .. "/"):gmatch("([^/]*)/") do
    last = part
    if part == ".." then
      parts[#parts] = nil
    elseif part ~= "." then
      parts[#parts + 1] = part
    end
  end
  return "/" .. table.concat(parts, "/") .. ((last == "." or last == "..") and #parts > 0 and "/" or "")
end

-- The text of the URL that a reference in an answer of `base`, a parsed URL, stands for (RFC 3986, 5.2).
function M.resolve(base, reference)
  reference = reference:match("^[^#]*")
  local path, query = base.target:match("^([^?]*)(.*)$")
  if reference:find("^//") then
    reference = base.scheme .. ":" .. reference
  end
  if reference:find("^%a[%w+.-]*:") then
    local origin, its_path, rest = reference:match("^(%a[%w+.-]*://[^/?]*)(/[^?]*)(.*)$")
    return origin and origin .. remove_dots(its_path) .. rest or reference
  elseif reference == "" then
    return base.origin .. path .. query
  elseif reference:find("^%?") then
    return base.origin .. path .. reference
  end
  local to, its_query = reference:match("^([^?]*)(.*)$")
  if to:sub(1, 1) ~= "/" then
    to = path:match("^.*/") .. to
  end
  return base.origin .. remove_dots(to) .. its_query
end

return M
