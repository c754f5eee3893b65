// Files that are open for reading, as Lua holds them.
#ifndef BIND_FILE_H
#define BIND_FILE_H

#include <lua.h>

// Takes the descriptor of the file at an index, which is closed for Lua from now on. Raises when that is no file, or
// is closed.
int file_object_take(lua_State *L, int index);

// Adds open_file to the table on top of the stack.
void file_object_register(lua_State *L);

#endif
