-- evio: a network server host. This is the public module; its parts are loaded on first use.
local core = require("evio.core")

-- Servers run many handlers for a long time: more and larger traces than the defaults allow, and
-- machine code that is not thrown away for lack of room.
jit.opt.start("maxtrace=8000", "maxrecord=16000", "maxmcode=65536")

local address = require("evio.address")
local conn = require("evio.conn")
local job = require("evio.job")
local session = require("evio.session")

local M = {
  version = core.version,
  backend = core.backend,
  serve = address.serve,
  listen = address.listen,
  dial = address.dial,
  nameservers = core.nameservers,
  run = core.run,
  shutdown = core.shutdown,
  now = core.now,
  time = core.time,
  memory = core.memory,
  after = core.after,
  every = core.every,
  wake = core.wake,
  conn = core.conn,
  connections = conn.connections,
  stream = require("evio.stream").new,
  translate = require("evio.translate").translate,
  tls = require("evio.tls").tls,
  deflate = require("evio.deflate").deflate,
  proxy = require("evio.proxy").proxy,
  keyspace = require("evio.keyspace").new,
  mux = require("evio.mux").new,
  flags = require("evio.flags").read,
  spawn = job.spawn,
  pool = job.pool,
  session = session.session,
  connect = session.connect,
  sleep = session.sleep,
  post = job.elsewhere("post"),
}

-- Modules of their own: evio.framing is what require("evio.framing") returns.
local parts = { framing = true, http = true, resp = true, websocket = true }

return setmetatable(M, {
  __index = function(_, name)
    if parts[name] then
      M[name] = require("evio." .. name)
      return M[name]
    end
    error(("evio has no %q"):format(tostring(name)), 2)
  end,
})
