-- evio.http: HTTP/1.1.
local client = require("evio.http.client")
local events = require("evio.http.events")
local fetch = require("evio.http.fetch")
local message = require("evio.http.message")
local server = require("evio.http.server")
local session = require("evio.http.session")

return {
  server = server.new,
  session = session.new,
  encode_event = events.encode,
  client = client.new,
  fetch = fetch.fetch,
  unescape = message.unescape,
  parse_query = message.parse_query,
  reason = message.reason,
}
