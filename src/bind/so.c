// The entry point of evio.so: require("evio") in a plain LuaJIT.
#include "bind/module.h"

#include <lauxlib.h>

int luaopen_evio(lua_State *L);

__attribute__((visibility("default"))) int luaopen_evio(lua_State *L)
{
    module_preload(L);
    // The loader that was found first for "evio" is this one; the module's Lua part is the next.
    lua_getglobal(L, "package");
    lua_getfield(L, -1, "preload");
    lua_getfield(L, -1, "evio");
    if (lua_isnil(L, -1))
        return luaL_error(L, "evio.so takes its Lua part along; EVIO_LUA_PATH is for evio-lua");
    lua_pushliteral(L, "evio");
    lua_call(L, 1, 1);
    return 1;
}
