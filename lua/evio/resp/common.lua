-- What servers of evio.resp have in common: commands that are the same everywhere, and errors, in the words of
-- redis-server 7.0.
local codec = require("evio.codec.resp")
local request = require("evio.codec.request")

local M = {}

local printed = request.printed
local OK = codec.status("OK")

function M.wrong_count(name)
  return codec.error(("ERR wrong number of arguments for '%s' command"):format(name))
end

function M.unknown_below(name, below)
  return codec.error(("ERR unknown subcommand '%s'. Try %s HELP."):format(printed(below, 128), name))
end

-- The answer of a container's HELP: its usage, the lines of a text, and HELP itself.
function M.help(name, text)
  local list = { codec.status(name .. " <subcommand> [<arg> [value] [opt] ...]. Subcommands are:") }
  for line in (text .. "\nHELP\n    Prints this help."):gmatch("[^\n]+") do
    list[#list + 1] = codec.status(line)
  end
  return list
end

-- The function of CLIENT SETNAME. The name is `conn.name`, nil for an empty one.
function M.set_name(conn, name)
  if name:find("[^!-~]") then
    return codec.error("ERR Client names cannot contain spaces, newlines or special characters.")
  end
  conn.name = name ~= "" and name or nil
  return OK
end

-- Does what HELLO's options say, up to what is wrong, which is returned. As in a Redis without users, there is
-- one, "default", with whatever password.
local function take_options(conn, words)
  local i = 2
  while words[i] do
    local text = printed(words[i])
    local name = text:upper()
    if name == "AUTH" and words[i + 2] then
      if words[i + 1] ~= "default" then
        return codec.error("WRONGPASS invalid username-password pair or user is disabled.")
      end
      i = i + 3
    elseif name == "SETNAME" and words[i + 1] then
      local answer = M.set_name(conn, words[i + 1])
      if answer ~= OK then
        return answer
      end
      i = i + 2
    else
      return codec.error(("ERR Syntax error in HELLO option '%s'"):format(text))
    end
  end
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
    end
    local wrong = rest and take_options(conn, rest)
    if wrong then
      return wrong
    end
    conn.resp = version
    return codec.map({ "server", name, "version", server_version, "proto", version, "id", conn.id, "mode", "standalone",
      "role", "master", "modules", {} })
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
