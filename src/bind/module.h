// The Lua module: its C part, evio.core, and its Lua part, compiled in as bytecode.
#ifndef BIND_MODULE_H
#define BIND_MODULE_H

#include <lua.h>

// Makes require("evio") and its submodules find what is compiled in. With a source tree in
// EVIO_LUA_PATH the Lua part is taken from there.
void module_preload(lua_State *L);

#endif
