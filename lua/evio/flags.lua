-- Flags of a script's command line: --name VALUE.
local M = {}

-- The values by name, or the defaults. Anything else ends the program with how it is called, and status 2.
function M.read(defaults)
  if type(defaults) ~= "table" then
    error(("evio.flags: the defaults are a %s, expected a table"):format(type(defaults)), 2)
  end
  local found, names = {}, {}
  for name, default in pairs(defaults) do
    found[name], names[#names + 1] = default, name
  end
  table.sort(names)
  local words, script = _G.arg or {}, (_G.arg or {})[0] or "SCRIPT"
  for i = 1, #words, 2 do
    local name = words[i]:match("^%-%-(.+)$")
    if defaults[name or ""] == nil or not words[i + 1] then
      for k, known in ipairs(names) do
        names[k] = (" [--%s %s]"):format(known, defaults[known] == "" and known:upper() or tostring(defaults[known]))
      end
      io.stderr:write("usage: evio-lua ", script, table.concat(names), "\n")
      os.exit(2)
    end
    found[name] = words[i + 1]
  end
  return found
end

return M
