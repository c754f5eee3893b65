// A connection as Lua sees it: a table for the script's own fields, with a private handle in it.
// Made when an event needs it first; the handle knows when the connection is gone.
#ifndef BIND_CONN_OBJECT_H
#define BIND_CONN_OBJECT_H

#include "net/conn.h"

#include <lua.h>

// Pushes the connection's table.
void conn_object_push(lua_State *L, struct conn *c);

// The connection is gone: its table stays as long as the script keeps it, with its fields.
void conn_object_release(lua_State *L, struct conn *c);

// Adds the functions on connections to the module table on top of the stack.
void conn_object_register(lua_State *L);

#endif
