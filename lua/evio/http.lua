-- evio.http: HTTP/1.1.
local files = require("evio.http.files")
local message = require("evio.http.message")
local server = require("evio.http.server")

return {
  server = server.new,
  files = files.new,
  unescape = message.unescape,
  parse_query = message.parse_query,
  reason = message.reason,
}
