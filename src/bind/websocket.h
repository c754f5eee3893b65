// What evio.websocket reaches through the FFI: leaves as those of bind/ffi.h.
#ifndef BIND_WEBSOCKET_H
#define BIND_WEBSOCKET_H

#include <lua.h>

// Adds websocket_leaves and their declarations to the table on top of the stack.
void websocket_register(lua_State *L);

#endif
