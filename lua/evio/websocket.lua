-- evio.websocket: WebSockets (RFC 6455).
local codec = require("evio.codec.websocket")

return {
  server = require("evio.websocket.server").new,
  encode = codec.encode,
  decoder = codec.decoder,
}
