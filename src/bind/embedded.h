// The Lua part of the module, compiled in as bytecode.
#ifndef BIND_EMBEDDED_H
#define BIND_EMBEDDED_H

#include <lua.h>

// Makes require find what is compiled in, and takes the function on top of the stack for the opener
// of evio.core. With a source tree in EVIO_LUA_PATH the Lua part is taken from there. The globals pairs
// and next become those of evio.pairs.
void embedded_preload(lua_State *L);

#endif
