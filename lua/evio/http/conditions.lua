-- Conditions of requests (RFC 9110, 13), for what has a strong entity tag and a date.
local dates = require("evio.http.dates")

local M = {}

-- Whether a list of entity tags has this one, or is "*". Weak ones count only where `weakly`.
local function has_tag(list, etag, weakly)
  if list == "*" then
    return true
  end
  for weak, tag in list:gmatch('(W?/?)("[^"]*")') do
    if tag == etag and (weakly or weak == "") then
      return true
    end
  end
  return false
end

local function is_before(text, modified)
  local date = text and dates.parse(text)
  return date and date < modified
end

-- The status that answers a GET or HEAD in place of the file, in the order of 13.2.2: 412, 304, or nil.
function M.status(headers, etag, modified)
  local match, none_match = headers["if-match"], headers["if-none-match"]
  if match and not has_tag(match, etag, false) then
    return 412
  elseif not match and is_before(headers["if-unmodified-since"], modified) then
    return 412
  elseif none_match then
    return has_tag(none_match, etag, true) and 304 or nil
  end
  local since = headers["if-modified-since"]
  return since and dates.parse(since) and not is_before(since, modified) and 304 or nil
end

-- Whether If-Range lets the range be sent (13.1.5). A date does where it is ours, and older than a second: younger ones
-- may belong to two versions (8.8.2.2).
function M.allow_range(text, etag, modified, now)
  if not text then
    return true
  elseif text:find('"', 1, true) then
    return text == etag
  end
  return dates.parse(text) == modified and now - modified > 1
end

return M
