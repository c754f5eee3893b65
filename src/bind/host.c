#include "bind/host.h"

#include "net/loop.h"
#include "net/pool.h"

#include <errno.h>
#include <lauxlib.h>
#include <lualib.h>
#include <stdlib.h>
#include <string.h>

static const char registry_key = 0, setup_key = 0; // their addresses are keys

static void find_buffer_meta(lua_State *L, struct host *h)
{
    lua_getglobal(L, "require");
    lua_pushliteral(L, "string.buffer");
    lua_call(L, 1, 1);
    lua_getfield(L, -1, "new");
    lua_call(L, 0, 1);
    lua_getmetatable(L, -1);
    h->buffer_meta = lua_topointer(L, -1);
    lua_pop(L, 3);
}

void host_prepare(lua_State *L, const struct host_setup *setup)
{
    lua_pushlightuserdata(L, (void *)&setup_key);
    lua_pushlightuserdata(L, (void *)setup);
    lua_rawset(L, LUA_REGISTRYINDEX);
}

static struct host_setup find_setup(lua_State *L)
{
    lua_pushlightuserdata(L, (void *)&setup_key);
    lua_rawget(L, LUA_REGISTRYINDEX);
    const struct host_setup *setup = lua_touserdata(L, -1);
    lua_pop(L, 1);
    return setup ? *setup : (struct host_setup){.defaults = options_defaults};
}

void host_new(lua_State *L, const struct net_events *events, lua_CFunction collect)
{
    const char *name = getenv("EVIO_BACKEND");
    char text[128];
    struct host *h = lua_newuserdata(L, sizeof(*h));
    memset(h, 0, sizeof(*h));
    lua_newtable(L);
    lua_pushcfunction(L, collect);
    lua_setfield(L, -2, "__gc");
    lua_setmetatable(L, -2);
    list_init(&h->handlers);
    list_init(&h->timers);
    list_init(&h->background);
    list_init(&h->jobs);
    h->live.out = h->out;
    find_buffer_meta(L, h);
    int err = net_open(&h->net, name && *name ? name : NULL, events, h);
    if (err == -EINVAL)
        luaL_error(L, "unknown backend \"%s\" in EVIO_BACKEND, expected one of: %s", name,
                   net_backends(text, sizeof(text)));
    if (err)
        luaL_error(L, "cannot open the poller: %s", strerror(-err));
    struct host_setup setup = find_setup(L);
    h->defaults = setup.defaults;
    h->watchdog = setup.watchdog;
    h->user = setup.user;
    h->live.hash_key = h->net->hash_key;
    report_init(&h->report, h->net);
    h->conn_meta = h->stream_meta = h->take_buffer = LUA_NOREF;

    lua_pushlightuserdata(L, (void *)&registry_key);
    lua_insert(L, -2);
    lua_rawset(L, LUA_REGISTRYINDEX);
}

struct host *host_get(lua_State *L)
{
    lua_pushlightuserdata(L, (void *)&registry_key);
    lua_rawget(L, LUA_REGISTRYINDEX);
    struct host *h = lua_touserdata(L, -1);
    lua_pop(L, 1);
    if (h && !h->net)
        luaL_error(L, "evio is used by a finalizer after the end of the Lua state");
    return h;
}

void host_free(struct host *h)
{
    if (!h->net)
        return;
    if (h->pool)
        pool_close(h->pool);
    loop_free(h->net);
    free(h->fatal);
    h->net = NULL;
}

bool host_is_buffer(const struct host *h, lua_State *L, int index)
{
    if (lua_type(L, index) != LUA_TUSERDATA || !lua_getmetatable(L, index))
        return false;
    bool yes = lua_topointer(L, -1) == h->buffer_meta;
    lua_pop(L, 1);
    return yes;
}

void host_fail(struct host *h, const char *message)
{
    if (!h->failed)
        h->fatal = strdup(message);
    h->failed = true;
}
