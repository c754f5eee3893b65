#include "bind/run.h"

#include "bind/call.h"
#include "bind/served.h"
#include "bind/timer.h"
#include "net/loop.h"

#include <lauxlib.h>
#include <stdlib.h>
#include <string.h>

// Whether luajit's own SIGINT handler ran just before ours was installed: it sets a hook that
// raises "interrupted!" at the next instruction. The hook is taken away.
static bool interrupted_before(lua_State *L)
{
    if (!lua_gethook(L) || lua_gethookcount(L) != 1 ||
        lua_gethookmask(L) != (LUA_MASKCALL | LUA_MASKRET | LUA_MASKCOUNT))
        return false;
    lua_sethook(L, NULL, 0, 0);
    return true;
}

static bool anything_registered(const struct host *h)
{
    return !list_empty(&h->net->servers) || h->net->dialed.connections > 0 ||
           !list_empty(&h->timers) || !list_empty(&h->jobs);
}

// Whether something is left to do: until the server ended and a shutdown gave the jobs their time,
// or until nothing is registered.
static bool goes_on(const struct host *h, const struct served *until)
{
    if (!until)
        return anything_registered(h);
    return until->server || timer_is_set(&h->jobs_end);
}

// What was listened on before the loop begins is bound by now.
static void become_user(lua_State *L, struct host *h)
{
    const char *user = h->user;
    h->user = NULL;
    int err = user ? net_become(user) : 0;
    if (err)
        luaL_error(L, "cannot run as %s: %s", user, strerror(-err));
}

static void run(lua_State *L, const struct served *until)
{
    struct host *h = host_get(L);
    become_user(L, h);
    int err = loop_begin(h->net);
    call_begin_loop(h, L);
    if (interrupted_before(L))
        shutdown_all(h->net);
    while (!err && !h->failed && goes_on(h, until))
        err = loop_turn(h->net);
    loop_end(h->net);
    report_flush(&h->report);
    h->L = NULL;
    if (h->failed) {
        lua_pushstring(L, h->fatal ? h->fatal : "out of memory");
        free(h->fatal);
        h->fatal = NULL;
        h->failed = false;
        lua_error(L);
    }
    if (err)
        luaL_error(L, "the loop failed: %s", strerror(-err));
}

static int run_listen(lua_State *L)
{
    return served_open(L) ? 1 : 3;
}

static int run_serve(lua_State *L)
{
    if (host_get(L)->L)
        return luaL_error(L, "evio.serve inside of a callback, expected evio.listen there");
    struct served *s = served_open(L);
    if (!s)
        return luaL_error(L, "%s", lua_tostring(L, -2));
    run(L, s);
    return 0;
}

static int run_run(lua_State *L)
{
    if (host_get(L)->L)
        return luaL_error(L, "evio.run inside of a callback: the loop runs already");
    run(L, NULL);
    return 0;
}

static int run_shutdown(lua_State *L)
{
    struct host *h = host_get(L);
    timers_cancel_all(L, h);
    shutdown_all(h->net);
    return 0;
}

static int run_now(lua_State *L)
{
    lua_pushnumber(L, (lua_Number)net_clock() / 1e9);
    return 1;
}

static int run_time(lua_State *L)
{
    lua_pushnumber(L, (lua_Number)net_time() / 1e9);
    return 1;
}

// evio.memory([bytes]): sets the soft limit of the Lua heap. Returns the one that holds.
static int run_memory(lua_State *L)
{
    struct host *h = host_get(L);
    if (!lua_isnoneornil(L, 1))
        options_read_memory(L, 1, &h->defaults);
    lua_pushnumber(L, (lua_Number)h->defaults.memory);
    return 1;
}

void run_register(lua_State *L)
{
    static const luaL_Reg functions[] = {
        {"listen", run_listen}, {"serve", run_serve}, {"run", run_run},
        {"shutdown", run_shutdown}, {"now", run_now}, {"time", run_time},
        {"memory", run_memory}, {NULL, NULL},
    };
    luaL_register(L, NULL, functions);
}

void run_all(lua_State *L)
{
    run(L, NULL);
}
