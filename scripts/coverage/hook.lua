-- Runs in each process of a coverage run, in front of its script: loads evio's modules from their sources instead
-- of the bytecode, which has no lines, and notes the lines that run. LuaJIT's hooks see interpreted code only.
local root, out = os.getenv("EVIO_COVERAGE_ROOT"), os.getenv("EVIO_COVERAGE_OUT")

require("jit").off()
for name in pairs(package.preload) do
  if name ~= "evio.core" and (name == "evio" or name:match("^evio%.")) then
    package.preload[name] = nil
  end
end
package.path = root .. "/lua/?.lua;" .. root .. "/lua/?/init.lua;" .. package.path

local seen = {} -- source -> line -> true
local prefix = "@" .. root .. "/lua/"

debug.sethook(function(_, line)
  local source = debug.getinfo(2, "S").source
  local lines = seen[source]
  if lines == nil then
    lines = source:sub(1, #prefix) == prefix and {}
    seen[source] = lines
  end
  if lines then
    lines[line] = true
  end
end, "l")

-- Written when the Lua state ends, whichever way that comes about.
local name = ("%s/%d-%s.lines"):format(out, os.time(), tostring(seen):match("0x(%x+)"))
_G.evio_coverage = newproxy(true)
getmetatable(_G.evio_coverage).__gc = function()
  debug.sethook()
  local file = io.open(name, "w")
  for source, lines in pairs(seen) do
    for line in pairs(lines or {}) do
      file:write(source:sub(2), ":", line, "\n")
    end
  end
  file:close()
end
