// A connection's methods and fields, and the functions that find connections.
#ifndef BIND_CONN_OBJECT_H
#define BIND_CONN_OBJECT_H

#include <lua.h>

// Adds them to the module table on top of the stack.
void conn_object_register(lua_State *L);

#endif
