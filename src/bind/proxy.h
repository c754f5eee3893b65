// evio.proxy: the PROXY protocol's header as a filter, and what conn.proxy tells.
#ifndef BIND_PROXY_H
#define BIND_PROXY_H

#include "net/conn.h"

#include <lua.h>

// Adds proxy to the table on top of the stack.
void proxy_register(lua_State *L);

// Pushes a table that tells what the proxy said, or nil where there is none or no header yet.
void proxy_push_info(lua_State *L, const struct conn *c);

// Pushes the address of a unix socket that the proxy told of, as "unix://path", and returns true; does
// nothing and returns false where it told of none.
bool proxy_push_path(lua_State *L, const struct conn *c, bool remote);

#endif
