// Userdata that scripts hold: each kind has a metatable in the registry, under the address of something of ours, so that
// none can be forged.
#ifndef BIND_OBJECT_H
#define BIND_OBJECT_H

#include <lauxlib.h>

// Makes the metatable of a kind from the table of its methods, which is on top of the stack and is taken. `name` is what
// getmetatable returns; `collect` is the finalizer, NULL for none.
void object_register(lua_State *L, const void *key, const char *name, lua_CFunction collect);

// Makes the userdata on top of the stack one of that kind.
void object_adopt(lua_State *L, const void *key);

// The userdata of that kind at an index, or NULL.
void *object_at(lua_State *L, int index, const void *key);

// The same. Raises and says what was expected.
void *object_check(lua_State *L, int index, const void *key, const char *expected);

#endif
