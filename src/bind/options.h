// Limits as a Lua table: events.options, and what conn:timeout takes.
#ifndef BIND_OPTIONS_H
#define BIND_OPTIONS_H

#include "net/conn.h"

#include <lua.h>

// What holds where a table sets nothing.
extern const struct limits options_default;

// Reads events.options, which is on top of the stack and stays there, over what `l` has. Raises
// and says what is wrong.
void options_read(lua_State *L, struct limits *l);

// Reads the times of conn:timeout from the table at an index, in the same way.
void options_read_times(lua_State *L, int index, struct limits *l);

// The name at an index, which is a string. Raises when a NUL byte is in it.
const char *options_name(lua_State *L, int index, const char *what);

#endif
