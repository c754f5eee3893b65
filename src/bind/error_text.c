#include "bind/error_text.h"

#include "base/error.h"

#include <lauxlib.h>

const char *error_text(lua_State *L, int index)
{
    if (!lua_isstring(L, index)) {
        if (!luaL_callmeta(L, index, "__tostring"))
            lua_pushnil(L);
        if (lua_type(L, -1) != LUA_TSTRING)
            lua_pushfstring(L, "(error object is a %s)", luaL_typename(L, index));
        lua_replace(L, index);
        lua_settop(L, index);
    }
    return lua_tostring(L, index);
}

int error_push(lua_State *L, int error)
{
    char text[128];
    lua_pushnil(L);
    lua_pushstring(L, error_message(error, text, sizeof(text)));
    lua_pushstring(L, error_name(error));
    return 3;
}
