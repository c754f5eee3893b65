// Makers in C: userdata that make filters for connections, in the place of a script's function.
#ifndef BIND_MAKER_H
#define BIND_MAKER_H

#include "net/filter.h"

#include <lauxlib.h>

struct conn;
struct maker;

// What the makers of one kind have in common. A static constant: its address tells the kind.
struct maker_kind {
    const char *name; // of what makes one in Lua, as in "evio.tls"
    // Makes a filter for a connection; the maker is on top of the stack. Raises when it cannot.
    struct filter *(*make)(lua_State *L, struct maker *m, struct conn *c);
    // What is missing for every accepted connection; NULL for nothing.
    const char *(*lacks)(const struct maker *m);
    void (*release)(struct maker *m); // frees what it owns; NULL where that is nothing
    const luaL_Reg *methods;          // NULL for none
};

// What the userdata begins with.
struct maker {
    const struct maker_kind *kind;
};

// Pushes a new one of `size` bytes, all zero behind `kind`.
void *maker_new(lua_State *L, const struct maker_kind *kind, size_t size);

// The maker at an index, or NULL when the value is none.
struct maker *maker_at(lua_State *L, int index);

// The maker at index 1, in a method. Raises when it is none of this kind.
void *maker_check(lua_State *L, const struct maker_kind *kind, const char *call);

// Adds maker_name to the table on top of the stack.
void maker_register(lua_State *L);

#endif
