// A detached socket: the script's own, outside of the loop. It blocks, so that it is of use in
// background jobs only; on the loop its read and write raise.
#ifndef BIND_SOCKET_H
#define BIND_SOCKET_H

#include "base/buf.h"

#include <lua.h>
#include <stdbool.h>
#include <stdint.h>

struct conn;

// Owned by a userdata, or on its way between two Lua states.
struct socket {
    int fd; // non-blocking; -1 once closed or given to a job
    struct buf in;   // unread input that the connection had taken already
    int64_t timeout; // of each wait, in nanoseconds; negative for none
    struct stack *stack; // of translators, which keep it on the loop; NULL for none
};

// Makes the sockets' metatable of a Lua state; `blocking` where it may wait.
void socket_register(lua_State *L, bool blocking);

// Pushes the socket of a connection whose `detached` fires.
void socket_push(lua_State *L, struct conn *c);

// Pushes one that came from another Lua state. On an error it is closed.
void socket_push_moved(lua_State *L, struct socket *s);

// The socket at an index, or NULL when the value is none.
struct socket *socket_at(lua_State *L, int index);

// The name of a translator that keeps an open socket from being given to a job, or NULL.
const char *socket_translator(const struct socket *s);

// Closes it if it is open, and frees what it has.
void socket_close(struct socket *s);

#endif
