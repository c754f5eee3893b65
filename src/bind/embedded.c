#include "bind/embedded.h"

#include "base/macros.h"

#include "modules.h" // generated: static arrays of bytecode, and their table `modules`

#include <lauxlib.h>
#include <stdlib.h>

static int open_embedded(lua_State *L)
{
    const struct module *m = lua_touserdata(L, lua_upvalueindex(1));
    if (luaL_loadbuffer(L, (const char *)m->code, m->size, m->name) != 0)
        return lua_error(L);
    lua_pushstring(L, m->name);
    lua_call(L, 1, 1);
    return 1;
}

static void prepend_path(lua_State *L, const char *tree)
{
    lua_getglobal(L, "package");
    lua_getfield(L, -1, "path");
    lua_pushfstring(L, "%s/?.lua;%s/?/init.lua;%s", tree, tree, lua_tostring(L, -1));
    lua_setfield(L, -3, "path");
    lua_pop(L, 2);
}

void embedded_preload(lua_State *L)
{
    const char *tree = getenv("EVIO_LUA_PATH");
    lua_getglobal(L, "package");
    lua_getfield(L, -1, "preload");
    lua_pushvalue(L, -3);
    lua_setfield(L, -2, "evio.core");
    for (size_t i = 0; i < ARRAY_LEN(modules) && !(tree && *tree); i++) {
        lua_pushlightuserdata(L, (void *)&modules[i]);
        lua_pushcclosure(L, open_embedded, 1);
        lua_setfield(L, -2, modules[i].name);
    }
    lua_pop(L, 3);
    if (tree && *tree)
        prepend_path(L, tree);
    lua_getglobal(L, "require");
    lua_pushliteral(L, "evio.pairs");
    lua_call(L, 1, 0);
}
