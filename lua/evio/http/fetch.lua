-- evio.http.fetch: one request in a session, on a connection of its own, and where its answer leads.
local client = require("evio.http.client")
local copy = require("evio.settings").copy
local core = require("evio.core")
local pools = require("evio.http.pool")
local requests = require("evio.http.request")
local tasks = require("evio.task")
local urls = require("evio.http.url")

local M = {}

local REDIRECTS = { [301] = true, [302] = true, [303] = true, [307] = true, [308] = true }

-- What does not go to another origin, and what has no meaning without the body.
local PRIVATE = { authorization = true, cookie = true, host = true }
local OF_BODY = { ["content-type"] = true, ["content-encoding"] = true, ["content-language"] = true,
  ["content-location"] = true }

local function without(headers, names)
  local left = {}
  for name, value in next, headers or {} do
    if not names[name:lower()] then
      left[name] = value
    end
  end
  return left
end

-- Where a response leads, as text: nil for one that is the answer.
local function leads_to(response)
  return REDIRECTS[response.status] and response.headers.location
end

-- The request that follows such a response (RFC 9110, 15.4), or nil where its body cannot be sent once more.
local function follow(request, response, from, to)
  local status, method = response.status, request.method or "GET"
  request.query = nil
  if status == 303 and method ~= "HEAD" or (status == 301 or status == 302) and method == "POST" then
    request.method, request.body, request.headers = "GET", nil, without(request.headers, OF_BODY)
  elseif type(request.body) == "function" then
    return nil
  end
  if from.origin ~= to.origin then
    request.headers = without(request.headers, PRIVATE)
  end
  return request
end

local function check(url, request)
  local parsed, why = urls.parse(url)
  if not parsed then
    error("evio.http.fetch: " .. why, 3)
  elseif type(request) ~= "table" then
    error(("evio.http.fetch: the request is a %s, expected a table"):format(type(request)), 3)
  end
  for _, name in ipairs({ "path", "upgrade" }) do
    if request[name] ~= nil then
      error(("evio.http.fetch: %s, which is the URL's or the callback's of client:request"):format(name), 3)
    end
  end
  local most = request.redirects or 0
  if type(most) ~= "number" or not (most >= 0 and most <= 1000 and most % 1 == 0) then
    error(("evio.http.fetch: redirects is %s, expected a whole number from 0 to 1000"):format(tostring(most)), 3)
  end
  return parsed, most
end

-- Pieces of answers that lead elsewhere are none of the script's.
local function only_last(chunk)
  return function(bytes, response)
    if not leads_to(response) then
      return chunk(bytes, response)
    end
  end
end

-- In sessions: waits for the answer of a URL. Returns it, or nil, a message and a code.
function M.fetch(url, request, settings)
  local task = tasks.check("evio.http.fetch")
  local parsed, left = check(url, request or {})
  request = copy(request or {})
  request.redirects = nil
  local whole = client.read("evio.http.fetch", settings, parsed)
  local seconds, began = request.timeout or whole.timeout, core.now()
  if left > 0 and request.chunk then
    request.chunk = only_last(request.chunk)
  end
  while true do
    request.path = parsed.target
    local ok, exchange = pcall(requests.make, request, parsed.authority, true)
    if not ok then
      error("evio.http.fetch: " .. exchange, 2)
    end
    pools.ask(pools.new(parsed, whole, true), exchange, function(...) tasks.resume(task, ...) end, seconds,
      math.max(began + seconds - core.now(), 0))
    local response, text, code = tasks.wait()
    local where = response and left > 0 and leads_to(response)
    if not where then
      return response, text, code
    end
    local to, why = urls.parse(urls.resolve(parsed, where))
    if not to then
      return nil, "the answer leads nowhere: " .. why, "EPROTO"
    elseif not follow(request, response, parsed, to) then
      return response
    end
    if to.origin ~= parsed.origin and whole.address then
      settings = copy(settings)
      settings.address = nil -- is the other one's
    end
    parsed, left = to, left - 1
    whole = client.read("evio.http.fetch", settings, parsed)
  end
end

return M
