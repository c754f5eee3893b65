-- evio.http: HTTP/1.1.
local files = require("evio.http.files")
local gzip = require("evio.http.gzip")
local message = require("evio.http.message")
local router = require("evio.http.router")
local server = require("evio.http.server")

return {
  server = server.new,
  router = router.new,
  files = files.new,
  gzip = gzip.new,
  unescape = message.unescape,
  parse_query = message.parse_query,
  reason = message.reason,
}
