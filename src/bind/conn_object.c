#include "bind/conn_object.h"

#include "bind/conn_handle.h"
#include "bind/handlers.h"
#include "net/write.h"
#include "base/error.h"

#include <lauxlib.h>
#include <math.h>
#include <stdlib.h>

static struct host *host_of(const struct conn *c)
{
    return c->group->net->user;
}

static int push_false(lua_State *L)
{
    lua_pushboolean(L, 0);
    return 1;
}

static int push_true(lua_State *L)
{
    lua_pushboolean(L, 1);
    return 1;
}

static int push_error(lua_State *L, int error)
{
    char text[128];
    lua_pushnil(L);
    lua_pushstring(L, error_message(error, text, sizeof(text)));
    lua_pushstring(L, error_name(error));
    return 3;
}

// The stream handler being run must not be called again in this event.
static void halt(struct conn *c)
{
    struct evio_live *live = &host_of(c)->live;
    if (live->conn == c)
        live->halt = 1;
}

// methods

static int conn_object_write(lua_State *L)
{
    struct handle *h = conn_handle_check(L);
    size_t n;
    bool buffer = host_is_buffer(host_get(L), L, 2);
    if (!buffer && lua_type(L, 2) != LUA_TSTRING)
        return luaL_typerror(L, 2, "string or string.buffer");
    if (!h->conn)
        return push_false(L);
    if (buffer)
        luaL_callmeta(L, 2, "__tostring");
    const char *bytes = lua_tolstring(L, buffer ? -1 : 2, &n);
    ssize_t pending = conn_write(h->conn, bytes, n);
    if (pending < 0) {
        halt(h->conn);
        return push_false(L);
    }
    if (buffer) {
        lua_getfield(L, 2, "reset");
        lua_pushvalue(L, 2);
        lua_call(L, 1, 0);
    }
    lua_pushnumber(L, (lua_Number)pending);
    return 1;
}

static int conn_object_finish(lua_State *L)
{
    struct handle *h = conn_handle_check(L);
    if (!h->conn || h->conn->state != CONN_OPEN)
        return push_false(L);
    conn_finish(h->conn);
    return push_true(L);
}

static int conn_object_close(lua_State *L)
{
    struct handle *h = conn_handle_check(L);
    if (!h->conn || h->conn->state != CONN_OPEN)
        return push_false(L);
    halt(h->conn);
    conn_close(h->conn, NULL);
    return push_true(L);
}

static int conn_object_abort(lua_State *L)
{
    struct handle *h = conn_handle_check(L);
    if (!h->conn || h->conn->state > CONN_CLOSING)
        return push_false(L);
    halt(h->conn);
    conn_abort(h->conn);
    return push_true(L);
}

static int conn_object_pause(lua_State *L)
{
    struct handle *h = conn_handle_check(L);
    if (!h->conn || h->conn->state != CONN_OPEN)
        return push_false(L);
    halt(h->conn);
    conn_pause(h->conn);
    return push_true(L);
}

static int conn_object_resume(lua_State *L)
{
    struct handle *h = conn_handle_check(L);
    if (!h->conn || h->conn->state != CONN_OPEN)
        return push_false(L);
    conn_resume(h->conn);
    return push_true(L);
}

static int conn_object_pending(lua_State *L)
{
    struct handle *h = conn_handle_check(L);
    if (!h->conn || h->conn->state > CONN_CLOSING)
        return push_false(L);
    lua_pushnumber(L, (lua_Number)conn_pending(h->conn));
    return 1;
}

static int conn_object_handler(lua_State *L)
{
    struct handle *h = conn_handle_check(L);
    size_t n;
    luaL_checktype(L, 2, LUA_TTABLE);
    const char *rest = luaL_optlstring(L, 3, "", &n);
    if (!h->conn || h->conn->state != CONN_OPEN)
        return push_false(L);
    struct conn *c = h->conn;
    struct handlers *old = c->user.handlers, *new = handlers_read(L, 2, &old->limits);
    int err = conn_swap(c, new, &new->limits, rest, n);
    if (err) {
        handlers_release(L, new);
        return push_error(L, -err);
    }
    c->observed = handlers_observe(new);
    handlers_release(L, old);
    halt(c);
    return push_true(L);
}

static int conn_object_keepalive(lua_State *L)
{
    struct handle *h = conn_handle_check(L);
    double seconds = 0;
    if (lua_type(L, 2) != LUA_TBOOLEAN || lua_toboolean(L, 2)) {
        seconds = luaL_checknumber(L, 2);
        luaL_argcheck(L, seconds > 0 && seconds <= 32767, 2, "expected seconds up to 32767, or false");
    }
    if (!h->conn || h->conn->state > CONN_CLOSING)
        return push_false(L);
    // The system counts whole seconds; less than one would be refused.
    int err = conn_set_keepalive(h->conn, (unsigned)ceil(seconds));
    return err ? push_error(L, -err) : push_true(L);
}

static int conn_object_nodelay(lua_State *L)
{
    struct handle *h = conn_handle_check(L);
    luaL_checktype(L, 2, LUA_TBOOLEAN);
    if (!h->conn || h->conn->state > CONN_CLOSING)
        return push_false(L);
    int err = conn_set_nodelay(h->conn, lua_toboolean(L, 2));
    return err ? push_error(L, -err) : push_true(L);
}

// fields

static int conn_object_id(lua_State *L)
{
    lua_pushnumber(L, (lua_Number)conn_handle_check(L)->id);
    return 1;
}

static int conn_object_index(lua_State *L)
{
    lua_pushinteger(L, conn_handle_check(L)->index);
    return 1;
}

static int conn_object_server(lua_State *L)
{
    conn_handle_push_server(L);
    return 1;
}

// A unix socket's ends are both known by the address that the server listens on.
static int push_address(lua_State *L, const struct handle *h, const struct endpoint *e)
{
    char text[ENDPOINT_TEXT_SIZE];
    if (endpoint_text(e, text)[0]) {
        lua_pushstring(L, text);
        return 1;
    }
    conn_object_server(L);
    lua_getfield(L, -1, "addresses");
    if (!lua_istable(L, -1))
        return 0; // the script took it away
    lua_rawgeti(L, -1, h->index);
    return 1;
}

static int conn_object_remote_address(lua_State *L)
{
    struct handle *h = conn_handle_check(L);
    return push_address(L, h, &h->remote);
}

static int conn_object_local_address(lua_State *L)
{
    struct handle *h = conn_handle_check(L);
    if (!h->local.family && h->conn)
        conn_local(h->conn, &h->local);
    return push_address(L, h, &h->local);
}

static int conn_object_remote_ip(lua_State *L)
{
    char text[ENDPOINT_TEXT_SIZE];
    if (!endpoint_ip(&conn_handle_check(L)->remote, text)[0])
        return 0;
    lua_pushstring(L, text);
    return 1;
}

static int conn_object_remote_port(lua_State *L)
{
    const struct handle *h = conn_handle_check(L);
    if (h->remote.family == AF_UNIX)
        return 0;
    lua_pushinteger(L, h->remote.port);
    return 1;
}

// functions

static int find(lua_State *L)
{
    double id = luaL_checknumber(L, 1);
    struct conn *c = NULL;
    if (id >= 1 && id < 9007199254740992.0 && id == floor(id))
        c = conn_find(host_get(L)->net, (uint64_t)id);
    if (c)
        conn_handle_push(L, c);
    else
        lua_pushnil(L);
    return 1;
}

// The ids of all connections, oldest first.
static int ids(lua_State *L)
{
    struct net *net = host_get(L)->net;
    size_t count = net->conns.count;
    lua_createtable(L, (int)count, 0);
    uint64_t *list = slots_ids(&net->conns);
    for (size_t i = 0; list && i < count; i++) {
        lua_pushnumber(L, (lua_Number)list[count - 1 - i]);
        lua_rawseti(L, -2, (int)i + 1);
    }
    free(list);
    return 1;
}

static const luaL_Reg methods[] = {
    {"write", conn_object_write},     {"finish", conn_object_finish},
    {"close", conn_object_close},     {"abort", conn_object_abort},
    {"pause", conn_object_pause},     {"resume", conn_object_resume},
    {"pending", conn_object_pending}, {"handler", conn_object_handler},
    {"keepalive", conn_object_keepalive}, {"nodelay", conn_object_nodelay},
    {NULL, NULL},
};

static const luaL_Reg fields[] = {
    {"id", conn_object_id},
    {"index", conn_object_index},
    {"server", conn_object_server},
    {"remote_address", conn_object_remote_address},
    {"local_address", conn_object_local_address},
    {"remote_ip", conn_object_remote_ip},
    {"remote_port", conn_object_remote_port},
    {NULL, NULL},
};

void conn_object_register(lua_State *L)
{
    conn_handle_register(L);
    lua_newtable(L);
    lua_pushvalue(L, -1);
    host_get(L)->conn_meta = luaL_ref(L, LUA_REGISTRYINDEX);
    lua_setfield(L, -2, "conn_metatable"); // filled by lua/evio/conn.lua
    lua_newtable(L);
    luaL_register(L, NULL, methods);
    lua_setfield(L, -2, "conn_methods");
    lua_newtable(L);
    luaL_register(L, NULL, fields);
    lua_setfield(L, -2, "conn_fields");
    lua_pushcfunction(L, find);
    lua_setfield(L, -2, "conn");
    lua_pushcfunction(L, ids);
    lua_setfield(L, -2, "conn_ids");
}
