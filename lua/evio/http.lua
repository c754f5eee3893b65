-- evio.http: HTTP/1.1.
local message = require("evio.http.message")
local server = require("evio.http.server")

return {
  server = server.new,
  unescape = message.unescape,
  parse_query = message.parse_query,
  reason = message.reason,
}
