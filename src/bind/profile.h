// Ends the process when a handler runs for too long (--watchdog), and says where. LuaJIT's profiler finds
// the line, in compiled loops, too; net/watchdog.h finds the event when the time is spent inside of a C
// function, which the profiler does not interrupt.
#ifndef BIND_PROFILE_H
#define BIND_PROFILE_H

#include "net/watchdog.h"

#include <lua.h>

// Starts to watch, before any Lua function is compiled. Returns NULL without memory or a thread. It is
// never freed: its thread goes on to the end.
struct watchdog *profile_start(lua_State *L, uint64_t nanoseconds);

#endif
