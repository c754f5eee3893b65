-- What reads text of peers with patterns: nothing raises, results are in their bounds, and what was written is read
-- back.
local random = require("random")

local accept = require("evio.http.accept")
local dates = require("evio.http.dates")
local evio = require("evio")
local extensions = require("evio.websocket.extensions")
local fields = require("evio.http.fields")
local glob = require("evio.codec.glob")
local message = require("evio.http.message")
local ranges = require("evio.http.ranges")
local url = require("evio.http.url")

local pick = random.pick

local TOKENS = { ",", ";", "=", "q=0", "gzip", "*", "\"", "\\", "[", "]", "-", "^", "?", "%", "%41", "%zz", "+", "&",
  "#", "/", "..", ".", ":", "@", "//", "http://", "[::1]",
  "bytes=", " ", "\t", "\0", "\255", "GMT", "\r\n" }

-- Each is made of texts that are right, and is given those and what became of them.
local targets = {}

function targets.ranges()
  local size = math.random(0, 20)
  return { "bytes=0-5", "bytes=-3", "BYTES=7-" }, function(text)
    local from, length = ranges.find(text, size)
    assert(not from or from >= 0 and length > 0 and from + length <= size, "a range is out of its bounds")
  end
end

function targets.accept()
  return { "gzip", "gzip;q=0.5, identity;q=1", "br, *;q=0" }, function(text)
    assert(type(accept.gzip(text)) == "boolean")
  end
end

function targets.dates()
  local seconds = math.random(0, 2 ^ 32)
  return { dates.format(seconds), "Sunday, 06-Nov-94 08:49:37 GMT", "Sun Nov  6 08:49:37 1994" }, function(text)
    local found = dates.parse(text)
    assert(dates.parse(dates.format(seconds)) == seconds)
    assert(found == nil or found == found and math.abs(found) < 2 ^ 53, "a date is no number")
  end
end

function targets.extensions()
  return { "permessage-deflate; client_max_window_bits=10, x", 'a; b="c"; d', "chat, superchat" }, function(text)
    for _, one in ipairs(extensions.parse(text) or {}) do
      assert(one.name ~= "" and one.parameters)
    end
    extensions.parse_protocols(text)
  end
end

function targets.glob()
  local key = random.bytes(8, { "a", "b", "\0", "-", "]", "\255" })
  return { "a*b", "[a-c]?", "h[^x]llo\\*", "*" }, function(text)
    glob.matcher(text)(key)
    local literal = key:gsub("[*?%[%]\\^-]", "\\%0")
    assert(glob.matcher(literal)(key), "a key does not match itself")
  end
end

function targets.urls()
  local base = url.parse("http://host:81/a/b?c")
  return { "https://a.b:443/c/../d?e#f", "../x/./y", "//other/z", "?q", "http://[::1]/" }, function(text)
    local found, why = url.parse(text)
    assert(found or why)
    if found then
      local again = assert(url.parse(found.scheme .. "://" .. found.authority .. found.target))
      assert(random.tell(again) == random.tell(found), "a URL is not what it was")
    end
    local led = url.resolve(base, text)
    assert(type(led) == "string")
    found = url.parse(led)
    assert(not found or not found.target:find("^/%.%./"), "a path leads out of the root")
  end
end

function targets.queries()
  local name, value = random.bytes(5), random.bytes(5)
  local function escape(text)
    return (text:gsub("[^%w]", function(c) return ("%%%02x"):format(c:byte()) end))
  end
  return { "a=1&b=%20&c", "x=1&x=2", "a+b=c" }, function(text)
    assert(type(message.parse_query(text)) == "table" and type(message.unescape(text)) == "string")
    assert(message.unescape(escape(value)) == value)
    local expected = (escape(name) .. escape(value)) ~= "" and value or nil
    assert(message.parse_query(escape(name) .. "=" .. escape(value))[name] == (expected or ""), "a parameter is lost")
  end
end

function targets.heads()
  local texts = { "A: b\r\nCookie: a=1; b=\"2\"\r\n", "Host: x\r\nX:\t y \r\n", "" }
  return texts, function(text)
    local head = "GET / HTTP/1.1\r\n" .. text .. "\r\n"
    local one = setmetatable({ target = "/?" .. text, head = head }, message.request_metatable)
    assert(type(one.cookies) == "table" and type(one.query) == "table" and type(one.headers) == "table")
    assert(type(message.path_of(text)) == "string")
  end
end

function targets.fields()
  local value = random.bytes(300):gsub("[%c\127]", "."):gsub("^ +", ""):gsub(" +$", "")
  return { "X-A", "etag", "Set-Cookie", "h0!#$%&'*+.^_`|~-" }, function(name)
    local ok, text = pcall(fields.pack, { [name] = value }, fields.SERVER)
    if ok then
      local read = fields.parse("GET / HTTP/1.1\r\n" .. text .. "\r\n")
      assert(read[name] == value and next(read, (next(read))) == nil, "a field is not what it was")
    end
  end
end

local names = {}
for name in pairs(targets) do
  names[#names + 1] = name
end
table.sort(names)

-- Patterns could take the square of a text's length.
local MOST_SECONDS = 2

return function()
  local name = pick(names)
  local texts, check = targets[name]()
  local text = random.mutate(pick(texts), TOKENS)
  if random.once_in(50) then
    text = text:rep(math.random(200))
  end
  local before = evio.now()
  local ok, why = xpcall(function() check(text) end, debug.traceback)
  if not ok then
    error(("%s: %s\ntext: %q"):format(name, why, text), 0)
  end
  if evio.now() - before > MOST_SECONDS then
    error(("%s takes %.1f s for %d bytes\ntext: %q"):format(name, evio.now() - before, #text, text), 0)
  end
end
