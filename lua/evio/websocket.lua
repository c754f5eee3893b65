-- evio.websocket: WebSockets (RFC 6455).
local codec = require("evio.codec.websocket")
local session = require("evio.websocket.session")

return {
  server = require("evio.websocket.server").new,
  dial = require("evio.websocket.client").dial,
  session = session.session,
  connect = session.connect,
  broadcast = require("evio.websocket.socket").broadcast,
  encode = codec.encode,
  decoder = codec.decoder,
}
