#include "bind/file.h"

#include "bind/error_text.h"
#include "bind/object.h"
#include "net/send_file.h"

static const char file_meta = 0; // its address is the key of the metatable in the registry

struct file_object {
    int fd; // negative once it is closed
};

static struct file_object *check(lua_State *L, int index)
{
    return object_check(L, index, &file_meta, "file");
}

// core.open_file(root, path): the file, its size, and the seconds and nanoseconds when it was changed last; or nil, the
// message and the code. See os/file.h.
static int open_file(lua_State *L)
{
    const char *root = luaL_checkstring(L, 1), *path = luaL_checkstring(L, 2);
    struct file_object *f = lua_newuserdata(L, sizeof(*f));
    struct file_facts facts;
    f->fd = -1;
    object_adopt(L, &file_meta);
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
    lua_createtable(L, 0, 1);
    lua_pushcfunction(L, close_file);
    lua_setfield(L, -2, "close");
    object_register(L, &file_meta, "evio.file", collect);
    lua_pushcfunction(L, open_file);
    lua_setfield(L, -2, "open_file");
}
