-- What a table of commands for evio.resp.server may be: name = { arity, function }, or name = a table of
-- commands below it.
local M = {}

local MOST_NAME = 29 -- bytes, see codec/resp.h
local MOST_ARITY = 100

local check_names

-- `depth` is how many names a request for the command begins with.
local function check_command(name, command, depth)
  if type(command) ~= "table" then
    return ("%s is a %s, expected { arity, function }"):format(name, type(command))
  end
  local arity = command[1]
  if arity == nil and depth == 1 and next(command) ~= nil then
    return check_names(command, name, 2)
  elseif type(arity) ~= "number" or arity % 1 ~= 0 or math.abs(arity) < depth or math.abs(arity) > MOST_ARITY then
    return ("the arity of %s is %s, expected %d to %d, the number of parts of a request, or minus the least number")
      :format(name, tostring(arity), depth, MOST_ARITY)
  elseif type(command[2]) ~= "function" then
    return ("%s has a %s, expected a function(conn, ...)"):format(name, type(command[2]))
  end
end

function check_names(commands, above, depth)
  local seen = {}
  for name, command in next, commands do
    if type(name) ~= "string" or #name < 1 or #name > MOST_NAME then
      return ("%s[%s] is no name of 1 to %d bytes"):format(above or "commands", tostring(name), MOST_NAME)
    elseif seen[name:upper()] then
      local one, other = seen[name:upper()], name
      return ("%s and %s are the same name"):format(one < other and one or other, one < other and other or one)
    end
    seen[name:upper()] = name
    local message = check_command(above and above .. " " .. name or name, command, depth)
    if message then
      return message
    end
  end
end

-- What is wrong with a table of commands; nil for nothing.
function M.check(commands)
  if type(commands) ~= "table" then
    return ("the commands are a %s, expected a table"):format(type(commands))
  end
  return check_names(commands, nil, 1)
end

return M
