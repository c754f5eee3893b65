-- A handler of requests that serves the files below a directory.
local accept = require("evio.http.accept")
local conditions = require("evio.http.conditions")
local core = require("evio.core")
local dates = require("evio.http.dates")
local leaves = require("evio.stream").leaves
local message = require("evio.http.message")
local ranges = require("evio.http.ranges")
local settings_of = require("evio.settings")
local types = require("evio.http.types")

local M = {}

local open = core.open_file
local byte = string.byte
local SLASH = 47

local kinds = {
  prefix = { "string", "the beginning of the paths, which is left out, as in \"/static\"" },
  index = { "string", "a file's name" },
  cache = { "string", "what Cache-Control is to say" },
  types = { "table", "media types by the ends of names" },
  hidden = { "boolean", "a boolean" },
  gzip = { "boolean", "a boolean" },
}

-- What is not there for anybody who asks; other errors are ours.
local ABSENT = {}
for code in ("ENOENT ENOTDIR EISDIR EACCES EPERM ELOOP EXDEV ENAMETOOLONG ENXIO ENODEV EINVAL"):gmatch("%S+") do
  ABSENT[code] = true
end

local function answer(status, headers)
  return { status = status, headers = headers, body = message.reason(status) .. "\n" }
end

-- Names --------------------------------------------------------------------------------------------------

-- The path of a file from the root on, or "" for the root itself; nil for what is none's. The system sees to it that
-- it does not lead out of the root; what could be understood in two ways is refused here all the same.
local function find_path(state, request)
  local path, prefix = request.path, state.prefix
  local target = request.target
  if target:find("%", 1, true) and target:match("^[^?]*"):lower():find("%2f", 1, true) then
    return nil
  elseif path:sub(1, #prefix) ~= prefix or path:find("[%z\\]") or path:find("//", 1, true) then
    return nil
  elseif path:find("/.", 1, true) and (not state.hidden or (path .. "/"):find("/%.%.?/")) then
    return nil
  end
  path = path:sub(#prefix + 1)
  if path ~= "" and byte(path) ~= SLASH then
    return nil
  end
  return path
end

local function redirect(request)
  local path, query = request.target:match("^([^?]*)(.*)$")
  return answer(301, { Location = path .. "/" .. query })
end

-- The answer where a file could not be opened.
local function answer_absent(state, request, name, why, code)
  if code == "EISDIR" and byte(request.path, -1) ~= SLASH then
    return redirect(request)
  elseif not ABSENT[code] then
    error(("evio.http.files: %s/%s: %s"):format(state.root, name, why), 0)
  end
  return answer(404)
end

-- The compressed file beside one if it is there, is wanted and is not older; else the file itself. Returns what
-- open_file does, and the coding.
local function choose(request, root, name, file, size, seconds, nanoseconds)
  if accept.gzip(request.headers["accept-encoding"]) then
    local other, other_size, at, at_nanoseconds = open(root, name .. ".gz")
    if other and (at > seconds or at == seconds and at_nanoseconds >= nanoseconds) then
      file:close()
      return other, other_size, at, at_nanoseconds, "gzip"
    elseif other then
      other:close()
    end
  end
  return file, size, seconds, nanoseconds
end

-- Answers ------------------------------------------------------------------------------------------------

local function type_of(state, name)
  local extension = name:match("%.([^./]+)$")
  extension = extension and extension:lower()
  return state.types[extension] or types.by_extension[extension] or "application/octet-stream"
end

-- A file, or the part of it that is asked for.
local function send(request, response, size, etag, seconds)
  local headers = request.headers
  local range = request.method == "GET" and headers.range
  local from, length
  if range and conditions.allow_range(headers["if-range"], etag, seconds, leaves.time()) then
    from, length = ranges.find(range, size)
  end
  if from == false then
    response.file:close()
    return answer(416, { ["Content-Range"] = ("bytes */%.0f"):format(size) })
  elseif from then
    response.status = 206
    response.headers["Content-Range"] = ("bytes %.0f-%.0f/%.0f"):format(from, from + length - 1, size)
  end
  response.from, response.length = from or 0, length or size
  return response
end

local function serve_file(state, request, name, file, size, seconds, nanoseconds)
  local fields = { ["Content-Type"] = type_of(state, name), ["Accept-Ranges"] = "bytes",
    ["Cache-Control"] = state.cache }
  if state.gzip then
    fields.Vary = "Accept-Encoding"
    file, size, seconds, nanoseconds, fields["Content-Encoding"] =
      choose(request, state.root, name, file, size, seconds, nanoseconds)
  end
  local etag = ('"%x-%x-%x%s"'):format(size, seconds, nanoseconds, fields["Content-Encoding"] or "")
  fields.ETag, fields["Last-Modified"] = etag, dates.format(math.min(seconds, math.floor(leaves.time())))
  local status = conditions.status(request.headers, etag, seconds)
  if status then
    file:close()
    fields["Content-Type"], fields["Accept-Ranges"], fields["Content-Encoding"] = nil, nil, nil
    return status == 304 and { status = 304, headers = fields } or answer(412)
  end
  return send(request, { headers = fields, file = file }, size, etag, seconds)
end

local function serve(state, request)
  local method = request.method
  if method ~= "GET" and method ~= "HEAD" then
    return answer(405, { Allow = "GET, HEAD" })
  end
  local path = find_path(state, request)
  if not path then
    return answer(404)
  elseif path == "" then
    return redirect(request)
  end
  local name = path:sub(2) .. (byte(path, -1) == SLASH and state.index or "")
  local file, size, seconds, nanoseconds = open(state.root, name)
  if not file then
    return answer_absent(state, request, name, size, seconds)
  end
  return serve_file(state, request, name, file, size, seconds, nanoseconds)
end

-- A handler that answers with the files below the directory `root`.
function M.new(root, settings)
  if type(root) ~= "string" or root:find("%z") then
    error(("evio.http.files: the root is %s, expected a directory's name"):format(
      type(root) == "string" and ("%q"):format(root) or "a " .. type(root)), 2)
  end
  settings = settings or {}
  settings_of.check("evio.http.files", settings, kinds)
  local _, why, code = open(root, "")
  if code ~= "EISDIR" then
    error(("evio.http.files: the root %q: %s"):format(root, why), 2)
  end
  local prefix = (settings.prefix or ""):gsub("/$", "")
  if prefix ~= "" and byte(prefix) ~= SLASH then
    error(("evio.http.files: prefix is %q, expected one that begins with a slash"):format(prefix), 2)
  end
  local state = { root = root, prefix = prefix, index = settings.index or "index.html", cache = settings.cache,
    types = settings_of.copy(settings.types or {}), hidden = settings.hidden, gzip = settings.gzip }
  return function(request)
    return serve(state, request)
  end
end

return M
