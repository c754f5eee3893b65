-- Several protocols on one port: RESP, plain lines, and TLS with either of them in it.
--   scripts/certificate
--   evio-lua examples/mux.lua [--port 7000] [--tlscert examples/example.pem]
--   redis-cli -p 7000 get x ; redis-cli -p 7000 --tls --insecure get x ; nc localhost 7000
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

local events = evio.mux({
  tls = evio.tls({ cert = flags.tlscert, key = flags.tlscert }), resp = redis, default = lines,
})

function events.serving(server)
  print("mux started on " .. server.addresses[1])
  io.stdout:flush()
end

evio.serve(events, "tcp://:" .. flags.port)
