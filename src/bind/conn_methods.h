// A connection's methods: conn:write and so on.
#ifndef BIND_CONN_METHODS_H
#define BIND_CONN_METHODS_H

#include <lua.h>

// Pushes a table of them.
void conn_methods_push(lua_State *L);

// core.push_behind.
int conn_methods_push_behind(lua_State *L);

#endif
