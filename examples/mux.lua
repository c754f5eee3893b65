-- Several protocols on one port: HTTP, RESP, plain lines, and TLS with any of them in it.
--   scripts/certificate
--   evio-lua examples/mux.lua [--port 7000] [--tlscert examples/example.pem]
--   redis-cli -p 7000 set x 5 ; redis-cli -p 7000 --tls --insecure get x ; nc localhost 7000
--   curl http://localhost:7000/x ; curl -k -X PUT -d 6 https://localhost:7000/x
local evio = require("evio")

local flags = evio.flags({ port = "7000", tlscert = "examples/example.pem" })
local OK = evio.resp.status("OK")
local store = {}

local redis = {
  data = evio.resp.server({
    PING = { 1, function() return evio.resp.status("PONG") end },
    COMMAND = { -1, function() return {} end },
    GET = { 2, function(_, key) return store[key] end },
    SET = { 3, function(_, key, value)
      store[key] = value
      return OK
    end },
  }),
}

-- The same store, for people: "x" asks, "x = 5" sets.
local lines = evio.session(function(conn)
  for line in conn:lines() do
    local key, value = line:match("^%s*(%S+)%s*=%s*(.-)%s*$")
    if key then
      store[key] = value
    end
    conn:write((store[key or line] or "nothing") .. "\n")
  end
end)

-- And for browsers: GET /x asks, PUT /x sets.
local http = evio.http.server(function(request)
  local key = request.path:sub(2)
  if request.method == "PUT" then
    store[key] = request.body
  end
  return store[key] or { status = 404, body = "nothing\n" }
end)

local settings = { http = http, resp = redis, default = lines }
local certificate = io.open(flags.tlscert)
if certificate then
  certificate:close()
  settings.tls = evio.tls({ cert = flags.tlscert, key = flags.tlscert })
end
local events = evio.mux(settings)

function events.serving(server)
  print("mux started on " .. server.addresses[1])
  if not certificate then
    print(("no TLS: there is no %s, scripts/certificate makes one"):format(flags.tlscert))
  end
  io.stdout:flush()
end

evio.serve(events, "tcp://:" .. flags.port)
