// For the static checks: what lua.h and lauxlib.h do not tell them.
#include <lauxlib.h>

int luaL_error(lua_State *L, const char *format, ...) __attribute__((noreturn));
int lua_error(lua_State *L) __attribute__((noreturn));
int luaL_argerror(lua_State *L, int index, const char *message) __attribute__((noreturn));
int luaL_typerror(lua_State *L, int index, const char *name) __attribute__((noreturn));
