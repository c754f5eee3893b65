// A connection's methods: conn:write and so on.
#ifndef BIND_CONN_METHODS_H
#define BIND_CONN_METHODS_H

#include <lua.h>

// Pushes a table of them.
void conn_methods_push(lua_State *L);

// core.check_events, core.push_behind and core.send_file.
int conn_methods_check_events(lua_State *L);
int conn_methods_push_behind(lua_State *L);
int conn_methods_send_file(lua_State *L);

#endif
