// evio.deflate: compression as a filter, and what makes it.
#ifndef BIND_DEFLATE_H
#define BIND_DEFLATE_H

#include <lua.h>

// Adds deflate to the table on top of the stack.
void deflate_register(lua_State *L);

#endif
