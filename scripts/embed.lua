-- Makes a C header of Lua modules: their bytecode as static arrays, and a table of them.
-- usage: luajit scripts/embed.lua OUT FILE...   (files lie below lua/)

local function module_name(file)
  return (file:gsub("^lua/", ""):gsub("%.lua$", ""):gsub("/init$", ""):gsub("/", "."))
end

local function array(name, code)
  local lines = { ("static const unsigned char %s[] = {"):format(name) }
  for i = 1, #code, 24 do
    local bytes = { code:byte(i, i + 23) }
    lines[#lines + 1] = table.concat(bytes, ",") .. ","
  end
  lines[#lines + 1] = "};\n"
  return table.concat(lines, "\n")
end

local out = assert(io.open(arg[1], "w"))
out:write("#include <stddef.h>\n\n")
local rows = {}
for i = 2, #arg do
  local file = arg[i]
  local name = module_name(file)
  local symbol = "bytecode_" .. name:gsub("%W", "_")
  local code = string.dump(assert(loadfile(file))) -- with line numbers, for tracebacks
  out:write(array(symbol, code))
  rows[#rows + 1] = ('    {"%s", %s, sizeof(%s)},\n'):format(name, symbol, symbol)
end
out:write("\nstatic const struct module {\n    const char *name;\n    const unsigned char *code;\n")
out:write("    size_t size;\n} modules[] = {\n", table.concat(rows), "};\n")
assert(out:close())
