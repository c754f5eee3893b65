// The private handle in a connection's table: how Lua holds a connection without being able to
// forge one, or to use one that is gone.
#ifndef BIND_CONN_HANDLE_H
#define BIND_CONN_HANDLE_H

#include "net/conn.h"

#include <lua.h>

enum { HANDLE_TICKS = 16 };

// A userdata; its environment is a table with `addresses`: the server's, which `conn.server` keeps
// alive, or for a dialed one a table of its own.
struct handle {
    struct conn *conn; // NULL once it is gone
    uint64_t id;
    uint32_t since; // when it opened, by the loop's clock: HANDLE_TICKS a second
    uint16_t index; // among the addresses, from 1
    bool dialed;
    bool datagram;
    struct endpoint remote, local;
};

// The handle of the connection at index 1 of the stack. Raises when that is none.
struct handle *conn_handle_check(lua_State *L);

// Pushes the environment of the handle of the connection at index 1.
void conn_handle_push_origin(lua_State *L);

// Pushes a connection's table, and makes it when an event needs it first.
void conn_handle_push(lua_State *L, struct conn *c);

// Pushes the table of a dialed connection, which is made here, with its address.
void conn_handle_push_dialed(lua_State *L, struct conn *c, const char *address);

// Pushes the address that a dialed connection was dialed with.
void conn_handle_push_address(lua_State *L, struct conn *c);

// The descriptor is about to go: asks for the local address while it can be had.
void conn_handle_keep_local(struct conn *c);

// The connection is open: the peer's address is known.
void conn_handle_update(struct conn *c);

// The connection is gone: its table stays as long as the script keeps it, with its fields.
void conn_handle_release(lua_State *L, struct conn *c);

// All are gone, because the Lua state goes: finalizers may still call methods.
void conn_handle_forget_all(struct net *net);

// Makes the handles' metatable.
void conn_handle_register(lua_State *L);

#endif
