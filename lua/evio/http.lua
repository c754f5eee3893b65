-- evio.http: HTTP/1.1.
local client = require("evio.http.client")
local events = require("evio.http.events")
local fetch = require("evio.http.fetch")
local files = require("evio.http.files")
local gzip = require("evio.http.gzip")
local message = require("evio.http.message")
local router = require("evio.http.router")
local server = require("evio.http.server")
local session = require("evio.http.session")

return {
  server = server.new,
  session = session.new,
  router = router.new,
  files = files.new,
  gzip = gzip.new,
  encode_event = events.encode,
  client = client.new,
  fetch = fetch.fetch,
  unescape = message.unescape,
  parse_query = message.parse_query,
  reason = message.reason,
}
