-- What COMMAND DOCS says of the commands that redis-server has, too.
local codec = require("evio.codec.resp")
local facts = require("evio.resp.document_facts")

local M = {}

local parse_arguments

-- The parts behind an argument's name and type, in redis-server's order: a pattern, the field's name, and what is made
-- of the text.
local PARTS = {
  { "^@(%d+)()", "key_spec_index", tonumber },
  { "^=([^%s^~+()]+)()", "token", tostring },
  { "^%^([%d.]+)()", "since", tostring },
  { "^~([%d.]+)()", "deprecated_since", tostring },
  { "^%+([%l,_]+)()", "flags", function(text)
    local flags = {}
    for flag in text:gmatch("[^,]+") do
      flags[#flags + 1] = codec.status(flag)
    end
    return codec.set(flags)
  end },
}

local function parse_argument(text, at)
  local name, kind, behind = text:match("^([^%s()]+):([%l-]+)()", at)
  local argument = codec.map({ "name", name, "type", kind })
  for _, part in ipairs(PARTS) do
    local value, next_at = text:match(part[1], behind)
    if value then
      argument[#argument + 1], argument[#argument + 2] = part[2], part[3](value)
      behind = next_at
    end
  end
  if text:sub(behind, behind) == "(" then
    local list
    list, behind = parse_arguments(text, behind + 1)
    argument[#argument + 1], argument[#argument + 2] = "arguments", list
  end
  return argument, behind
end

-- The arguments from a place on, up to a bracket or the end, and the place behind.
function parse_arguments(text, at)
  local list = {}
  at = text:match("^%s*()", at)
  while at <= #text and text:sub(at, at) ~= ")" do
    list[#list + 1], at = parse_argument(text, at)
    at = text:match("^%s*()", at)
  end
  return list, at + 1
end

local function parse_history(lines)
  local history = {}
  for i, line in ipairs(lines) do
    history[i] = { line:match("^(%S+) (.*)$") }
  end
  return codec.set(history)
end

local function make(name, fact, below)
  local document = codec.map({ "summary", fact[1], "since", fact[2], "group", fact[3], "complexity", fact[4] })
  local function add(field, value)
    document[#document + 1], document[#document + 2] = field, value
  end
  if fact.history then
    add("history", parse_history(fact.history))
  end
  if fact.arguments then
    add("arguments", (parse_arguments(fact.arguments, 1)))
  end
  if below then
    local list = codec.map({})
    for _, one in ipairs(below) do
      local short = one.name:sub(#name + 2)
      local known = fact.below and fact.below[short:upper()]
      list[#list + 1], list[#list + 2] = one.name, known and make(one.name, known) or codec.map({})
    end
    add("subcommands", list)
  end
  return document
end

-- A map; an empty one for a command that is not known. `below` are descriptions of those below it, nil for none.
function M.describe(name, below)
  local above, short = name:upper():match("^([^|]*)|?(.*)$")
  local fact = facts[above]
  if short ~= "" then
    fact = fact and fact.below and fact.below[short]
  end
  return fact and make(name, fact, below) or codec.map({})
end

return M
