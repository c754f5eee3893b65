#include "bind/object.h"

#include <stdbool.h>

static void push_metatable(lua_State *L, const void *key)
{
    lua_pushlightuserdata(L, (void *)key);
    lua_rawget(L, LUA_REGISTRYINDEX);
}

void object_register(lua_State *L, const void *key, const char *name, lua_CFunction collect)
{
    lua_createtable(L, 0, 3);
    lua_insert(L, -2);
    lua_setfield(L, -2, "__index");
    if (collect) {
        lua_pushcfunction(L, collect);
        lua_setfield(L, -2, "__gc");
    }
    lua_pushstring(L, name);
    lua_setfield(L, -2, "__metatable");
    lua_pushlightuserdata(L, (void *)key);
    lua_insert(L, -2);
    lua_rawset(L, LUA_REGISTRYINDEX);
}

void object_adopt(lua_State *L, const void *key)
{
    push_metatable(L, key);
    lua_setmetatable(L, -2);
}

void *object_at(lua_State *L, int index, const void *key)
{
    if (lua_type(L, index) != LUA_TUSERDATA || !lua_getmetatable(L, index))
        return NULL;
    push_metatable(L, key);
    bool yes = lua_rawequal(L, -1, -2);
    lua_pop(L, 2);
    return yes ? lua_touserdata(L, index) : NULL;
}

void *object_check(lua_State *L, int index, const void *key, const char *expected)
{
    void *object = object_at(L, index, key);
    if (!object)
        luaL_typerror(L, index, expected);
    return object;
}
