// evio.proxy: the PROXY protocol's header as a filter, and what conn.proxy tells.
#ifndef BIND_PROXY_H
#define BIND_PROXY_H

#include <lua.h>
#include <stdbool.h>

// Adds proxy to the table on top of the stack.
void proxy_register(lua_State *L);

// Pushes a table that tells what the proxy said of the connection whose table is all that is on the
// stack, and returns true; does nothing and returns false where there is none or no header yet.
bool proxy_push_info(lua_State *L);

// The same for the address of a unix socket, as "unix://path".
bool proxy_push_path(lua_State *L, bool remote);

#endif
