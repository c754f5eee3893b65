-- Flags of a script's command line: --name VALUE or --name=VALUE.
local M = {}

-- How the script is called.
local function usage(defaults)
  local parts = {}
  for name, default in pairs(defaults) do
    parts[#parts + 1] = (" [--%s %s]"):format(name, default == "" and name:upper() or tostring(default))
  end
  table.sort(parts)
  return ("usage: evio-lua %s%s\n"):format((_G.arg or {})[0] or "SCRIPT", table.concat(parts))
end

-- The values by name, or nil and what is wrong.
local function parse(words, defaults)
  local found, i = {}, 1
  while words[i] do
    local name, value = words[i]:match("^%-%-([^=]+)=?(.*)$")
    if not name then
      return nil, ('"%s" is no flag'):format(words[i])
    elseif defaults[name] == nil then
      return nil, ("there is no flag --%s"):format(name)
    elseif not words[i]:find("=", 1, true) then
      i, value = i + 1, words[i + 1]
    end
    if not value then
      return nil, ("--%s has no value"):format(name)
    end
    found[name], i = value, i + 1
  end
  return found
end

-- The values by name, or the defaults. --help ends the program with how it is called; anything else with what is wrong,
-- too, and status 2.
function M.read(defaults)
  if type(defaults) ~= "table" then
    error(("evio.flags: the defaults are a %s, expected a table"):format(type(defaults)), 2)
  end
  local words = _G.arg or {}
  if words[1] == "--help" and not words[2] then
    io.stdout:write(usage(defaults))
    os.exit(0)
  end
  local found, wrong = parse(words, defaults)
  if not found then
    io.stderr:write("evio-lua: ", wrong, "\n", usage(defaults))
    os.exit(2)
  end
  for name, default in pairs(defaults) do
    found[name] = found[name] or default
  end
  return found
end

return M
