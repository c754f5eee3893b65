-- RESP requests: a command's name and its arguments, as an array of bulk strings or as words in a line
-- (inline). What redis-server 7.0 takes is taken, and refused in its words.
local core = require("evio.core")
local ffi = require("ffi")
require("evio.stream") -- the declarations

local M = {}

local leaves = ffi.cast("const struct evio_leaves *", core.leaves)

local COMPLETE, MORE, FULL, QUOTED, NO_BULK = 1, 0, -1, -2, -7
local FIRST_ROOM = 64

local messages = {
  [-3] = "invalid multibulk length",
  [-4] = "too big mbulk count string",
  [-5] = "invalid bulk length",
  [-6] = "too big bulk count string",
  [-8] = "too big inline request",
}

-- What the leaf writes to. One for all: it is used up before the next scan.
M.request = ffi.new("struct evio_request")
local request, parts = M.request, nil

local function make_room(size)
  parts = ffi.new("struct evio_part[?]", size)
  request.parts = parts
  request.size = size
end
make_room(FIRST_ROOM)

local escapes = { n = "\n", r = "\r", t = "\t", b = "\b", a = "\a" }

-- A word in quotes, whose first one stands at `at`: the word and the place behind it; nil when it does not
-- end, or something is right behind it.
local function take_quoted(line, at)
  local quote, word = line:sub(at, at), {}
  at = at + 1
  while true do
    local c = line:sub(at, at)
    local next_one = line:sub(at + 1, at + 1)
    local hex = quote == '"' and c == "\\" and line:match("^x(%x%x)", at + 1)
    if c == "" or c == "\0" then
      return nil
    elseif c == quote then
      if not line:find("^[%s%z]", at + 1) and at < #line then
        return nil
      end
      return table.concat(word), at + 1
    elseif hex then
      c, at = string.char(tonumber(hex, 16)), at + 3
    elseif c == "\\" and next_one ~= "" and (quote == '"' or next_one == "'") then
      c, at = quote == '"' and escapes[next_one] or next_one, at + 1
    end
    word[#word + 1] = c
    at = at + 1
  end
end

-- The words of a line, as sdssplitargs of Redis finds them; nil when quotes are not balanced. Quotes may begin
-- in a word, and end it.
local function split(line)
  local words, at = {}, line:find("%S")
  while at do
    local word, behind = line:match("^([^ \t\r\n\"']*)()", at)
    if line:find("^[\"']", behind) then
      local quoted
      quoted, behind = take_quoted(line, behind)
      if not quoted then
        return nil
      end
      word = word .. quoted
    end
    words[#words + 1] = word
    at = line:find("%S", behind)
  end
  return words
end

-- After a scan that found no whole request: the words of an inline one with quotes; nil and what is wrong
-- with it; nil where there was no room for its parts and now is more.
function M.take_odd(status)
  if status == FULL then
    make_room(request.size * 2)
    return nil
  elseif status == QUOTED then
    local words = split(ffi.string(request.data, parts[0].length))
    return words, not words and "unbalanced quotes in request" or nil
  elseif status == NO_BULK then
    local got = ffi.string(request.data + parts[0].at, 1)
    return nil, ("expected '$', got '%s'"):format(got)
  end
  return nil, messages[status]
end

-- What Redis prints of bytes, for which they are a C string: at most so many of them.
function M.printed(bytes, most)
  return bytes:match("^%Z*"):sub(1, most or -1)
end

-- The options among a command's words, which may be nil: { NAME = true }, or its value where `known[NAME]` is
-- "value"; names in any case, up to a NUL, as Redis reads them. Returns nil and the word that is none, or has
-- no value.
function M.options(words, known)
  local found, i = {}, 1
  while words and words[i] do
    local word = M.printed(words[i])
    local name = word:upper()
    local kind = known[name]
    if not kind or kind == "value" and not words[i + 1] then
      return nil, word
    end
    found[name] = kind == "value" and words[i + 1] or true
    i = i + (kind == "value" and 2 or 1)
  end
  return found
end

-- The request at a place in bytes, 1 unless given: a list of its parts, which is empty for an empty line, and
-- the number of bytes it takes; nil when it is not complete; nil and what is wrong.
function M.decode(bytes, at)
  at = at or 1
  local data = ffi.cast("const char *", bytes) + (at - 1)
  while true do
    local status = leaves.resp_scan(nil, request, data, #bytes - at + 1)
    if status == COMPLETE then
      local list = {}
      for i = 0, request.count - 1 do
        list[i + 1] = bytes:sub(at + parts[i].at, at + parts[i].at + parts[i].length - 1)
      end
      return list, request.used
    elseif status == MORE then
      return nil
    end
    local words, message = M.take_odd(status)
    if words then
      return words, request.used
    elseif message then
      return nil, message
    end
  end
end

return M
