#include "bind/timer.h"

#include "base/macros.h"
#include "bind/call.h"
#include "bind/object.h"
#include "net/server.h"

#include <lauxlib.h>

static const char timer_meta = 0; // its address is the key of the metatable in the registry

// A userdata, which the registry keeps alive while the timer is pending.
struct script_timer {
    struct timer timer;
    struct host *host;
    struct link link;  // in a list of the host's while it is pending
    int64_t period;    // in nanoseconds; negative for one that fires once
    bool hastened;     // a shutdown does not cancel it, but makes it due
    int function, self; // registry references
};

static struct script_timer *check(lua_State *L)
{
    return object_check(L, 1, &timer_meta, "timer (call it as timer:cancel())");
}

static void stop(struct script_timer *t)
{
    timer_cancel(t->host->net, &t->timer);
    list_remove(&t->link);
}

static void release(lua_State *L, struct script_timer *t)
{
    luaL_unref(L, LUA_REGISTRYINDEX, t->function);
    luaL_unref(L, LUA_REGISTRYINDEX, t->self);
}

static void fire(struct timer *timer)
{
    struct script_timer *t = container_of(timer, struct script_timer, timer);
    struct host *h = t->host;
    struct net *net = h->net;
    bool once = t->period < 0;
    struct event e = {.kind = EVENT_TIMER, .function = t->function};
    if (once)
        stop(t);
    else
        timer_set(net, timer, timer_next(timer->node.key, (uint64_t)t->period, net->now));
    if (call_handler(h, &e) && e.action == ACTION_SHUTDOWN)
        shutdown_all(net);
    call_end(h, &e);
    if (once)
        release(h->L, t); // one that repeats may be gone by now
}

static int start(lua_State *L, bool repeats, bool background)
{
    struct host *h = host_get(L);
    double seconds = luaL_checknumber(L, 1);
    luaL_argcheck(L, seconds >= 0 && seconds <= 1e9, 1, "expected seconds from 0 to 10^9");
    luaL_checktype(L, 2, LUA_TFUNCTION);
    int64_t nanoseconds = (int64_t)(seconds * 1e9);
    struct script_timer *t = lua_newuserdata(L, sizeof(*t));
    *t = (struct script_timer){
        .timer.fire = fire, .host = h, .period = repeats ? nanoseconds : -1,
    };
    object_adopt(L, &timer_meta);
    lua_pushvalue(L, 2);
    t->function = luaL_ref(L, LUA_REGISTRYINDEX);
    lua_pushvalue(L, -1);
    t->self = luaL_ref(L, LUA_REGISTRYINDEX);
    list_append(background ? &h->background : &h->timers, &t->link);
    if (timer_set(h->net, &t->timer, net_clock() + (uint64_t)nanoseconds) < 0) {
        stop(t);
        release(L, t);
        return luaL_error(L, "out of memory");
    }
    return 1;
}

static int after(lua_State *L)
{
    return start(L, false, false);
}

static int every(lua_State *L)
{
    return start(L, true, false);
}

// For modules: one that fires at a shutdown at the latest.
static int after_or_end(lua_State *L)
{
    start(L, false, false);
    struct script_timer *t = lua_touserdata(L, -1);
    t->hastened = true;
    return 1;
}

// For modules: one that neither keeps the loop going nor is ended by a shutdown.
static int every_behind(lua_State *L)
{
    return start(L, true, true);
}

static int cancel(lua_State *L)
{
    struct script_timer *t = check(L);
    host_get(L); // raises in a finalizer that runs when the loop is gone
    bool pending = link_in_list(&t->link);
    if (pending) {
        stop(t);
        release(L, t);
    }
    lua_pushboolean(L, pending);
    return 1;
}

void timers_cancel_all(lua_State *L, struct host *h)
{
    struct link *next;
    for (struct link *link = h->timers.next; link != &h->timers; link = next) {
        struct script_timer *t = container_of(link, struct script_timer, link);
        next = link->next;
        if (t->hastened && timer_set(h->net, &t->timer, h->net->now) == 0)
            continue;
        stop(t);
        release(L, t);
    }
}

void timer_register(lua_State *L)
{
    static const luaL_Reg functions[] = {
        {"after", after}, {"every", every}, {"every_behind", every_behind},
        {"after_or_end", after_or_end}, {NULL, NULL},
    };
    luaL_register(L, NULL, functions);
    lua_createtable(L, 0, 1);
    lua_pushcfunction(L, cancel);
    lua_setfield(L, -2, "cancel");
    object_register(L, &timer_meta, "evio.timer", NULL);
}
