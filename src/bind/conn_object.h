// A connection's methods and fields, and the functions that find connections.
#ifndef BIND_CONN_OBJECT_H
#define BIND_CONN_OBJECT_H

#include <lua.h>

struct mailbox;

// Adds them to the module table on top of the stack.
void conn_object_register(lua_State *L);

// evio.wake(id): wakes the connection whose id is at index 1 through the mailbox of its loop.
int conn_object_wake(lua_State *L, struct mailbox *m);

#endif
