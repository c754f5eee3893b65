// The private handle in a connection's table: how Lua holds a connection without being able to
// forge one, or to use one that is gone.
#ifndef BIND_CONN_HANDLE_H
#define BIND_CONN_HANDLE_H

#include "net/conn.h"

#include <lua.h>

// A userdata; its environment is the server's table, so that `conn.server` keeps it alive.
struct handle {
    struct conn *conn; // NULL once it is gone
    uint64_t id;
    int index;
    struct endpoint remote, local;
};

// The handle of the connection at index 1 of the stack. Raises when that is none.
struct handle *conn_handle_check(lua_State *L);

// Pushes the server's table of the connection at index 1.
void conn_handle_push_server(lua_State *L);

// Pushes a connection's table, and makes it when an event needs it first.
void conn_handle_push(lua_State *L, struct conn *c);

// The connection is gone: its table stays as long as the script keeps it, with its fields.
void conn_handle_release(lua_State *L, struct conn *c);

// All are gone, because the Lua state goes: finalizers may still call methods.
void conn_handle_forget_all(struct net *net);

// Makes the handles' metatable.
void conn_handle_register(lua_State *L);

#endif
