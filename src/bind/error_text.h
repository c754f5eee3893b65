// Errors as text: error objects, and errno as what a function returns.
#ifndef BIND_ERROR_TEXT_H
#define BIND_ERROR_TEXT_H

#include <lua.h>

// Replaces the error object at an index by its text: its own, its __tostring's, or what it is.
const char *error_text(lua_State *L, int index);

// Pushes nil, the message and the name of a positive errno; returns 3.
int error_push(lua_State *L, int error);

#endif
