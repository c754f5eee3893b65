#include "bind/file.h"

#include "bind/error_text.h"
#include "net/send_file.h"

#include <lauxlib.h>

static const char file_meta = 0; // its address is the key of the metatable in the registry

struct file_object {
    int fd; // negative once it is closed
};

static void push_metatable(lua_State *L)
{
    lua_pushlightuserdata(L, (void *)&file_meta);
    lua_rawget(L, LUA_REGISTRYINDEX);
}

static struct file_object *check(lua_State *L, int index)
{
    if (lua_type(L, index) == LUA_TUSERDATA && lua_getmetatable(L, index)) {
        push_metatable(L);
        bool yes = lua_rawequal(L, -1, -2);
        lua_pop(L, 2);
        if (yes)
            return lua_touserdata(L, index);
    }
    luaL_typerror(L, index, "file");
    return NULL;
}

// core.open_file(root, path): the file, its size, and the seconds and nanoseconds when it was changed last; or nil, the
// message and the code. See os/file.h.
static int open_file(lua_State *L)
{
    const char *root = luaL_checkstring(L, 1), *path = luaL_checkstring(L, 2);
    struct file_object *f = lua_newuserdata(L, sizeof(*f));
    struct file_facts facts;
    f->fd = -1;
    push_metatable(L);
    lua_setmetatable(L, -2);
    int fd = conn_open_file(root, path, &facts);
    if (fd < 0)
        return error_push(L, -fd);
    f->fd = fd;
    lua_pushnumber(L, (lua_Number)facts.size);
    lua_pushnumber(L, (lua_Number)facts.seconds);
    lua_pushinteger(L, facts.nanoseconds);
    return 4;
}

static int close_file(lua_State *L)
{
    struct file_object *f = check(L, 1);
    conn_close_file(f->fd);
    f->fd = -1;
    return 0;
}

static int collect(lua_State *L)
{
    struct file_object *f = lua_touserdata(L, 1);
    conn_close_file(f->fd);
    return 0;
}

int file_object_take(lua_State *L, int index)
{
    struct file_object *f = check(L, index);
    int fd = f->fd;
    f->fd = -1;
    if (fd < 0)
        luaL_argerror(L, index, "the file is closed");
    return fd;
}

void file_object_register(lua_State *L)
{
    lua_pushlightuserdata(L, (void *)&file_meta);
    lua_createtable(L, 0, 3);
    lua_createtable(L, 0, 1);
    lua_pushcfunction(L, close_file);
    lua_setfield(L, -2, "close");
    lua_setfield(L, -2, "__index");
    lua_pushcfunction(L, collect);
    lua_setfield(L, -2, "__gc");
    lua_pushliteral(L, "evio.file");
    lua_setfield(L, -2, "__metatable");
    lua_rawset(L, LUA_REGISTRYINDEX);
    lua_pushcfunction(L, open_file);
    lua_setfield(L, -2, "open_file");
}
