-- evio.http: HTTP/1.1.
local events = require("evio.http.events")
local message = require("evio.http.message")
local server = require("evio.http.server")
local session = require("evio.http.session")

return {
  server = server.new,
  session = session.new,
  encode_event = events.encode,
  unescape = message.unescape,
  parse_query = message.parse_query,
  reason = message.reason,
}
