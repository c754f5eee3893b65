// Background jobs as the loop sees them: evio.spawn, evio.pool, and a job's methods. What crosses
// is made and read by lua/evio/job.lua.
#ifndef BIND_JOB_H
#define BIND_JOB_H

#include "bind/host.h"

#include <lua.h>

// Adds the functions to the module table on top of the stack.
void job_register(lua_State *L);

// A shutdown: jobs that wait are dropped, those that run get the linger time. Then the loop ends
// without them, and their `done` is never called.
void jobs_end(struct host *h);

#endif
