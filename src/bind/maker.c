#include "bind/maker.h"

#include <stdbool.h>
#include <string.h>

// Its address is the key of a table in the registry: the metatables by kind, and true by metatable.
static const char metatables_key = 0;

static void push_metatables(lua_State *L)
{
    lua_pushlightuserdata(L, (void *)&metatables_key);
    lua_rawget(L, LUA_REGISTRYINDEX);
}

static int collect(lua_State *L)
{
    struct maker *m = lua_touserdata(L, 1);
    if (m->kind->release)
        m->kind->release(m);
    return 0;
}

// Makes the metatable of a kind and pushes it; the metatables are on top of the stack.
static void make_metatable(lua_State *L, const struct maker_kind *kind)
{
    lua_createtable(L, 0, 3);
    lua_newtable(L);
    if (kind->methods)
        luaL_register(L, NULL, kind->methods);
    lua_setfield(L, -2, "__index");
    lua_pushcfunction(L, collect);
    lua_setfield(L, -2, "__gc");
    lua_pushstring(L, kind->name);
    lua_setfield(L, -2, "__metatable");
    lua_pushvalue(L, -1);
    lua_pushboolean(L, 1);
    lua_rawset(L, -4);
    lua_pushlightuserdata(L, (void *)kind);
    lua_pushvalue(L, -2);
    lua_rawset(L, -4);
}

static void push_metatable(lua_State *L, const struct maker_kind *kind)
{
    push_metatables(L);
    lua_pushlightuserdata(L, (void *)kind);
    lua_rawget(L, -2);
    if (lua_isnil(L, -1)) {
        lua_pop(L, 1);
        make_metatable(L, kind);
    }
    lua_remove(L, -2);
}

void *maker_new(lua_State *L, const struct maker_kind *kind, size_t size)
{
    struct maker *m = lua_newuserdata(L, size);
    memset(m, 0, size);
    m->kind = kind;
    push_metatable(L, kind);
    lua_setmetatable(L, -2);
    return m;
}

struct maker *maker_at(lua_State *L, int index)
{
    if (lua_type(L, index) != LUA_TUSERDATA || !lua_getmetatable(L, index))
        return NULL;
    push_metatables(L);
    lua_insert(L, -2);
    lua_rawget(L, -2);
    bool yes = lua_toboolean(L, -1);
    lua_pop(L, 2);
    return yes ? lua_touserdata(L, index) : NULL;
}

void *maker_check(lua_State *L, const struct maker_kind *kind, const char *call)
{
    struct maker *m = maker_at(L, 1);
    if (!m || m->kind != kind) {
        lua_pushfstring(L, "what %s makes (call it as %s)", kind->name, call);
        luaL_typerror(L, 1, lua_tostring(L, -1));
    }
    return m;
}

// core.maker_name(value): what made it, as in "evio.tls"; nil when it is no maker.
static int maker_name(lua_State *L)
{
    struct maker *m = maker_at(L, 1);
    if (!m)
        return 0;
    lua_pushstring(L, m->kind->name);
    return 1;
}

void maker_register(lua_State *L)
{
    lua_pushlightuserdata(L, (void *)&metatables_key);
    lua_newtable(L);
    lua_rawset(L, LUA_REGISTRYINDEX);
    lua_pushcfunction(L, maker_name);
    lua_setfield(L, -2, "maker_name");
}
