#include "bind/conn_object.h"

#include "bind/conn_handle.h"
#include "bind/conn_methods.h"
#include "bind/host.h"
#include "bind/proxy.h"
#include "bind/tls.h"

#include <lauxlib.h>
#include <math.h>
#include <stdlib.h>

// fields

static int conn_object_id(lua_State *L)
{
    lua_pushnumber(L, (lua_Number)conn_handle_check(L)->id);
    return 1;
}

static int conn_object_index(lua_State *L)
{
    const struct handle *h = conn_handle_check(L);
    if (h->dialed)
        return 0;
    lua_pushinteger(L, h->index);
    return 1;
}

static int conn_object_server(lua_State *L)
{
    if (conn_handle_check(L)->dialed)
        return 0;
    conn_handle_push_origin(L);
    return 1;
}

// A unix socket's ends are both known by the address that the server listens on, unless a proxy told of
// them, and what is not connected yet by the one that was dialed.
static int push_address(lua_State *L, const struct handle *h, const struct endpoint *e)
{
    char text[ENDPOINT_TEXT_SIZE];
    if (endpoint_text(e, h->datagram ? "udp" : "tcp", text)[0]) {
        lua_pushstring(L, text);
        return 1;
    }
    if (e->family == AF_UNIX && proxy_push_path(L, e == &h->remote))
        return 1;
    conn_handle_push_origin(L);
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
    if (h->conn)
        conn_handle_keep_local(h->conn);
    if (!h->local.family)
        return 0; // not connected
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
    if (h->remote.family != AF_INET && h->remote.family != AF_INET6)
        return 0;
    lua_pushinteger(L, h->remote.port);
    return 1;
}

static int conn_object_tls(lua_State *L)
{
    const struct handle *h = conn_handle_check(L);
    if (!h->conn)
        return 0;
    tls_push_info(L, h->conn);
    return 1;
}

static int conn_object_proxy(lua_State *L)
{
    conn_handle_check(L);
    return proxy_push_info(L);
}

// functions

// The id at index 1; 0, which is nobody's, for a number that cannot be one.
static uint64_t check_id(lua_State *L)
{
    double id = luaL_checknumber(L, 1);
    return id >= 1 && id < 9007199254740992.0 && id == floor(id) ? (uint64_t)id : 0;
}

int conn_object_wake(lua_State *L, struct mailbox *m)
{
    lua_pushboolean(L, mailbox_wake(m, check_id(L)));
    return 1;
}

static int wake(lua_State *L)
{
    return conn_object_wake(L, host_get(L)->net->mailbox);
}

static int find(lua_State *L)
{
    struct conn *c = conn_find(host_get(L)->net, check_id(L));
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
    if (!list && count)
        return luaL_error(L, "out of memory");
    for (size_t i = 0; i < count; i++) {
        lua_pushnumber(L, (lua_Number)list[count - 1 - i]);
        lua_rawseti(L, -2, (int)i + 1);
    }
    free(list);
    return 1;
}

// core.conn_facts(conn): its descriptor, and the seconds since it was made and since input came; nothing for
// one that is closing or gone.
static int facts(lua_State *L)
{
    const struct handle *handle = conn_handle_check(L);
    const struct conn *c = handle->conn;
    if (!c || c->state > CONN_OPEN)
        return 0;
    uint64_t now = c->group->net->now;
    lua_pushinteger(L, c->watch.fd);
    lua_pushnumber(L, (lua_Number)now / 1e9 - (lua_Number)handle->since / HANDLE_TICKS);
    bool is_read = host_get(L)->live.conn == c || c->last_in > now; // its time is set behind the event
    lua_pushnumber(L, is_read ? 0 : (lua_Number)(now - c->last_in) / 1e9);
    return 3;
}

static const luaL_Reg fields[] = {
    {"id", conn_object_id},
    {"index", conn_object_index},
    {"server", conn_object_server},
    {"remote_address", conn_object_remote_address},
    {"local_address", conn_object_local_address},
    {"remote_ip", conn_object_remote_ip},
    {"remote_port", conn_object_remote_port},
    {"tls", conn_object_tls},
    {"proxy", conn_object_proxy},
    {NULL, NULL},
};

void conn_object_register(lua_State *L)
{
    conn_handle_register(L);
    lua_newtable(L);
    lua_pushvalue(L, -1);
    host_get(L)->conn_meta = luaL_ref(L, LUA_REGISTRYINDEX);
    lua_setfield(L, -2, "conn_metatable"); // filled by lua/evio/conn.lua
    conn_methods_push(L);
    lua_setfield(L, -2, "conn_methods");
    lua_pushcfunction(L, conn_methods_check_events);
    lua_setfield(L, -2, "check_events");
    lua_pushcfunction(L, conn_methods_push_behind);
    lua_setfield(L, -2, "push_behind");
    lua_pushcfunction(L, conn_methods_send_file);
    lua_setfield(L, -2, "send_file");
    lua_newtable(L);
    luaL_register(L, NULL, fields);
    lua_setfield(L, -2, "conn_fields");
    lua_pushcfunction(L, wake);
    lua_setfield(L, -2, "wake");
    lua_pushcfunction(L, find);
    lua_setfield(L, -2, "conn");
    lua_pushcfunction(L, ids);
    lua_setfield(L, -2, "conn_ids");
    lua_pushcfunction(L, facts);
    lua_setfield(L, -2, "conn_facts");
}
