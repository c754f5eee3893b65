// Timers of a script: evio.after and evio.every.
#ifndef BIND_TIMER_H
#define BIND_TIMER_H

#include "bind/host.h"

#include <lua.h>

// Adds the functions to the module table on top of the stack.
void timer_register(lua_State *L);

// Cancels every timer of the script, but for those that are to fire then.
void timers_cancel_all(lua_State *L, struct host *h);

#endif
