-- What a coverage run saw: luajit scripts/coverage/report.lua DIRECTORY OBJECTS
-- prints a table of src/ by gcov and of lua/ by the lines that hook.lua noted. Status 1 where one is below LEAST.
local util = require("jit.util")

local LEAST = 90 -- percent

local directory, objects = arg[1], arg[2]

local function lines_of(command)
  local pipe = assert(io.popen(command))
  local list = {}
  for line in pipe:lines() do
    list[#list + 1] = line
  end
  pipe:close()
  return list
end

-- File -> { covered, all }, of one side.
local function read_c()
  local files, file = {}, nil
  for _, line in ipairs(lines_of("find " .. objects .. " -name '*.gcda' -exec gcov -n {} + 2>/dev/null")) do
    file = line:match("^File '(src/.*)'$") or (not line:match("^File ") and file) or nil
    local percent, all = line:match("^Lines executed:([%d.]+)%% of (%d+)$")
    if file and percent then
      files[file] = { math.floor(percent / 100 * all + 0.5), tonumber(all) }
      file = nil
    end
  end
  return files
end

-- The lines of a source that have code, for which the hook may fire: those of its instructions.
local function lines_with_code(path)
  local lines = {}
  local function add(fn)
    local info = util.funcinfo(fn)
    for pc = 1, info.bytecodes - 1 do
      lines[util.funcinfo(fn, pc).currentline] = true
    end
    local i, constant = -1, util.funck(fn, -1)
    while constant ~= nil do -- functions in it are among its constants
      if type(constant) == "proto" then
        add(constant)
      end
      i = i - 1
      constant = util.funck(fn, i)
    end
  end
  add(assert(loadfile(path)))
  return lines
end

local function read_lua()
  local seen, files = {}, {}
  for _, path in ipairs(lines_of("find " .. directory .. " -name '*.lines'")) do
    for line in io.lines(path) do
      seen[line:match("/(lua/.*)$") or line] = true
    end
  end
  for _, path in ipairs(lines_of("find lua -name '*.lua' -not -path '*/_meta/*'")) do
    local covered, all = 0, 0
    for line in pairs(lines_with_code(path)) do
      all = all + 1
      covered = covered + (seen[path .. ":" .. line] and 1 or 0)
    end
    files[path] = { covered, all }
  end
  return files
end

-- The rows of files below LEAST, and of all of them together.
local function tell(name, files)
  local covered, all, paths = 0, 0, {}
  for path, counts in pairs(files) do
    covered, all = covered + counts[1], all + counts[2]
    if counts[1] < counts[2] * LEAST / 100 then
      paths[#paths + 1] = path
    end
  end
  table.sort(paths)
  print(("| %s | %.1f %% | %d of %d |"):format(name, covered / all * 100, covered, all))
  for _, path in ipairs(paths) do
    local counts = files[path]
    print(("| %s | %.1f %% | %d of %d |"):format(path, counts[1] / counts[2] * 100, counts[1], counts[2]))
  end
  return covered >= all * LEAST / 100
end

print("| what | lines that ran | |\n| --- | --: | --- |")
local c, lua = tell("src/", read_c()), tell("lua/", read_lua())
os.exit(c and lua and 0 or 1)
