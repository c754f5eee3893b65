#include "bind/served.h"

#include "base/error.h"
#include "base/macros.h"

#include <lauxlib.h>
#include <string.h>

static int close_server(lua_State *L)
{
    struct served *s = lua_touserdata(L, lua_upvalueindex(1));
    if (s->server)
        server_close(s->server);
    lua_pushboolean(L, s->server != NULL);
    return 1;
}

// The table: addresses, and close as a closure over the userdata, so that nothing can be forged.
static void push_table(lua_State *L, struct served *s, int userdata)
{
    lua_newtable(L);
    lua_newtable(L);
    for (int i = 0; i < s->server->address_count; i++) {
        lua_pushstring(L, s->server->addresses[i]);
        lua_rawseti(L, -2, i + 1);
    }
    lua_setfield(L, -2, "addresses");
    lua_pushvalue(L, userdata);
    lua_pushcclosure(L, close_server, 1);
    lua_setfield(L, -2, "close");
}

static const char **read_addresses(lua_State *L, int count)
{
    if (count < 1)
        luaL_error(L, "an address is missing, expected one such as \"tcp://localhost:5000\"");
    const char **addresses = lua_newuserdata(L, (size_t)count * sizeof(char *));
    for (int i = 0; i < count; i++) {
        size_t length;
        if (lua_type(L, i + 2) != LUA_TSTRING)
            luaL_error(L, "address %d is a %s, expected a string such as \"tcp://localhost:5000\"",
                       i + 1, luaL_typename(L, i + 2));
        addresses[i] = lua_tolstring(L, i + 2, &length);
        if (strlen(addresses[i]) != length)
            luaL_error(L, "bad address \"%s\": a NUL byte is in it", addresses[i]);
    }
    return addresses;
}

struct served *served_open(lua_State *L)
{
    struct host *h = host_get(L);
    char error[ADDR_ERROR_SIZE];
    struct addr a;
    int count = lua_gettop(L) - 1;
    luaL_checktype(L, 1, LUA_TTABLE);
    const char **addresses = read_addresses(L, count);
    for (int i = 0; i < count; i++)
        if (addr_parse(&a, addresses[i], error) < 0)
            luaL_error(L, "%s", error);
        else if (a.transport == ADDR_UDP)
            handlers_check_datagrams(L, 1);
    handlers_check_translators(L, 1);
    struct served *s = lua_newuserdata(L, sizeof(*s));
    int userdata = lua_gettop(L);
    *s = (struct served){.host = h, .ref = LUA_NOREF, .last_delay = 1000000000};
    s->handlers = handlers_read(L, 1, NULL);
    struct server_options options = {
        .addresses = addresses,
        .address_count = count,
        .limits = &s->handlers->limits,
        .handlers = s->handlers,
        .user = s,
    };
    int err = server_open(&s->server, h->net, &options, error);
    if (err) {
        handlers_release(L, s->handlers);
        lua_pushnil(L);
        lua_pushstring(L, error);
        lua_pushstring(L, error_name(-err));
        return NULL;
    }
    push_table(L, s, userdata);
    lua_pushvalue(L, -1);
    s->ref = luaL_ref(L, LUA_REGISTRYINDEX);
    lua_pushvalue(L, userdata);
    s->self = luaL_ref(L, LUA_REGISTRYINDEX);
    return s;
}

void served_push(lua_State *L, struct conn_group *group)
{
    const struct served *s = group->user;
    lua_rawgeti(L, LUA_REGISTRYINDEX, s->ref);
}

void served_release(lua_State *L, struct served *s)
{
    s->server = NULL;
    handlers_release(L, s->handlers);
    luaL_unref(L, LUA_REGISTRYINDEX, s->ref);
    luaL_unref(L, LUA_REGISTRYINDEX, s->self);
}

void served_forget_all(struct net *net)
{
    for (struct link *i = net->servers.next; i != &net->servers; i = i->next) {
        struct served *s = container_of(i, struct server, link)->group.user;
        s->server = NULL;
    }
}
