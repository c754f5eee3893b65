-- The command COMMAND: what a server of evio.resp tells of its commands. One that redis-server has, too, with the
-- same number of parts, is described in its words; of others there are names and arities only.
local codec = require("evio.codec.resp")
local common = require("evio.resp.common")
local documents = require("evio.resp.documents")
local facts = require("evio.resp.facts")
local glob = require("evio.codec.glob")
local printed = require("evio.codec.request").printed

local M = {}

local SYNTAX = codec.error("ERR syntax error")
local NO_FACTS = { 0, "", "" }

local HELP = common.help("COMMAND", [[
(no subcommand)
    Return details about all Redis commands.
COUNT
    Return the total number of commands in this Redis server.
LIST
    Return a list of all commands in this Redis server.
INFO [<command-name> ...]
    Return details about multiple Redis commands.
    If no command names are given, documentation details for all
    commands are returned.
DOCS [<command-name> ...]
    Return documentation details about multiple Redis commands.
    If no command names are given, documentation details for all
    commands are returned.
GETKEYS <full-command>
    Return the keys from a full Redis command.
GETKEYSANDFLAGS <full-command>
    Return the keys and the access flags from a full Redis command.]])

-- A set of the words of a text: of what `make` makes of each.
local function words_of(text, make)
  local list = {}
  for word in (text or ""):gmatch("%S+") do
    list[#list + 1] = make and make(word) or word
  end
  return codec.set(list)
end

local function category(name)
  return codec.status("@" .. name)
end

-- Where a command's keys are, as its one key specification says it.
local function key_specification(fact)
  local first, last, step, flags = unpack(fact.keys)
  local spec = codec.map({ "flags", words_of(flags, codec.status),
    "begin_search", codec.map({ "type", "index", "spec", codec.map({ "index", first }) }),
    "find_keys", codec.map({ "type", "range", "spec",
      codec.map({ "lastkey", last < 0 and last or last - first, "keystep", step, "limit", 0 }) }) })
  if fact.notes then
    table.insert(spec, 1, "notes")
    table.insert(spec, 2, fact.notes)
  end
  return spec
end

local describe_all

-- What is known of a command: `info` is what COMMAND INFO says, `below` are those below it, nil for none.
local function describe(name, command, fact)
  local arity, below = command[1] or -2, command.below or not command[1] and command
  if not fact or fact[1] ~= arity then
    fact = NO_FACTS
  end
  local first, last, step = unpack(fact.keys or { 0, 0, 0 })
  local found = below and describe_all(below, fact.below or {}, name .. "|")
  local infos = found and {} or codec.set({})
  for i, one in ipairs(found or {}) do
    infos[i] = one.info
  end
  return { name = name, arity = arity, fact = fact, below = found, info = { name, arity,
    words_of(fact[2], codec.status), first, last, step, words_of(fact[3], category), words_of(fact.tips),
    codec.set(fact.keys and { key_specification(fact) } or {}), infos } }
end

-- Descriptions of all commands of a table, sorted by name; and by name in lower case, which is never a number.
function describe_all(commands, known, prefix)
  local list = {}
  for name, command in next, commands do
    list[#list + 1] = describe(prefix .. name:lower(), command, known[name:upper()])
  end
  table.sort(list, function(a, b) return a.name < b.name end)
  local by_name = {}
  for _, one in ipairs(list) do
    by_name[one.name:sub(#prefix + 1)] = one
  end
  list.by_name = by_name
  return list
end

-- By its name, as in "client|id".
local function find(all, text)
  local name, bar, below = text:lower():match("^([^|]*)(|?)([^|]*)$")
  local one = all.by_name[name or ""]
  if bar ~= "|" then
    return one
  end
  return one and one.below and one.below.by_name[below]
end

-- Those that are asked for, false for an unknown one; or all.
local function choose(all, names)
  local list = {}
  for i, name in ipairs(names or {}) do
    list[i] = find(all, name) or false
  end
  return names and list or all
end

-- COMMAND's own, by their names -------------------------------------------------------------------

local function list_names(all, matches, list)
  for _, one in ipairs(all) do
    if matches(one) then
      list[#list + 1] = one.name
    end
    list_names(one.below or {}, matches, list)
  end
  return list
end

-- No command is a module's.
local FILTERS = {
  MODULE = function() return function() return false end end,
  ACLCAT = function(name)
    local wanted = " " .. printed(name):lower() .. " "
    return function(one) return (" " .. one.fact[3] .. " "):find(wanted, 1, true) end
  end,
  PATTERN = function(pattern)
    local matches = glob.matcher(pattern:lower())
    return function(one) return matches(one.name) end
  end,
}

local function list(all, words)
  if not words then
    return list_names(all, function() return true end, {})
  end
  local filter = #words == 3 and printed(words[1]):upper() == "FILTERBY" and FILTERS[printed(words[2]):upper()]
  return filter and list_names(all, filter(words[3]), {}) or SYNTAX
end

local function info(all, names)
  local found = { n = 0 }
  for i, one in ipairs(choose(all, names)) do
    found[i], found.n = one and one.info or nil, i
  end
  return found
end

local function docs(all, names)
  local found = codec.map({})
  for _, one in ipairs(choose(all, names)) do
    if one then
      local document = one.fact ~= NO_FACTS and documents.describe(one.name, one.below) or codec.map({})
      found[#found + 1], found[#found + 2] = one.name, document
    end
  end
  return found
end

-- What a request does with its keys: that of SET depends on its options.
local function key_flags(fact, words)
  local flags = fact.keys[4]
  if flags:find("variable_flags", 1, true) then
    flags = "OW update"
    for i = 4, #words do
      flags = printed(words[i]):upper() == "GET" and "RW access update" or flags
    end
  end
  return words_of(flags, codec.status)
end

-- The keys of a request, and with each what make(key, flags) makes of it.
local function keys_of(all, words, make)
  local one = all.by_name[words[1]:lower()]
  if one and one.below and words[2] then
    one = one.below.by_name[words[2]:lower()]
  end
  if not one then
    return codec.error("ERR Invalid command specified")
  elseif not one.fact.keys then
    return codec.error("ERR The command has no key arguments")
  elseif one.arity > 0 and one.arity ~= #words or #words < -one.arity then
    return codec.error("ERR Invalid number of arguments specified for command")
  end
  local first, last, step = unpack(one.fact.keys)
  local flags, keys = key_flags(one.fact, words), {}
  for i = first, last < 0 and #words + last or last, step do
    keys[#keys + 1] = make(words[i + 1], flags)
  end
  return keys
end

local BELOW = {
  COUNT = { 2, function(all) return #all end },
  DOCS = { -2, docs },
  GETKEYS = { -4, function(all, words)
    return keys_of(all, words, function(key) return key end)
  end },
  GETKEYSANDFLAGS = { -4, function(all, words)
    return keys_of(all, words, function(key, flags) return { key, flags } end)
  end },
  HELP = { 2, function() return HELP end },
  INFO = { -2, info },
  LIST = { -2, list },
}

-- COMMAND, for the table of commands that it tells of, which is read when it is asked first.
function M.new(commands)
  local all
  return { -1, function(_, words)
    all = all or describe_all(commands, facts, "")
    if not words then
      return info(all)
    end
    local below = BELOW[words[1]:upper()]
    if not below then
      return common.unknown_below("COMMAND", words[1])
    elseif below[1] > 0 and #words ~= 1 or #words + 1 < -below[1] then
      return common.wrong_count("command|" .. words[1]:lower())
    end
    return below[2](all, words[2] and { unpack(words, 2) })
  end, below = BELOW }
end

return M
