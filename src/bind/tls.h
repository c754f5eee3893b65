// TLS as a translator: evio.tls, and what conn.tls tells.
#ifndef BIND_TLS_H
#define BIND_TLS_H

#include "net/conn.h"

#include <lua.h>

// Adds core.tls to the module table on top of the stack.
void tls_register(lua_State *L);

// Pushes a table about the connection's TLS session, or nil when it has none.
void tls_push_info(lua_State *L, const struct conn *c);

#endif
