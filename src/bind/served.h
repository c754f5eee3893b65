// A server as Lua sees it: a table with its addresses and a close method.
#ifndef BIND_SERVED_H
#define BIND_SERVED_H

#include "bind/handlers.h"
#include "net/server.h"

#include <lua.h>

// The userdata behind the table, and the server's `group.user`.
struct served {
    struct server *server; // NULL once it ended
    struct host *host;
    struct handlers *handlers;
    int ref, self;      // registry references of the table and of this, while the server lives
    int64_t last_delay; // of its ticks, in nanoseconds
};

// Opens a server from the events table at index 1 and the addresses after it; pushes its table
// and returns it. On failure pushes nil, a message and the error's name, and returns NULL. Raises
// on misuse.
struct served *served_open(lua_State *L);

// Pushes the table of the server that a connection belongs to.
void served_push(lua_State *L, struct conn_group *group);

// The server ended: its table stays as long as the script keeps it.
void served_release(lua_State *L, struct served *s);

// All ended, because the Lua state goes: finalizers may still call close.
void served_forget_all(struct net *net);

#endif
