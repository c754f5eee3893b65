#include "bind/handlers.h"

#include "base/macros.h"
#include "bind/maker.h"
#include "bind/options.h"

#include <lauxlib.h>
#include <stdlib.h>
#include <string.h>

const char *const event_names[EVENT_KINDS] = {
    [EVENT_SERVING] = "serving",   [EVENT_OPENED] = "opened",     [EVENT_DATA] = "data",
    [EVENT_WOKEN] = "woken",       [EVENT_EOF] = "eof",           [EVENT_PREWRITE] = "prewrite",
    [EVENT_POSTWRITE] = "postwrite", [EVENT_DRAINED] = "drained", [EVENT_STOPPING] = "stopping",
    [EVENT_DETACHED] = "detached", [EVENT_CLOSED] = "closed",     [EVENT_FAILED] = "failed",     [EVENT_TICK] = "tick",
    [EVENT_TRANSLATE] = "translate", [EVENT_READY] = "ready",
    [EVENT_TIMER] = "timer",       [EVENT_JOB] = "a job's callback",
};

const char handlers_translate_key = 0;
const char handlers_session_key = 0;

static int kind_of(const char *name)
{
    for (int i = 0; i < HANDLER_KINDS; i++)
        if (strcmp(name, event_names[i]) == 0)
            return i;
    return -1;
}

static void unknown_event(lua_State *L, const char *name)
{
    luaL_Buffer b;
    luaL_buffinit(L, &b);
    for (int i = 0; i < HANDLER_KINDS; i++) {
        luaL_addstring(&b, event_names[i]);
        luaL_addstring(&b, i < HANDLER_KINDS - 1 ? ", " : " or ");
    }
    luaL_addstring(&b, "options");
    luaL_pushresult(&b);
    luaL_error(L, "unknown event \"%s\", expected %s", name, lua_tostring(L, -1));
}

// Whether the value on top is what evio.stream returned: a table with that metatable.
static bool is_stream(lua_State *L)
{
    if (lua_type(L, -1) != LUA_TTABLE || !lua_getmetatable(L, -1))
        return false;
    lua_rawgeti(L, LUA_REGISTRYINDEX, host_get(L)->stream_meta);
    bool yes = lua_rawequal(L, -1, -2);
    lua_pop(L, 2);
    return yes;
}

// Everything is checked before anything is kept.
static void check(lua_State *L, int index, struct limits *limits)
{
    luaL_checktype(L, index, LUA_TTABLE);
    for (lua_pushnil(L); lua_next(L, index); lua_pop(L, 1)) {
        if (lua_touserdata(L, -2) == &handlers_translate_key)
            continue;
        if (lua_type(L, -2) != LUA_TSTRING)
            luaL_error(L, "the events table has a %s as a key, expected the name of an event",
                       luaL_typename(L, -2));
        const char *name = options_name(L, -2, "event");
        if (strcmp(name, "options") == 0) {
            options_read(L, limits);
            continue;
        }
        int kind = kind_of(name);
        if (kind < 0)
            unknown_event(L, name);
        if (lua_type(L, -1) != LUA_TFUNCTION && !(kind == EVENT_DATA && is_stream(L)))
            luaL_error(L, "events.%s is a %s, expected a function", name, luaL_typename(L, -1));
    }
}

// Where options.input is not set, as much may wait as the largest message of a codec's handler takes.
static void fit_input(lua_State *L, int index, struct limits *limits)
{
    int top = lua_gettop(L);
    lua_pushliteral(L, "options");
    lua_rawget(L, index);
    if (lua_istable(L, -1))
        lua_getfield(L, -1, "input");
    bool set = lua_gettop(L) == top + 2 && !lua_isnil(L, -1);
    lua_pushliteral(L, "data");
    lua_rawget(L, index);
    if (!set && is_stream(L)) {
        lua_getfield(L, -1, "input");
        size_t most = (size_t)lua_tonumber(L, -1);
        if (limits->input < most)
            limits->input = most;
    }
    lua_settop(L, top);
}

bool handlers_translated(lua_State *L, int index)
{
    lua_pushlightuserdata(L, (void *)&handlers_translate_key);
    lua_rawget(L, index);
    bool yes = !lua_isnil(L, -1);
    lua_pop(L, 1);
    return yes;
}

void handlers_check_datagrams(lua_State *L, int index)
{
    static const char *const refused[] = {"eof", "detached"};
    if (handlers_translated(L, index))
        luaL_error(L, "a translator does not apply to udp addresses");
    for (size_t i = 0; i < ARRAY_LEN(refused); i++) {
        lua_getfield(L, index, refused[i]);
        if (!lua_isnil(L, -1))
            luaL_error(L, "events.%s does not apply to udp addresses", refused[i]);
        lua_pop(L, 1);
    }
    lua_getfield(L, index, "data");
    if (is_stream(L))
        luaL_error(L, "events.data is a stream, which does not apply to udp addresses: expected a "
                      "function(conn, datagram)");
    lua_pop(L, 1);
}

void handlers_check_translators(lua_State *L, int index)
{
    lua_pushlightuserdata(L, (void *)&handlers_translate_key);
    lua_rawget(L, index);
    int list = lua_gettop(L), count = lua_istable(L, list) ? (int)lua_objlen(L, list) : 0;
    for (int i = 1; i <= count; i++) {
        lua_rawgeti(L, list, i);
        lua_getfield(L, -1, "should");
        lua_getfield(L, -2, "make");
        const struct maker *m = lua_isnil(L, -2) ? maker_at(L, -1) : NULL;
        const char *lacks = m && m->kind->lacks ? m->kind->lacks(m) : NULL;
        if (lacks)
            luaL_error(L, "%s has no %s", m->kind->name, lacks);
        lua_settop(L, list);
    }
    lua_settop(L, list - 1);
}

// Puts the usual events that a session's become in its place.
static void expand_session(lua_State *L, int index)
{
    lua_pushlightuserdata(L, (void *)&handlers_session_key);
    lua_rawget(L, index);
    bool is_session = !lua_isnil(L, -1);
    lua_pop(L, 1);
    if (!is_session)
        return;
    lua_rawgeti(L, LUA_REGISTRYINDEX, host_get(L)->session);
    lua_pushvalue(L, index);
    lua_call(L, 1, 1);
    lua_replace(L, index);
}

struct handlers *handlers_read(lua_State *L, int index, const struct limits *base)
{
    struct limits limits = base ? *base : host_get(L)->defaults.limits;
    expand_session(L, index);
    int top = lua_gettop(L);
    check(L, index, &limits);
    fit_input(L, index, &limits);
    struct handlers *h = calloc(1, sizeof(*h));
    if (!h)
        luaL_error(L, "out of memory");
    h->users = 1;
    h->limits = limits;
    h->stream_fn = LUA_NOREF;
    h->translators = LUA_NOREF;
    for (int i = 0; i < HANDLER_KINDS; i++)
        h->refs[i] = LUA_NOREF;
    list_append(&host_get(L)->handlers, &h->link);
    for (int i = 0; i < HANDLER_KINDS; i++) {
        lua_pushstring(L, event_names[i]);
        lua_rawget(L, index);
        if (i == EVENT_DATA && lua_type(L, -1) == LUA_TTABLE) {
            h->stream = true;
            lua_getfield(L, -1, "fn");
            h->stream_fn = luaL_ref(L, LUA_REGISTRYINDEX);
            lua_getfield(L, -1, "drive");
            lua_remove(L, -2);
        }
        if (lua_isnil(L, -1))
            lua_pop(L, 1);
        else
            h->refs[i] = luaL_ref(L, LUA_REGISTRYINDEX);
    }
    lua_pushlightuserdata(L, (void *)&handlers_translate_key);
    lua_rawget(L, index);
    h->translators = LUA_NOREF;
    if (!lua_isnil(L, -1))
        h->translators = luaL_ref(L, LUA_REGISTRYINDEX);
    lua_settop(L, top);
    return h;
}

void handlers_release(lua_State *L, struct handlers *h)
{
    if (--h->users > 0)
        return;
    for (int i = 0; i < HANDLER_KINDS; i++)
        luaL_unref(L, LUA_REGISTRYINDEX, h->refs[i]);
    luaL_unref(L, LUA_REGISTRYINDEX, h->stream_fn);
    luaL_unref(L, LUA_REGISTRYINDEX, h->translators);
    list_remove(&h->link);
    free(h);
}

void handlers_push_function(lua_State *L, const struct handlers *h, enum event_kind kind)
{
    bool stream = kind == EVENT_DATA && h->stream;
    lua_rawgeti(L, LUA_REGISTRYINDEX, stream ? h->stream_fn : h->refs[kind]);
}

void handlers_free_all(struct host *h)
{
    struct link *link;
    while ((link = list_take(&h->handlers)))
        free(container_of(link, struct handlers, link));
}
