// What sessions (lua/evio/session.lua) need of connections beside their methods.
#ifndef BIND_SESSION_H
#define BIND_SESSION_H

#include <lua.h>

// Adds the functions to the table on top of the stack.
void session_register(lua_State *L);

#endif
