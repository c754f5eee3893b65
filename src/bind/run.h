// Running the loop from Lua: evio.serve, evio.listen, evio.run, evio.shutdown.
#ifndef BIND_RUN_H
#define BIND_RUN_H

#include <lua.h>
#include <stdbool.h>

// Adds the functions to the module table on top of the stack.
void run_register(lua_State *L);

// Runs until nothing is registered. Raises on what ended it early.
void run_all(lua_State *L);

#endif
