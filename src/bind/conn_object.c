#include "bind/conn_object.h"

#include "bind/handlers.h"
#include "bind/served.h"
#include "net/write.h"
#include "base/error.h"

#include <lauxlib.h>
#include <math.h>
#include <stdlib.h>

// A userdata; its environment is the server's table, so that `conn.server` keeps it alive.
struct handle {
    struct conn *conn; // NULL once it is gone
    uint64_t id;
    int index;
    struct endpoint remote, local;
};

static const char handle_key = 0;  // its address is the key of the handle in the table
static const char handle_meta = 0; // ... and of the handles' metatable in the registry

static struct host *host_of(const struct conn *c)
{
    return c->group->net->user;
}

// check

static struct handle *check_handle(lua_State *L)
{
    struct handle *h = NULL;
    if (lua_type(L, 1) == LUA_TTABLE) {
        lua_pushlightuserdata(L, (void *)&handle_key);
        lua_rawget(L, 1);
        if (lua_getmetatable(L, -1)) {
            lua_pushlightuserdata(L, (void *)&handle_meta);
            lua_rawget(L, LUA_REGISTRYINDEX);
            if (lua_rawequal(L, -1, -2))
                h = lua_touserdata(L, -3);
            lua_pop(L, 2);
        }
        lua_pop(L, 1);
    }
    if (!h)
        luaL_typerror(L, 1, "connection (call it as conn:method())");
    return h;
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

// new

static void push_handle(lua_State *L, struct conn *c)
{
    struct handle *h = lua_newuserdata(L, sizeof(*h));
    *h = (struct handle){.conn = c, .id = c->slot.id, .index = c->index, .remote = c->remote};
    c->user.handle = h;
    lua_pushlightuserdata(L, (void *)&handle_meta);
    lua_rawget(L, LUA_REGISTRYINDEX);
    lua_setmetatable(L, -2);
    served_push(L, c->group);
    lua_setfenv(L, -2);
    lua_pushvalue(L, -1);
    c->user.handle_ref = luaL_ref(L, LUA_REGISTRYINDEX); // a script may empty its table
}

void conn_object_push(lua_State *L, struct conn *c)
{
    if (c->user.ref) {
        lua_rawgeti(L, LUA_REGISTRYINDEX, c->user.ref);
        return;
    }
    lua_createtable(L, 0, 1);
    lua_pushlightuserdata(L, (void *)&handle_key);
    push_handle(L, c);
    lua_rawset(L, -3);
    lua_rawgeti(L, LUA_REGISTRYINDEX, host_of(c)->conn_meta);
    lua_setmetatable(L, -2);
    lua_pushvalue(L, -1);
    c->user.ref = luaL_ref(L, LUA_REGISTRYINDEX);
}

void conn_object_release(lua_State *L, struct conn *c)
{
    struct handle *h = c->user.handle;
    if (!c->user.ref)
        return;
    if (!h->local.family)
        conn_local(c, &h->local);
    h->conn = NULL;
    luaL_unref(L, LUA_REGISTRYINDEX, c->user.ref);
    luaL_unref(L, LUA_REGISTRYINDEX, c->user.handle_ref);
    c->user.ref = 0;
}

// callback-side effects

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
    struct handle *h = check_handle(L);
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
    struct handle *h = check_handle(L);
    if (!h->conn || h->conn->state != CONN_OPEN)
        return push_false(L);
    conn_finish(h->conn);
    return push_true(L);
}

static int conn_object_close(lua_State *L)
{
    struct handle *h = check_handle(L);
    if (!h->conn || h->conn->state != CONN_OPEN)
        return push_false(L);
    halt(h->conn);
    conn_close(h->conn, NULL);
    return push_true(L);
}

static int conn_object_abort(lua_State *L)
{
    struct handle *h = check_handle(L);
    if (!h->conn || h->conn->state > CONN_CLOSING)
        return push_false(L);
    halt(h->conn);
    conn_abort(h->conn);
    return push_true(L);
}

static int conn_object_pause(lua_State *L)
{
    struct handle *h = check_handle(L);
    if (!h->conn || h->conn->state != CONN_OPEN)
        return push_false(L);
    halt(h->conn);
    conn_pause(h->conn);
    return push_true(L);
}

static int conn_object_resume(lua_State *L)
{
    struct handle *h = check_handle(L);
    if (!h->conn || h->conn->state != CONN_OPEN)
        return push_false(L);
    conn_resume(h->conn);
    return push_true(L);
}

static int conn_object_pending(lua_State *L)
{
    struct handle *h = check_handle(L);
    if (!h->conn || h->conn->state > CONN_CLOSING)
        return push_false(L);
    lua_pushnumber(L, (lua_Number)conn_pending(h->conn));
    return 1;
}

static int conn_object_handler(lua_State *L)
{
    struct handle *h = check_handle(L);
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
    struct handle *h = check_handle(L);
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
    struct handle *h = check_handle(L);
    luaL_checktype(L, 2, LUA_TBOOLEAN);
    if (!h->conn || h->conn->state > CONN_CLOSING)
        return push_false(L);
    int err = conn_set_nodelay(h->conn, lua_toboolean(L, 2));
    return err ? push_error(L, -err) : push_true(L);
}

// fields

static int conn_object_id(lua_State *L)
{
    lua_pushnumber(L, (lua_Number)check_handle(L)->id);
    return 1;
}

static int conn_object_index(lua_State *L)
{
    lua_pushinteger(L, check_handle(L)->index);
    return 1;
}

static int conn_object_server(lua_State *L)
{
    check_handle(L);
    lua_pushlightuserdata(L, (void *)&handle_key);
    lua_rawget(L, 1);
    lua_getfenv(L, -1);
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
    lua_rawgeti(L, -1, h->index);
    return 1;
}

static int conn_object_remote_address(lua_State *L)
{
    struct handle *h = check_handle(L);
    return push_address(L, h, &h->remote);
}

static int conn_object_local_address(lua_State *L)
{
    struct handle *h = check_handle(L);
    if (!h->local.family && h->conn)
        conn_local(h->conn, &h->local);
    return push_address(L, h, &h->local);
}

static int conn_object_remote_ip(lua_State *L)
{
    char text[ENDPOINT_TEXT_SIZE];
    if (!endpoint_ip(&check_handle(L)->remote, text)[0])
        return 0;
    lua_pushstring(L, text);
    return 1;
}

static int conn_object_remote_port(lua_State *L)
{
    const struct handle *h = check_handle(L);
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
        conn_object_push(L, c);
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
    lua_pushlightuserdata(L, (void *)&handle_meta);
    lua_newtable(L);
    lua_pushliteral(L, "evio.handle");
    lua_setfield(L, -2, "__metatable");
    lua_rawset(L, LUA_REGISTRYINDEX);

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
