-- Score, version 1: lines to requests. No connection here, so that a server, a client and a test can use it. The
-- specification is in docs/guide.md.
local evio = require("evio")

local M = {}

M.lines = evio.framing.lines({ max = 200 })

local MOST_POINTS, MOST_ENTRIES = 1000000, 100

-- A whole number of a text, within limits.
local function to_number(text, least, most)
  local number = text:find("^%-?%d+$") and tonumber(text)
  return number and number >= least and number <= most and number or nil
end

-- What each verb's words are: a request, or nil and what is wrong.
local verbs = {}

function verbs.ADD(name, points, more)
  local number = points and to_number(points, -MOST_POINTS, MOST_POINTS)
  if not name or not name:find("^%w+$") or #name > 20 then
    return nil, "expected a name of 1 to 20 letters and digits"
  elseif not number or more then
    return nil, ("expected points from -%d to %d"):format(MOST_POINTS, MOST_POINTS)
  end
  return { verb = "ADD", name = name, points = number }
end

function verbs.TOP(count, more)
  local number = count and to_number(count, 1, MOST_ENTRIES)
  if not number or more then
    return nil, ("expected a number from 1 to %d"):format(MOST_ENTRIES)
  end
  return { verb = "TOP", count = number }
end

function verbs.BYE(more)
  if more then
    return nil, "expected nothing behind BYE"
  end
  return { verb = "BYE" }
end

-- The request that a line is, or nil and what is wrong with it.
function M.parse(line)
  local words = {}
  for word in line:gmatch("%S+") do
    words[#words + 1] = word
  end
  local verb = verbs[words[1]]
  if not verb then
    return nil, "expected ADD, TOP or BYE"
  end
  return verb(unpack(words, 2))
end

return M
