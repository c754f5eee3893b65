-- The output handler for busted: a line for each spec file, every failure in full. If a file is
-- named (busted -Xoutput FILE) it gets the counts, "passed failed pending", and FILE.test has the
-- name of the test that was last begun, for a run that breaks off.

local busted = require("busted")

-- The state belongs to the handler, which outlives the insulation of the spec files.
local total = { passed = 0, failed = 0, pending = 0 }
local current
-- The test that was last begun, for errors in what surrounds it.
local latest

local function full_name(element)
  local names = {}
  while element and element.descriptor ~= "file" and element.descriptor ~= "suite" do
    table.insert(names, 1, element.name or element.descriptor)
    element = busted.parent(element)
  end
  return table.concat(names, " ")
end

local function place(element, trace)
  local where = element.trace or trace
  return where and where.short_src and (where.short_src .. ":" .. where.currentline) or ""
end

local function count(kind)
  total[kind] = total[kind] + 1
  if current then
    current[kind] = current[kind] + 1
  end
end

local function summary(counts)
  local text = ("%d passed, %d failed"):format(counts.passed, counts.failed)
  return counts.pending > 0 and text .. (", %d pending"):format(counts.pending) or text
end

local function say(...)
  io.write(...)
  io.flush()
end

local function on_problem(element, _, message, trace)
  count("failed")
  local name = full_name(element)
  if name == "" then
    name = tostring(element.name)
  elseif element.descriptor ~= "it" and latest then
    name = name .. ", near: " .. full_name(latest)
  end
  local text = ("\nFAILED %s (%s)\n%s\n%s"):format(name, place(element, trace), tostring(message),
    trace and trace.traceback or "")
  say(text:match("^(.-)%s*$"), "\n\n")
  return nil, true
end

local function on_pending(element)
  count("pending")
  say(("pending: %s (%s)\n"):format(full_name(element), place(element)))
  return nil, true
end

local function write(path, text)
  local file = assert(io.open(path, "w"))
  assert(file:write(text))
  assert(file:close())
end

local function on_test_start(element, path)
  latest = element
  if path then
    write(path .. ".test", ("%s (%s)\n"):format(full_name(element), place(element)))
  end
  return nil, true
end

local function on_test_end(element, _, status)
  if status == "success" then
    count("passed")
  elseif status == "pending" then
    on_pending(element)
  end
  return nil, true
end

local function on_file_start(file)
  current = { passed = 0, failed = 0, pending = 0, name = file.name, clock = busted.monotime() }
  return nil, true
end

local function on_file_end()
  if current.passed + current.failed + current.pending > 0 then
    say(("%-6s %s: %s (%.1f s)\n"):format(current.failed == 0 and "ok" or "not ok", current.name,
      summary(current), busted.monotime() - current.clock))
  end
  current, latest = nil, nil
  return nil, true
end

local function on_exit(path)
  if path then
    write(path, ("%d %d %d\n"):format(total.passed, total.failed, total.pending))
  else
    say(summary(total), "\n")
  end
end

return function(options)
  return {
    subscribe = function()
      local path = options.arguments[1]
      busted.subscribe({ "test", "start" }, function(element)
        return on_test_start(element, path)
      end)
      busted.subscribe({ "test", "end" }, on_test_end)
      busted.subscribe({ "file", "start" }, on_file_start)
      busted.subscribe({ "file", "end" }, on_file_end)
      busted.subscribe({ "failure" }, on_problem)
      busted.subscribe({ "error" }, on_problem)
      busted.subscribe({ "exit" }, function()
        on_exit(path)
      end)
    end,
  }
end
