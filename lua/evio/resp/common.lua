-- What servers of evio.resp have in common: commands that are the same everywhere, and errors, in the words of
-- redis-server 7.0.
local codec = require("evio.codec.resp")
local glob = require("evio.codec.glob")

local M = {}

-- What Redis prints of bytes, for which they are a C string.
function M.printed(bytes, most)
  return bytes:match("^%Z*"):sub(1, most or -1)
end
local printed = M.printed

function M.wrong_count(name)
  return codec.error(("ERR wrong number of arguments for '%s' command"):format(name))
end

function M.unknown_below(name, below)
  return codec.error(("ERR unknown subcommand '%s'. Try %s HELP."):format(printed(below, 128), name))
end

-- HELLO, for a table of commands, of a server with this name and version. The protocol's version that it agrees
-- on is `conn.resp`.
function M.hello(name, server_version)
  return { -1, function(conn, rest)
    local version = rest and codec.to_integer(rest[1]) or conn.resp or 2
    if rest and not codec.to_integer(rest[1]) then
      return codec.error("ERR Protocol version is not an integer or out of range")
    elseif version ~= 2 and version ~= 3 then
      return codec.error("NOPROTO unsupported protocol version")
    elseif rest and rest[2] then
      return codec.error(("ERR Syntax error in HELLO option '%s'"):format(printed(rest[2], 128)))
    end
    conn.resp = version
    return codec.map({ "server", name, "version", server_version, "proto", version, "id", conn.id, "mode", "standalone",
      "role", "master", "modules", {} })
  end }
end

-- The fields of a table whose names match one of the globs, once each, as CONFIG GET answers.
function M.find_fields(fields, first, rest)
  local list, seen = codec.map({}), {}
  for _, pattern in ipairs({ first, unpack(rest or {}) }) do
    local text = printed(pattern)
    local matches = text:find("[*?[]") and glob.matcher(text:lower())
    for name, value in pairs(fields) do
      if not seen[name] and (matches and matches(name) or name == pattern:lower()) then
        seen[name] = true
        list[#list + 1], list[#list + 2] = matches and name or pattern, value
      end
    end
  end
  return list
end

-- What COMMAND tells of a command: its name, its arity, its flags, where its keys are, its categories, tips, key
-- specifications, and the commands below it. Its name and its arity are what the table knows.
local function describe(name, command)
  local below = {}
  if not command[1] then
    for sub_name, sub in next, command do
      below[#below + 1] = describe(name .. "|" .. sub_name:lower(), sub)
    end
  end
  return { name, command[1] or -2, codec.set({}), 0, 0, 0, codec.set({}), {}, {}, below }
end

-- By names in lower case; those that are asked for, or all.
local function by_name(commands)
  local found = {}
  for name, command in next, commands do
    found[name:lower()] = command
  end
  return found
end

local below_command = {}

function below_command.COUNT(commands)
  local count = 0
  for _ in next, commands do
    count = count + 1
  end
  return count
end

function below_command.LIST(commands)
  local list = {}
  for name in next, by_name(commands) do
    list[#list + 1] = name
  end
  return list
end

function below_command.INFO(commands, names)
  local found, list = by_name(commands), { n = 0 }
  for _, name in ipairs(names or below_command.LIST(commands)) do
    list.n = list.n + 1
    list[list.n] = found[name:lower()] and describe(name:lower(), found[name:lower()]) or nil
  end
  return list
end

-- There are none, but what was asked for is there.
function below_command.DOCS(commands, names)
  local found, list = by_name(commands), codec.map({})
  for _, name in ipairs(names or below_command.LIST(commands)) do
    if found[name:lower()] then
      list[#list + 1], list[#list + 2] = name:lower(), codec.map({})
    end
  end
  return list
end

-- COMMAND, for the table of commands that it tells of: names and arities.
function M.command(commands)
  return { -1, function(_, words)
    if not words then
      return below_command.INFO(commands)
    end
    local fn = below_command[words[1]:upper()]
    if not fn then
      return M.unknown_below("COMMAND", words[1])
    end
    return fn(commands, words[2] and { unpack(words, 2) })
  end }
end

-- INFO: sections() gives a list of { title, name, value, name, value, ... }.
function M.info(sections)
  return { -1, function(_, words)
    local wanted = {}
    for _, word in ipairs(words or { "default" }) do
      wanted[word:lower()] = true
    end
    local all = wanted.default or wanted.all or wanted.everything
    local texts = {}
    for _, section in ipairs(sections()) do
      if all or wanted[section[1]:lower()] then
        local lines = { "# " .. section[1] }
        for i = 2, #section, 2 do
          lines[#lines + 1] = ("%s:%s"):format(section[i], section[i + 1])
        end
        texts[#texts + 1] = table.concat(lines, "\r\n") .. "\r\n"
      end
    end
    return codec.verbatim(table.concat(texts, "\r\n"))
  end }
end

return M
