-- Checks the layer rule and the limits on size: luajit scripts/arch.lua [ROOT]
-- Prints each violation as file:line: what; what is allowed. Ends with status 1 if there is one.

local jit_util = require("jit.util")

local MAX_C_LINES = 400
local MAX_LUA_LINES = 300
local MAX_FUNCTION_LINES = 60

-- What a layer may include. Files directly in src/ (main.c, cli.c) stand on top.
local LAYERS = {
  base = "base",
  os = "os base",
  codec = "codec base",
  tls = "tls base",
  zip = "zip base",
  net = "net os base",
  bind = "bind net tls zip codec base",
  top = "top bind net tls zip codec os base",
}

local function set(words)
  local members = {}
  for word in words:gmatch("%S+") do
    members[word] = true
  end
  return members
end

-- Only src/bind sees these.
local LUA_HEADERS = set("lua.h lualib.h lauxlib.h luaconf.h luajit.h")

-- Only src/os asks for these.
local PLATFORMS = set([[__linux__ __linux linux __gnu_linux__ __APPLE__ __MACH__ __FreeBSD__
  __FreeBSD_kernel__ __OpenBSD__ __NetBSD__ __DragonFly__ __unix__ __unix unix BSD __sun __ANDROID__
  __CYGWIN__ _WIN32 _WIN64 __GLIBC__]])

local CONDITIONALS = set("if ifdef ifndef elif")

-- Headers that the build makes; they belong to no layer and include nothing.
local GENERATED = set("modules.h")

local root = arg[1] or "."
local count = 0

local function report(file, line, what, allowed)
  count = count + 1
  print(("%s:%d: %s; %s"):format(file, line, what, allowed))
end

-- The paths (from the root on) of the files under directories that find(1) finds.
local function files_under(directories, expression)
  local command = "cd '%s' && find %s -type f \\( %s \\) 2>/dev/null | LC_ALL=C sort"
  local pipe = assert(io.popen(command:format(root, directories, expression)))
  local paths = {}
  for path in pipe:lines() do
    paths[#paths + 1] = path
  end
  pipe:close()
  return paths
end

local function read(path)
  local file = assert(io.open(root .. "/" .. path, "rb"))
  local text = file:read("*a")
  file:close()
  return text
end

local function split(text)
  local lines = {}
  for line in text:gsub("([^\n])$", "%1\n"):gmatch("(.-)\n") do
    lines[#lines + 1] = line
  end
  return lines
end

-- The lines of C text without comments; strings stay in directives only.
local function c_lines(text)
  text = ("\n" .. text):gsub("\\[^\n]", "_"):gsub("'.'", "''")
  text = text:gsub("\n%s*[^%s#][^\n]*", function(line)
    return (line:gsub('"[^"\n]*"', '""'))
  end)
  local at = text:find("/[/*]")
  while at do
    local to_end = text:sub(at + 1, at + 1) == "/"
    local last = to_end and text:find("\n", at, true) or select(2, text:find("*/", at + 2, true))
    local comment = text:sub(at, last)
    text = text:sub(1, at - 1) .. comment:gsub("[^\n]", "") .. text:sub(at + #comment)
    at = text:find("/[/*]", at)
  end
  return split((text:sub(2):gsub("[ \t]+\n", "\n")))
end

local function check_size(path, lines, limit)
  if #lines > limit then
    report(path, limit + 1, ("the file has %d lines"):format(#lines), ("%d at most"):format(limit))
  end
end

local function check_function(path, first, last, name)
  local length = last - first + 1
  if length > MAX_FUNCTION_LINES then
    report(path, first, ("%s has %d lines"):format(name, length),
      ("%d at most"):format(MAX_FUNCTION_LINES))
  end
end

-- Functions in C: what opens with ") {" or with "{" in the first column, up to "}" there.
local function check_c_functions(path, lines)
  local header, name, body, previous = nil, nil, false, ""
  for number, line in ipairs(lines) do
    if line:find("^}") then
      if body and name then
        check_function(path, header, number, name)
      end
      header, name, body = nil, nil, false
    elseif not body then
      local continued = previous:find("\\$")
      if line == "" or continued or line:find("^#") or line:find("[;}]$") then
        header, name = nil, nil
      elseif line:find("^[%a_{]") or header then
        header = header or number
        name = name or line:match("([%w_]+)%s*%(")
        body = line:find("{$") ~= nil
        if body and not line:find("%)%s*{$") and not (line == "{" and previous:find("%)$")) then
          name = nil
        end
      end
    end
    previous = line
  end
end

local function layer_of(path)
  return path:match("^src/([^/]+)/") or "top"
end

local function may_include(layer, other)
  return (" " .. LAYERS[layer] .. " "):find(" " .. other .. " ", 1, true) ~= nil
end

-- "src/net/conn.c" and "src/net/conn.h" are the module "net/conn".
local function c_module(path)
  return path:match("^src/(.*)%.%a+$")
end

local function resolve(path, name, known)
  local beside = path:match("^(.*/)") .. name
  return known[beside] and beside or known["src/" .. name] and "src/" .. name
end

-- An #include "name": the layer rule; an edge of the graph of modules.
local function check_include(path, number, name, known, edges)
  local layer = layer_of(path)
  local target = resolve(path, name, known)
  if not target then
    if not GENERATED[name] and not LUA_HEADERS[name] then
      report(path, number, ("%q is not under src/"):format(name), "system headers take <>")
    end
    return
  end
  if not may_include(layer, layer_of(target)) then
    report(path, number, ("includes %q"):format(name), layer .. " may include: " .. LAYERS[layer])
  end
  edges[#edges + 1] = { to = c_module(target), file = path, line = number }
end

local function check_conditional(path, number, directive, rest)
  if not CONDITIONALS[directive] or layer_of(path) == "os" then
    return
  end
  for word in rest:gmatch("[%a_][%w_]*") do
    if PLATFORMS[word] then
      report(path, number, ("#%s %s"):format(directive, word), "only src/os asks for the platform")
    end
  end
end

local function check_c_line(path, number, line, known, edges)
  local directive, rest = line:match("^%s*#%s*(%a+)(.*)")
  if directive == "include" then
    local name = rest:match('^%s*[<"]([^>"]+)')
    if name and LUA_HEADERS[name:match("[^/]*$")] and layer_of(path) ~= "bind" then
      report(path, number, ("includes %q"):format(name), "only src/bind sees Lua")
    end
    if rest:find('^%s*"') then
      check_include(path, number, name, known, edges)
    end
  elseif directive then
    check_conditional(path, number, directive, rest)
  end
end

-- Reports each cycle of a graph (module -> list of { to, file, line }), once.
local function check_cycles(graph, order, word)
  local state, path = {}, {}
  local function visit(module)
    state[module] = "open"
    path[#path + 1] = module
    for _, edge in ipairs(graph[module] or {}) do
      if state[edge.to] == "open" and edge.to ~= module then
        local first = #path
        while path[first] ~= edge.to do
          first = first - 1
        end
        local names = table.concat(path, " -> ", first) .. " -> " .. edge.to
        report(edge.file, edge.line, ("%s in a cycle: %s"):format(word, names), "no cycles")
      elseif not state[edge.to] then
        visit(edge.to)
      end
    end
    path[#path] = nil
    state[module] = "done"
  end
  for _, module in ipairs(order) do
    if not state[module] then
      visit(module)
    end
  end
end

local function check_c()
  local paths, known, graph, order = files_under("src", "-name '*.c' -o -name '*.h'"), {}, {}, {}
  for _, path in ipairs(paths) do
    known[path] = true
  end
  for _, path in ipairs(paths) do
    local module, text = c_module(path), read(path)
    local lines = c_lines(text)
    graph[module] = graph[module] or {}
    order[#order + 1] = module
    check_size(path, split(text), MAX_C_LINES)
    if not LAYERS[layer_of(path)] then
      report(path, 1, ("%q is no layer"):format(layer_of(path)), "see the table in " .. arg[0])
    else
      for number, line in ipairs(lines) do
        check_c_line(path, number, line, known, graph[module])
      end
    end
    check_c_functions(path, lines)
  end
  check_cycles(graph, order, "included")
end

local function check_prototype(path, prototype, is_main)
  local info = jit_util.funcinfo(prototype)
  if not is_main then
    check_function(path, info.linedefined, info.lastlinedefined, "the function")
  end
  for index = -1, -65536, -1 do
    local constant = jit_util.funck(prototype, index)
    if not constant then
      break
    elseif type(constant) == "proto" then
      check_prototype(path, constant, false)
    end
  end
end

local function check_lua_functions(path, text)
  local chunk, message = loadstring(text, "=" .. path)
  if chunk then
    check_prototype(path, chunk, true)
  else
    report(path, tonumber(message:match(":(%d+):")) or 1, "does not compile", message)
  end
end

local function lua_module(path)
  return (path:gsub("^lua/", ""):gsub("%.lua$", ""):gsub("/init$", ""):gsub("/", "."))
end

local function requires(path, text)
  local edges = {}
  for number, line in ipairs(split(text)) do
    for name in line:gsub("%-%-.*", ""):gmatch("require%s*%(?%s*[\"'](evio[%w_.]*)[\"']") do
      edges[#edges + 1] = { to = name, file = path, line = number }
    end
  end
  return edges
end

local function check_lua()
  local graph, order = {}, {}
  for _, path in ipairs(files_under("lua examples scripts spec", "-name '*.lua'")) do
    local text = read(path)
    check_size(path, split(text), MAX_LUA_LINES)
    if path:find("^lua/") then
      check_lua_functions(path, text)
      graph[lua_module(path)] = requires(path, text)
      order[#order + 1] = lua_module(path)
    end
  end
  check_cycles(graph, order, "required")
end

check_c()
check_lua()
os.exit(count == 0 and 0 or 1)
