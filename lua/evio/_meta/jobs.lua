---@meta _

-- Background jobs.

---A background job: what `evio.spawn` returns. While its end is not delivered it keeps the loop
---running. At a shutdown jobs that wait are cancelled, and those that run get the linger time of
---`evio.pool`; then the loop ends without them, and `done` is not called. An error in a function of
---the following prints one traceback and nothing else.
---@class evio.Job
local Job = {}

---Has fn called on the loop when the job ended, even if it has already: with true and its results;
---with false and the error's text with its traceback; with false, "cancelled" and `"ECANCELED"`.
---Without it, an error is printed on stderr. One function for a job.
---@param fn fun(ok: boolean, ...): action: evio.Action
---@return evio.Job job
function Job:done(fn) end

---Has fn called on the loop for each `evio.post` of the job, in order, and before `done`. What is
---posted without a function is dropped.
---@param fn fun(value: any): action: evio.Action
---@return evio.Job job
function Job:message(fn) end

---Takes the job out of the queue. One that runs cannot be stopped.
---@return boolean cancelled false when it had started
function Job:cancel() end
