-- evio.tls: checks the settings, and makes what evio.translate and conn:push take.
local core = require("evio.core")
local check_settings = require("evio.settings").check

local M = {}

local TEXT, LIST, FLAG = { "string", "a string" }, { "table", "a table" }, { "boolean", "true or false" }
local kinds = {
  cert = TEXT, key = TEXT, password = TEXT, ca = TEXT, name = TEXT, names = LIST, alpn = LIST, min = TEXT,
  verify = FLAG, verify_client = TEXT, tickets = FLAG,
}
local choices = {
  min = { ["1.2"] = true, ["1.3"] = true },
  verify_client = { none = true, optional = true, required = true },
}
local expected = { min = '"1.2" or "1.3"', verify_client = '"none", "optional" or "required"' }

local function refuse(format, ...)
  error("evio.tls: " .. format:format(...), 4)
end

local function check(settings)
  for name in next, choices do
    if settings[name] and not choices[name][settings[name]] then
      refuse("%s is %q, expected %s", name, settings[name], expected[name])
    end
  end
  if (settings.cert == nil) ~= (settings.key == nil) then
    refuse("%s is missing, expected cert and key", settings.cert and "key" or "cert")
  elseif settings.verify_client and settings.verify_client ~= "none" and not settings.ca then
    refuse("ca is missing, which says whose certificates of clients are good")
  elseif settings.name == "" then
    refuse("name is empty, expected a server's name")
  elseif settings.names and not settings.cert then
    refuse("cert and key are missing, which clients get that ask for no name of `names`")
  end
end

-- The wire format of RFC 7301: each name with its length in front.
local function encode_protocols(list)
  local parts = {}
  for i, name in ipairs(list) do
    if type(name) ~= "string" or #name < 1 or #name > 255 then
      refuse("alpn[%d] is no name of 1 to 255 bytes", i)
    end
    parts[i] = string.char(#name) .. name
  end
  return table.concat(parts)
end

-- Sorted, so that which of two patterns wins does not depend on a table's order: plain names first.
local function list_names(names)
  local list = {}
  for name, identity in next, names do
    if type(name) ~= "string" or type(identity) ~= "table" or type(identity.cert) ~= "string"
      or type(identity.key) ~= "string" then
      refuse("names[%q] is no { cert = ..., key = ... }", tostring(name))
    end
    list[#list + 1] = {
      name = name, cert = identity.cert, key = identity.key, password = identity.password,
    }
  end
  table.sort(list, function(a, b)
    local wild_a, wild_b = a.name:sub(1, 1) == "*", b.name:sub(1, 1) == "*"
    if wild_a ~= wild_b then
      return wild_b
    end
    return a.name < b.name
  end)
  return list
end

-- TLS for connections: the server's side of accepted ones, the client's of dialed ones.
function M.tls(settings)
  check_settings("evio.tls", settings, kinds)
  check(settings)
  local maker, message = core.tls({
    cert = settings.cert,
    key = settings.key,
    password = settings.password,
    ca = settings.ca,
    name = settings.name,
    names = list_names(settings.names or {}),
    alpn = encode_protocols(settings.alpn or {}),
    min = settings.min or "1.2",
    verify = settings.verify ~= false,
    verify_client = settings.verify_client or "none",
    tickets = settings.tickets ~= false,
  })
  if not maker then
    error("evio.tls: " .. message, 2)
  end
  return maker
end

return M
