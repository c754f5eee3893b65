-- evio.websocket: WebSockets (RFC 6455).
local codec = require("evio.codec.websocket")

return {
  server = require("evio.websocket.server").new,
  dial = require("evio.websocket.client").dial,
  broadcast = require("evio.websocket.socket").broadcast,
  encode = codec.encode,
  decoder = codec.decoder,
}
