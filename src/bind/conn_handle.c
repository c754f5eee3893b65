#include "bind/conn_handle.h"

#include "base/macros.h"
#include "bind/host.h"
#include "bind/served.h"
#include "net/write.h"

#include <lauxlib.h>

static const char handle_key = 0;  // its address is the key of the handle in the table
static const char handle_meta = 0; // ... and of the handles' metatable in the registry

struct handle *conn_handle_check(lua_State *L)
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

void conn_handle_push_origin(lua_State *L)
{
    conn_handle_check(L);
    lua_pushlightuserdata(L, (void *)&handle_key);
    lua_rawget(L, 1);
    lua_getfenv(L, -1);
}

// Takes the origin from the stack and pushes the handle.
static struct handle *push_handle(lua_State *L, struct conn *c)
{
    struct handle *h = lua_newuserdata(L, sizeof(*h));
    *h = (struct handle){.conn = c, .id = c->slot.id, .index = c->index, .remote = c->remote};
    h->datagram = c->datagram;
    h->since = (uint32_t)(c->last_in / (1000000000u / HANDLE_TICKS)); // nothing came before its first event
    c->user.handle = h;
    lua_pushlightuserdata(L, (void *)&handle_meta);
    lua_rawget(L, LUA_REGISTRYINDEX);
    lua_setmetatable(L, -2);
    lua_insert(L, -2);
    lua_setfenv(L, -2);
    lua_pushvalue(L, -1);
    c->user.handle_ref = luaL_ref(L, LUA_REGISTRYINDEX); // a script may empty its table
    return h;
}

// Takes the origin from the stack and pushes the connection's table.
static struct handle *push_new(lua_State *L, struct conn *c)
{
    lua_createtable(L, 0, 1);
    lua_insert(L, -2);
    lua_pushlightuserdata(L, (void *)&handle_key);
    lua_insert(L, -2);
    struct handle *h = push_handle(L, c);
    lua_rawset(L, -3);
    const struct host *host = c->group->net->user;
    lua_rawgeti(L, LUA_REGISTRYINDEX, host->conn_meta);
    lua_setmetatable(L, -2);
    lua_pushvalue(L, -1);
    c->user.ref = luaL_ref(L, LUA_REGISTRYINDEX);
    return h;
}

void conn_handle_push(lua_State *L, struct conn *c)
{
    if (c->user.ref) {
        lua_rawgeti(L, LUA_REGISTRYINDEX, c->user.ref);
        return;
    }
    if (!c->group->user) {
        conn_handle_push_dialed(L, c, ""); // there was no memory when it was dialed
        return;
    }
    served_push(L, c->group);
    push_new(L, c);
}

void conn_handle_push_dialed(lua_State *L, struct conn *c, const char *address)
{
    lua_createtable(L, 0, 1);
    lua_createtable(L, 1, 0);
    lua_pushstring(L, address);
    lua_rawseti(L, -2, 1);
    lua_setfield(L, -2, "addresses");
    struct handle *h = push_new(L, c);
    h->index = 1;
    h->dialed = true;
}

void conn_handle_push_address(lua_State *L, struct conn *c)
{
    lua_rawgeti(L, LUA_REGISTRYINDEX, c->user.handle_ref);
    lua_getfenv(L, -1);
    lua_getfield(L, -1, "addresses");
    lua_rawgeti(L, -1, 1);
    lua_insert(L, -4);
    lua_pop(L, 3);
}

void conn_handle_update(struct conn *c)
{
    struct handle *h = c->user.handle;
    if (!c->user.ref)
        return;
    h->remote = c->remote;
    h->datagram = c->datagram;
}

void conn_handle_keep_local(struct conn *c)
{
    struct handle *h = c->user.handle;
    if (c->user.ref && !h->local.family && (c->peer || c->watch.fd >= 0))
        conn_local(c, &h->local);
}

void conn_handle_release(lua_State *L, struct conn *c)
{
    struct handle *h = c->user.handle;
    if (!c->user.ref)
        return;
    conn_handle_keep_local(c);
    h->conn = NULL;
    if (c->user.ready)
        luaL_unref(L, LUA_REGISTRYINDEX, c->user.ready);
    luaL_unref(L, LUA_REGISTRYINDEX, c->user.ref);
    luaL_unref(L, LUA_REGISTRYINDEX, c->user.handle_ref);
    c->user.ref = 0;
}

void conn_handle_forget_all(struct net *net)
{
    for (size_t i = 0; i < net->conns.size; i++) {
        struct slot *slot = net->conns.table[i];
        struct conn *c = slot ? container_of(slot, struct conn, slot) : NULL;
        if (c && c->user.ref)
            ((struct handle *)c->user.handle)->conn = NULL;
    }
}

void conn_handle_register(lua_State *L)
{
    lua_pushlightuserdata(L, (void *)&handle_meta);
    lua_newtable(L);
    lua_pushliteral(L, "evio.handle");
    lua_setfield(L, -2, "__metatable");
    lua_rawset(L, LUA_REGISTRYINDEX);
}
