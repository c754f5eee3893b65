-- A handler around another one: compresses bodies for those who accept it, and decodes those that come compressed.
local accept = require("evio.http.accept")
local core = require("evio.core")
local fields = require("evio.http.fields")
local handlers = require("evio.http.handler")
local message = require("evio.http.message")
local settings_of = require("evio.settings")
local types = require("evio.http.types")

local M = {}

local STATE = {} -- the key of the settings in a request

local kinds = {
  level = { "number", "a whole number from 1 to 9", from = 1, to = 9 },
  least = { "number", "a whole number of bytes from 0 to 2^30", from = 0, to = 2 ^ 30 },
  types = { "table", "true or false by media types" },
  decode = { "number", "a whole number of bytes from 0 to 2^30", from = 0, to = 2 ^ 30 },
}

-- 206 is a part of what its Content-Range tells of, the others have no body.
local PLAIN = { [204] = true, [206] = true, [304] = true }

-- A copy of the fields that says that they vary.
local function copy_varying(headers)
  local made = settings_of.copy(headers)
  local key, value = fields.find(made, "vary")
  if not key then
    made.Vary = "Accept-Encoding"
    return made
  end
  local text = type(value) == "table" and table.concat(value, ", ") or tostring(value)
  local words = "," .. text:lower():gsub("%s", "") .. ","
  if not words:find(",accept-encoding,", 1, true) and not words:find(",*,", 1, true) then
    made[key] = text .. ", Accept-Encoding"
  end
  return made
end

-- Whether the body may be sent in more than one way.
local function is_compressible(state, status, headers, body)
  if type(body) ~= "string" or #body < state.least or PLAIN[status] or fields.find(headers, "content-encoding") then
    return false
  end
  local _, cache = fields.find(headers, "cache-control")
  if type(cache) == "string" and cache:lower():find("no-transform", 1, true) then
    return false
  end
  local _, media_type = fields.find(headers, "content-type")
  return media_type == nil or type(media_type) == "string" and types.is_compressible(media_type, state.types)
end

-- The response as it is sent. What is wrong with one is said by those who send it.
local function transform(state, request, response)
  local status, headers, body = 200, {}, response
  if type(response) == "table" then
    status, headers, body = response.status or 200, response.headers or {}, response.body
  end
  if type(headers) ~= "table" or not is_compressible(state, status, headers, body) then
    return response
  end
  local made = { status = status, headers = copy_varying(headers), body = body }
  local packed = accept.gzip(request.headers["accept-encoding"]) and state.compressor:compress(body)
  if not packed or #packed >= #body then
    return made
  end
  made.body, made.headers["Content-Encoding"] = packed, "gzip"
  if not fields.find(headers, "content-type") then
    made.headers["Content-Type"] = "text/plain; charset=utf-8"
  end
  local key, etag = fields.find(headers, "etag")
  if type(etag) == "string" and etag:sub(1, 2) ~= "W/" then
    made.headers[key] = "W/" .. etag -- the bytes are others (RFC 9110, 8.8.1)
  end
  return made
end

local function refuse(status, text)
  return { status = status, headers = { ["Accept-Encoding"] = "gzip" }, body = text .. "\n" }
end

-- Puts the plaintext in place of a compressed body. Returns nil, or the answer to one that cannot be read.
local function decode(request, most)
  local headers = request.headers
  local coding = (headers["content-encoding"] or "identity"):lower()
  if coding == "identity" or not request.body then -- as it is, or in parts
    return nil
  elseif coding ~= "gzip" and coding ~= "x-gzip" then
    return refuse(415, "the body's coding is not gzip")
  end
  local body, why = core.gunzip(request.body, most)
  if not body and why == "long" then
    return refuse(413, ("a decoded body has at most %d bytes"):format(most))
  elseif not body then
    return refuse(400, "the body is no gzip: " .. why)
  end
  request.body, headers["content-encoding"] = body, nil
  return nil
end

-- request:respond of such a request.
local function respond(request, response)
  return message.methods.respond(request, transform(request[STATE], request, response))
end

-- A handler that answers as `handler` does, with compressed bodies where they are worth it and accepted.
function M.new(handler, settings)
  handler = handlers.check("evio.http.gzip", handler)
  settings = settings or {}
  settings_of.check("evio.http.gzip", settings, kinds)
  local state = { least = settings.least or 1024, types = settings_of.copy(settings.types or {}),
    compressor = core.gzip(settings.level or 6) }
  local most = settings.decode
  return function(request)
    request[STATE], request.respond = state, respond
    local response = most and decode(request, most) or handler(request)
    if response ~= nil then
      return transform(state, request, response)
    end
  end
end

return M
