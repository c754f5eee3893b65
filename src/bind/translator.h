// Translators: filters whose work a Lua object does; and how a connection gets its filters.
#ifndef BIND_TRANSLATOR_H
#define BIND_TRANSLATOR_H

#include "bind/handlers.h"
#include "net/stack.h"

#include <lauxlib.h>

// Makes the filters that evio.translate asked for, bottom first, from the `next` one of the
// connection on, as long as those that are there are open. To be called as an event: its arguments are
// the connection's table and the list of makers. Raises when one goes wrong. `next` is 0 at the end.
int translators_make(lua_State *L);

// Calls the maker at an index with the connection whose table is at another, and puts the filter that
// it makes on top. Returns 0 or a negative errno of stack_push. Raises when the maker does, or makes
// no filter.
int translator_push(lua_State *L, struct conn *c, int maker, int conn);

#endif
