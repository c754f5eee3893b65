-- Puts the figures of a run into docs/reliability.md: luajit scripts/figures.lua NAME FILE
-- puts FILE between the marks <!-- NAME --> and <!-- end of NAME -->.
local PAGE = "docs/reliability.md"

local M = {}

local function read(path)
  local file = assert(io.open(path))
  local text = file:read("*a")
  file:close()
  return text
end

-- Replaces what is between the marks of that name. Raises where they are not there.
function M.write(name, text)
  local page = read(PAGE)
  local first = ("<!-- %s -->\n"):format(name)
  local _, from = page:find(first, 1, true)
  local to = from and page:find(("<!-- end of %s -->"):format(name), from, true)
  assert(to, ("%s has no marks of %q"):format(PAGE, name))
  local file = assert(io.open(PAGE, "w"))
  file:write(page:sub(1, from), text:match("^(.-)%s*$"), "\n", page:sub(to))
  file:close()
end

if arg and arg[0]:match("figures%.lua$") then
  M.write(arg[1], read(arg[2]))
end

return M
