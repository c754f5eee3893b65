#include "bind/handlers.h"

#include "base/macros.h"

#include <lauxlib.h>
#include <stdlib.h>
#include <string.h>

const char *const event_names[EVENT_KINDS] = {
    [EVENT_SERVING] = "serving",   [EVENT_OPENED] = "opened",       [EVENT_DATA] = "data",
    [EVENT_EOF] = "eof",           [EVENT_PREWRITE] = "prewrite",   [EVENT_POSTWRITE] = "postwrite",
    [EVENT_DRAINED] = "drained",   [EVENT_CLOSED] = "closed",       [EVENT_TICK] = "tick",
};

static const struct limits defaults = {
    .high = 1 << 20,
    .low = 256 << 10,
    .queue = 64 << 20,
    .input = 1 << 20,
    .linger = 5000000000u,
};

// The value on top, for a message: "5" in quotes, 5, a table.
static const char *describe(lua_State *L)
{
    if (lua_type(L, -1) == LUA_TNUMBER)
        return lua_tostring(L, -1);
    if (lua_type(L, -1) == LUA_TSTRING)
        return lua_pushfstring(L, "\"%s\"", lua_tostring(L, -1));
    return lua_pushfstring(L, "a %s", luaL_typename(L, -1));
}

static size_t option_bytes(lua_State *L, const char *name)
{
    double n = lua_tonumber(L, -1);
    if (lua_type(L, -1) != LUA_TNUMBER || !(n >= 1 && n <= 1 << 30))
        luaL_error(L, "options.%s is %s, expected a number of bytes from 1 to 2^30", name,
                   describe(L));
    return (size_t)n;
}

static uint64_t option_seconds(lua_State *L, const char *name)
{
    double n = lua_tonumber(L, -1);
    if (lua_type(L, -1) != LUA_TNUMBER || !(n >= 0 && n <= 1e6))
        luaL_error(L, "options.%s is %s, expected a number of seconds from 0 to 10^6", name,
                   describe(L));
    return (uint64_t)(n * 1e9);
}

static void set_option(lua_State *L, struct limits *l, const char *name)
{
    if (strcmp(name, "high") == 0)
        l->high = option_bytes(L, name);
    else if (strcmp(name, "low") == 0)
        l->low = option_bytes(L, name);
    else if (strcmp(name, "queue") == 0)
        l->queue = option_bytes(L, name);
    else if (strcmp(name, "input") == 0)
        l->input = option_bytes(L, name);
    else if (strcmp(name, "linger") == 0)
        l->linger = option_seconds(L, name);
    else
        luaL_error(L, "unknown option \"%s\", expected high, low, queue, input or linger", name);
}

// The name at an index, which must be a string. Raises when a NUL byte is in it.
static const char *plain_name(lua_State *L, int index, const char *what)
{
    size_t length;
    const char *name = lua_tolstring(L, index, &length);
    if (strlen(name) != length)
        luaL_error(L, "unknown %s \"%s\\0...\": a NUL byte is in it", what, name);
    return name;
}

static bool option_is_set(lua_State *L, const char *name)
{
    lua_getfield(L, -1, name);
    bool set = !lua_isnil(L, -1);
    lua_pop(L, 1);
    return set;
}

// Marks that are not set follow those that are. The options table is on top of the stack.
static void fit_marks(lua_State *L, struct limits *l)
{
    if (!option_is_set(L, "queue") && l->queue < l->high)
        l->queue = l->high;
    if (!option_is_set(L, "high") && l->high > l->queue)
        l->high = l->queue;
    if (!option_is_set(L, "high") && l->high < l->low)
        l->high = l->low < l->queue ? l->low : l->queue;
    if (!option_is_set(L, "low") && l->low > l->high)
        l->low = l->high / 4;
}

// The options table is on top of the stack; it stays there.
static void read_options(lua_State *L, struct limits *l)
{
    if (lua_type(L, -1) != LUA_TTABLE)
        luaL_error(L, "events.options is a %s, expected a table", luaL_typename(L, -1));
    for (lua_pushnil(L); lua_next(L, -2); lua_pop(L, 1)) {
        if (lua_type(L, -2) != LUA_TSTRING)
            luaL_error(L, "events.options has a %s as a key, expected the name of an option",
                       luaL_typename(L, -2));
        set_option(L, l, plain_name(L, -2, "option"));
    }
    fit_marks(L, l);
    if (l->low > l->high || l->high > l->queue)
        luaL_error(L, "options.low (%d), high (%d) and queue (%d) must not decrease",
                   (int)l->low, (int)l->high, (int)l->queue);
}

static int kind_of(const char *name)
{
    for (int i = 0; i < EVENT_KINDS; i++)
        if (strcmp(name, event_names[i]) == 0)
            return i;
    return -1;
}

static void unknown_event(lua_State *L, const char *name)
{
    luaL_Buffer b;
    luaL_buffinit(L, &b);
    for (int i = 0; i < EVENT_KINDS; i++) {
        luaL_addstring(&b, event_names[i]);
        luaL_addstring(&b, i < EVENT_KINDS - 1 ? ", " : " or ");
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
        if (lua_type(L, -2) != LUA_TSTRING)
            luaL_error(L, "the events table has a %s as a key, expected the name of an event",
                       luaL_typename(L, -2));
        const char *name = plain_name(L, -2, "event");
        if (strcmp(name, "options") == 0) {
            read_options(L, limits);
            continue;
        }
        int kind = kind_of(name);
        if (kind < 0)
            unknown_event(L, name);
        if (lua_type(L, -1) != LUA_TFUNCTION && !(kind == EVENT_DATA && is_stream(L)))
            luaL_error(L, "events.%s is a %s, expected a function", name, luaL_typename(L, -1));
    }
}

struct handlers *handlers_read(lua_State *L, int index, const struct limits *base)
{
    struct limits limits = base ? *base : defaults;
    check(L, index, &limits);
    struct handlers *h = calloc(1, sizeof(*h));
    if (!h)
        luaL_error(L, "out of memory");
    h->users = 1;
    h->limits = limits;
    h->stream_fn = LUA_NOREF;
    for (int i = 0; i < EVENT_KINDS; i++)
        h->refs[i] = LUA_NOREF;
    list_append(&host_get(L)->handlers, &h->link);
    for (int i = 0; i < EVENT_KINDS; i++) {
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
    return h;
}

void handlers_release(lua_State *L, struct handlers *h)
{
    if (--h->users > 0)
        return;
    for (int i = 0; i < EVENT_KINDS; i++)
        luaL_unref(L, LUA_REGISTRYINDEX, h->refs[i]);
    luaL_unref(L, LUA_REGISTRYINDEX, h->stream_fn);
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
