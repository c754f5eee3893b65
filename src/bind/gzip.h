// Whole bodies as gzip (RFC 1952).
#ifndef BIND_GZIP_H
#define BIND_GZIP_H

#include <lua.h>

// Adds gzip and gunzip to the table on top of the stack.
void gzip_register(lua_State *L);

#endif
