-- A script with a server of evio.http and a client of it, for the specs of evio.http.client.
local support = require("spec.support")

local M = {}

-- A script with a server that tells what it was asked, and a `client` of it; `source` runs when the server is there.
-- `asked` counts requests, `opened` connections. ask(request, fn) prints the answer, and then calls fn.
-- gone(id, fn) calls fn as soon as there is no connection of the id.
local SCRIPT = [[
  local evio = require("evio")
  local asked, opened, client, url, port = 0, 0, nil, nil, nil
  local events = evio.http.server(function(request)
    asked = asked + 1
    if request.path == "/slow" then
      evio.after(tonumber(request.query.s), function() request:respond("slow") end)
      return nil
    elseif request.path == "/big" then
      return ("0123456789"):rep(tonumber(request.query.n) / 10)
    elseif request.path == "/cookies" then
      return { headers = { ["Set-Cookie"] = { "a=1; Path=/", "b=2, 3" } } }
    elseif request.path == "/size" then
      return ("%d %s"):format(#request.body, request.headers["transfer-encoding"] or "-")
    end
    return ("%s %s %s [%s] %s %s"):format(request.method, request.target, request.headers.host == port and "ours"
      or request.headers.host, request.body, request.headers["x-a"] or "-", request.headers["content-length"] or "-")
  end)
  events.options = { queue = 2 ^ 27 }
  function events.opened() opened = opened + 1 end
  local function ask(request, fn)
    client:request(request, function(response, message, code)
      print(response and response.status, response and response.body, message, code)
      if fn then fn(response) end
    end)
  end
  local function gone(id, fn)
    local timer
    timer = evio.every(0.01, function()
      if evio.conn(id) then return end
      timer:cancel()
      fn()
    end)
  end
  local function finish() client:close() evio.shutdown() end
  function events.serving(server)
    port = server.addresses[1]:match("//(.*)")
    url = "http://" .. port
    client = evio.http.client(url, { SETTINGS })
    SOURCE
  end
  evio.serve(events, "tcp://127.0.0.1:0")]]

-- Starts it, with settings of the client.
function M.start(source, settings)
  local given = { SETTINGS = settings or "", SOURCE = source }
  return support.start((SCRIPT:gsub("%u+", given)))
end

-- The same, which must print these lines and end well.
function M.run(source, settings, expected)
  local script = M.start(source, settings)
  for _, line in ipairs(expected) do
    support.same_bytes(line, script:line(20))
  end
  assert(script:wait().status == 0)
end

return M
