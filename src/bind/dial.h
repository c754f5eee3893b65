// Dialing out from Lua: evio.dial, evio.nameservers.
#ifndef BIND_DIAL_H
#define BIND_DIAL_H

#include <lua.h>

// Adds the functions to the module table on top of the stack.
void dial_register(lua_State *L);

#endif
