// Translators: filters whose work a Lua object does, and what makes filters for a connection.
#ifndef BIND_TRANSLATOR_H
#define BIND_TRANSLATOR_H

#include "bind/handlers.h"
#include "net/stack.h"

#include <lauxlib.h>

// A maker in C: what a userdata with the metatable of makers begins with.
struct maker {
    // Makes a filter for a connection. Raises when it cannot.
    struct filter *(*make)(lua_State *L, struct maker *m, struct conn *c);
};

// Makes the metatable of makers; its `__index` and `__gc` are the given ones. Pushes it.
void maker_register(lua_State *L, const luaL_Reg *methods, lua_CFunction collect);

// The maker at an index, or NULL when the value is none.
struct maker *maker_at(lua_State *L, int index);

// Makes the filters that evio.translate asked for, bottom first. To be called as an event: its
// arguments are the connection's table and the list of makers. Raises when one goes wrong.
int translators_make(lua_State *L);

// Calls the maker at an index with the connection whose table is at another, and puts the filter that
// it makes on top. Returns 0 or a negative errno of stack_push. Raises when the maker does, or makes
// no filter.
int translator_push(lua_State *L, struct conn *c, int maker, int conn);

#endif
