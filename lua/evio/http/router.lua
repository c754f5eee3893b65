-- Routes: which handler a request is for, by its method and its path.
local handlers = require("evio.http.handler")
local message = require("evio.http.message")

local M = {}

local find, sub = string.find, string.sub
local unescape = message.unescape

-- Paths without parameters are in a hash, `fixed`. All are in a tree as well: a node has `names`, the nodes behind a
-- step that is one of them; `any`, that behind a parameter; and routes, which are { methods, names of parameters }, of
-- paths that end here (`route`), or go on in any way (`rest`). `mount` is the handler of all that begins so.
local Router = {}
Router.__index = Router
Router.__name = "evio.http.router"

-- Definitions --------------------------------------------------------------------------------------------

local function refuse(call, ...)
  error(("router:%s: "):format(call) .. string.format(...), 0)
end

-- Calls what defines a route; its errors are those of whoever called the router's method.
local function define(fn, ...)
  local ok, result = pcall(fn, ...)
  if not ok then
    error(result, 3)
  end
  return result
end

-- The steps of a path behind its first slash: of "/a/" they are "a" and "".
local function split(path)
  local steps = {}
  for step in (sub(path, 2) .. "/"):gmatch("([^/]*)/") do
    steps[#steps + 1] = step
  end
  return steps
end

local function check_path(call, path)
  if type(path) ~= "string" then
    refuse(call, "the path is a %s, expected text such as \"/users/:id\"", type(path))
  elseif sub(path, 1, 1) ~= "/" or find(path, "[?#%c]") then
    refuse(call, "the path is %q, expected one that begins with a slash, without a query", path)
  end
end

-- A parameter's name, noted; nil for a step that is none.
local function parameter(call, path, step, is_last, names)
  local kind, name = step:match("^([:*])(.*)$")
  if not kind then
    return nil
  elseif not find(name, "^[%a_][%w_]*$") then
    refuse(call, "%q in %q is no parameter's name", step, path)
  elseif names[name] then
    refuse(call, "the parameter %q is twice in %q", name, path)
  elseif kind == "*" and not is_last then
    refuse(call, "%q in %q is not at the end", step, path)
  end
  names[#names + 1], names[name] = name, true
  return kind
end

local function child(node, step)
  node.names[step] = node.names[step] or { names = {} }
  return node.names[step]
end

-- The route of a path in the tree, made where there is none.
local function route_at(self, call, path)
  local node, steps, names, key = self.tree, split(path), {}, "route"
  for i, step in ipairs(steps) do
    local kind = parameter(call, path, step, i == #steps, names)
    if kind == "*" then
      key = "rest"
    elseif kind then
      node.any = node.any or { names = {} }
      node = node.any
    else
      node = child(node, step)
    end
  end
  local route = node[key]
  if not route then
    route = { methods = {}, names = {} }
    node[key] = route
    if #names == 0 then
      self.fixed[path] = route
    end
  end
  return route, names
end

local function add(self, call, method, path, handler)
  if type(method) ~= "string" or find(method, "[^%w!#$%%&'*+.^_`|~-]") or method == "" then
    refuse(call, "the method is %s, expected one such as \"GET\"",
      type(method) == "string" and ("%q"):format(method) or "a " .. type(method))
  end
  check_path(call, path)
  handler = handlers.check("router:" .. call, handler, 0)
  local route, names = route_at(self, call, path)
  if route.methods[method] then
    refuse(call, "%s %s is there already, as %s", method, path, route.methods[method].path)
  end
  route.methods[method] = { handler = handler, names = names, path = path }
  return self
end

for _, method in ipairs({ "get", "post", "put", "delete", "patch" }) do
  Router[method] = function(self, path, handler)
    return (define(add, self, method, method:upper(), path, handler))
  end
end

-- A route of any method.
function Router:any(method, path, handler)
  return (define(add, self, "any", method, path, handler))
end

local function mount(self, prefix, handler)
  check_path("use", prefix)
  handler = handlers.check("router:use", handler, 0)
  local node = self.tree
  for step in prefix:gmatch("[^/]+") do
    if find(step, "^[:*]") then
      refuse("use", "%q in %q: a prefix has no parameters", step, prefix)
    end
    node = child(node, step)
  end
  if node.mount then
    refuse("use", "%q is there already", prefix)
  end
  node.mount = handler
  return self
end

-- A handler of all requests whose paths are `prefix` or begin with it and a slash, unless a route is theirs.
function Router:use(prefix, handler)
  return (define(mount, self, prefix, handler))
end

-- Requests -----------------------------------------------------------------------------------------------

-- The route of the steps from the i-th on, names before parameters; the values of parameters go to `values`.
local function search(node, steps, i, values, count)
  local step = steps[i]
  if not step then
    return node.route, count
  end
  local named = node.names[step]
  if named then
    local route, n = search(named, steps, i + 1, values, count)
    if route then
      return route, n
    end
  end
  if node.any and step ~= "" then
    local route, n = search(node.any, steps, i + 1, values, count + 1)
    if route then
      values[count + 1] = step
      return route, n
    end
  end
  if node.rest then
    values[count + 1] = table.concat(steps, "/", i)
    return node.rest, count + 1
  end
end

local function find_mount(node, steps)
  local found = node.mount
  for i = 1, #steps do
    node = node.names[steps[i]]
    if not node then
      break
    end
    found = node.mount or found
  end
  return found
end

local function allowed(methods)
  local list = { "OPTIONS" }
  for method in next, methods do
    if method ~= "OPTIONS" then
      list[#list + 1] = method
    end
  end
  if methods.GET and not methods.HEAD then
    list[#list + 1] = "HEAD"
  end
  table.sort(list)
  return table.concat(list, ", ")
end

-- A route's answer; that to GET stands for HEAD as well.
local function serve(route, request, values)
  local method = request.method
  local found = route.methods[method] or method == "HEAD" and route.methods.GET
  if found then
    local params = {}
    for i = 1, #found.names do
      params[found.names[i]] = values[i]
    end
    request.params = params
    return found.handler(request)
  elseif method == "OPTIONS" then
    return { status = 204, headers = { Allow = allowed(route.methods) } }
  end
  return { status = 405, headers = { Allow = allowed(route.methods) }, body = "Method Not Allowed\n" }
end

local NONE = {}

-- Escapes are resolved behind the split, so that %2F is no slash. Only paths with parameters, or with escapes, are
-- split.
function Router:__call(request)
  local target, path = request.target, request.path
  local escaped = find(target, "%", 1, true)
  local route = not escaped and self.fixed[path]
  if route then
    return serve(route, request, NONE)
  elseif path == "*" then
    return { status = 204 }
  end
  local steps, values = split(escaped and message.raw_path(target) or path), {}
  for i = 1, escaped and #steps or 0 do
    steps[i] = unescape(steps[i])
  end
  route = search(self.tree, steps, 1, values, 0)
  if route then
    return serve(route, request, values)
  end
  local handler = find_mount(self.tree, steps)
  if handler then
    return handler(request)
  end
  return { status = 404, body = "Not Found\n" }
end

-- A router without routes: a handler for evio.http.server.
function M.new()
  return setmetatable({ fixed = {}, tree = { names = {} } }, Router)
end

return M
