-- evio.resp: RESP, the protocol of Redis.
local codec = require("evio.codec.resp")
local common = require("evio.resp.common")
local config = require("evio.resp.config")
local request = require("evio.codec.request")
local server = require("evio.resp.server")

return {
  -- values
  null = codec.null,
  status = codec.status,
  error = codec.error,
  is_error = codec.is_error,
  map = codec.map,
  set = codec.set,
  push = codec.push,
  verbatim = codec.verbatim,
  to_integer = codec.to_integer,
  -- their bytes
  encode = codec.encode,
  decode = require("evio.codec.resp_decode").decode,
  encode_request = codec.encode_request,
  decode_request = request.decode,
  -- servers
  server = server.new,
  none = server.none,
  hello = common.hello,
  set_name = common.set_name,
  client_commands = require("evio.resp.client_commands").new,
  command = require("evio.resp.command").new,
  info = common.info,
  wrong_count = common.wrong_count,
  config = config.new,
  find_fields = config.find_fields,
  options = request.options,
  matcher = require("evio.codec.glob").matcher,
  -- clients
  client = require("evio.resp.client").new,
}
