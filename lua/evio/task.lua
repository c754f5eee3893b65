-- Tasks: the coroutines of sessions. One runs inside of the event that it waited for.
local M = {}

-- By coroutine. Weak both ways: a task refers to its coroutine, so a key alone would never go.
local tasks = setmetatable({}, { __mode = "kv" })

-- The one that runs, or nil.
M.current = nil

-- Goes on with a task, whose wait returns the rest. When it has ended, task:finish(ok, message) is called.
function M.resume(task, ...)
  local outer = M.current
  M.current = task
  local ok, message = coroutine.resume(task.thread, ...)
  M.current = outer
  if coroutine.status(task.thread) == "dead" then
    task:finish(ok, message)
  end
end

-- Waits until somebody resumes the task, and returns what that gives.
M.wait = coroutine.yield

-- Whether it has ended, or will not be resumed.
function M.is_over(task)
  return task.left or coroutine.status(task.thread) == "dead"
end

-- A task that will run fn. It has the fields that are given.
function M.new(fn, task)
  task.thread = coroutine.create(fn)
  tasks[task.thread] = task
  return task
end

-- The task whose coroutine runs; nil in another one.
function M.running()
  return tasks[coroutine.running() or false]
end

-- The same for `name`, the function that calls this, which raises where it cannot wait.
function M.check(name)
  local task = M.running()
  if not task and M.current then
    error(("%s waits, which of a session only its own coroutine may"):format(name), 3)
  elseif not task then
    error(("%s waits, which the loop must not do: only sessions may, see evio.session"):format(name), 3)
  elseif not coroutine.isyieldable() then
    error(("%s waits, which a session cannot inside of a C function that calls back, as table.sort"):format(name), 3)
  end
  return task
end

return M
