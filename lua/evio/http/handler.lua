-- Handlers of requests: functions, or what can be called like one, such as a router.
local M = {}

-- The handler as a function. Raises where `who`, the function that called this, was called, or at another level.
function M.check(who, handler, level)
  if type(handler) == "function" then
    return handler
  end
  local metatable = type(handler) == "table" and getmetatable(handler)
  if type(metatable) ~= "table" or type(metatable.__call) ~= "function" then
    error(("%s: the handler is a %s, expected a function(request)"):format(who, type(handler)), level or 3)
  end
  local call = metatable.__call
  return function(request)
    return call(handler, request)
  end
end

return M
