-- Tables of settings: checks, with errors that name what, where and what was expected.
local M = {}

local function list(kinds)
  local names = {}
  for name in next, kinds do
    names[#names + 1] = name
  end
  table.sort(names)
  local last = table.remove(names)
  return #names > 0 and table.concat(names, ", ") .. " or " .. last or last
end

-- Raises where `who`, the function that called this, was called; `deeper` is how many calls are in between, 0 unless
-- given. `kinds` has for each name what a setting is: { type, what is expected in words, false if it may be false },
-- and `from` and `to` where it is a whole number between them.
function M.check(who, settings, kinds, deeper)
  local function refuse(format, ...)
    error(who .. ": " .. format:format(...), 4 + (deeper or 0))
  end
  if type(settings) ~= "table" then
    refuse("the settings are a %s, expected a table", type(settings))
  end
  for name, value in next, settings do
    local kind = type(name) == "string" and kinds[name]
    if not kind then
      refuse("unknown setting %s, expected %s",
        type(name) == "string" and ("%q"):format(name) or ("[%s]"):format(tostring(name)), list(kinds))
    elseif type(value) ~= kind[1] and value ~= kind[3] then
      refuse("%s is a %s, expected %s", name, type(value), kind[2])
    elseif kind.from and value and not (value >= kind.from and value <= kind.to and value % 1 == 0) then
      refuse("%s is %s, expected %s", name, value, kind[2])
    end
  end
end

-- The same values in a table of its own.
function M.copy(values)
  local made = {}
  for name, value in next, values do
    made[name] = value
  end
  return made
end

return M
