-- evio.http.client: requests to one origin, whose answers come to a callback, or in sessions to who waits.
local pools = require("evio.http.pool")
local requests = require("evio.http.request")
local settings_of = require("evio.settings")
local tasks = require("evio.task")
local tls = require("evio.tls")
local urls = require("evio.http.url")

local M = {}

local copy = settings_of.copy

local SECONDS, BYTES = { "number", "seconds above 0" }, { "number", "a whole number of bytes from 1 to 2^30", from = 1,
  to = 2 ^ 30 }
local kinds = {
  connections = { "number", "a whole number from 1 to 10^6", from = 1, to = 1e6 },
  idle = SECONDS, timeout = SECONDS, connect = SECONDS,
  line = BYTES, head = BYTES, body = BYTES,
  tls = { "table", "a table as evio.tls takes it, or what evio.tls makes" },
  address = { "string", "an address as evio.dial takes it" },
}

-- Settings -------------------------------------------------------------------------------------------------

-- What trusts the system's roots: reading these takes long, and sessions are resumed by who keeps them.
local usual_tls

local function make_tls(who, given, url, moved)
  if type(given) == "userdata" then
    return given
  elseif not given and not moved then
    usual_tls = usual_tls or tls.tls({ alpn = { "http/1.1" } })
    return usual_tls
  end
  local settings = copy(given or {})
  settings.alpn = settings.alpn or { "http/1.1" }
  settings.name = settings.name or moved and url.host:match("^%[?([^%]]*)") or nil
  local ok, maker = pcall(tls.tls, settings)
  if not ok then
    error(who .. ": tls: " .. tostring(maker):gsub("^.-evio%.tls: ", ""), 4)
  end
  return maker
end

-- The settings, whole. Raises where `who` was called, which called what called this.
function M.read(who, given, url)
  local s = copy(type(given) == "table" and given or {})
  if type(s.tls) == "userdata" then
    s.tls = nil
  end
  settings_of.check(who, (given == nil or type(given) == "table") and s or given, kinds, 1)
  for _, name in ipairs({ "idle", "timeout", "connect" }) do
    if s[name] and not (s[name] > 0 and s[name] <= 1e9) then
      error(("%s: %s is %g, expected %s"):format(who, name, s[name], SECONDS[2]), 3)
    end
  end
  s.tls = url.scheme == "https" and make_tls(who, given and given.tls, url, s.address ~= nil) or nil
  s.connections, s.idle, s.timeout, s.connect = s.connections or 8, s.idle or 4, s.timeout or 30, s.connect or 10
  s.line, s.head, s.body = s.line or 8192, s.head or 65536, s.body or 2 ^ 24
  return s
end

-- Clients --------------------------------------------------------------------------------------------------

local Client = {}
Client.__index = Client

-- Sends what `who` got, which called this, and raises where that was called.
local function ask(who, client, request, callback)
  if type(callback) ~= "function" then
    error(("%s: a %s for the answer, expected a function(response, message, code)"):format(who, type(callback)), 3)
  end
  local ok, exchange = pcall(requests.make, request, client.url.authority)
  if not ok then
    error(("%s: %s"):format(who, exchange), 3)
  end
  return pools.ask(client.pool, exchange, callback, request.timeout or client.pool.settings.timeout)
end

-- callback(response), or callback(nil, message, code). Returns the request, which may be cancelled.
function Client:request(request, callback)
  return (ask("client:request", self, request, callback))
end

function Client:get(path, callback)
  return (ask("client:get", self, { path = path }, callback))
end

-- In sessions: waits for the answer.
function Client:fetch(request)
  local task = tasks.check("client:fetch")
  if type(request) == "table" and request.upgrade then
    error("client:fetch: upgrade, which needs the callback of client:request", 2)
  end
  ask("client:fetch", self, request, function(...) tasks.resume(task, ...) end)
  return tasks.wait()
end

-- Ends the connections. Requests that wait get an error.
function Client:close()
  pools.close(self.pool)
end

function M.new(url, settings)
  local parsed, why = urls.parse(url)
  if not parsed then
    error("evio.http.client: " .. why, 2)
  elseif parsed.target ~= "/" then
    error(("evio.http.client: the URL %q has a path, which requests have"):format(url), 2)
  end
  local whole = M.read("evio.http.client", settings, parsed)
  return setmetatable({ url = parsed, pool = pools.new(parsed, whole) }, Client)
end

return M
