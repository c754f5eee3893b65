#include "bind/options.h"

#include "base/macros.h"

#include <lauxlib.h>
#include <string.h>

const struct limits options_default = {
    .high = 1 << 20,
    .low = 256 << 10,
    .queue = 64 << 20,
    .input = 1 << 20,
    .linger = 5000000000u,
    .handshake = 10000000000u,
};

enum kind { BYTES, SECONDS, SECONDS_FROM_0, FLAG };

static const struct option {
    const char *name;
    enum kind kind;
    size_t offset; // in struct limits
    bool per_conn; // conn:timeout takes it
} options[] = {
    {"high", BYTES, offsetof(struct limits, high), false},
    {"low", BYTES, offsetof(struct limits, low), false},
    {"queue", BYTES, offsetof(struct limits, queue), false},
    {"input", BYTES, offsetof(struct limits, input), false},
    {"duplex", FLAG, offsetof(struct limits, duplex), false},
    {"linger", SECONDS_FROM_0, offsetof(struct limits, linger), true},
    {"idle", SECONDS, offsetof(struct limits, idle), true},
    {"read", SECONDS, offsetof(struct limits, read), true},
    {"write", SECONDS, offsetof(struct limits, write), true},
    {"handshake", SECONDS, offsetof(struct limits, handshake), false},
};

// The value on top, for a message: "5" in quotes, 5, a table.
static const char *describe(lua_State *L)
{
    if (lua_type(L, -1) == LUA_TNUMBER)
        return lua_tostring(L, -1);
    if (lua_type(L, -1) == LUA_TSTRING)
        return lua_pushfstring(L, "\"%s\"", lua_tostring(L, -1));
    if (lua_type(L, -1) == LUA_TBOOLEAN)
        return lua_toboolean(L, -1) ? "true" : "false";
    return lua_pushfstring(L, "a %s", luaL_typename(L, -1));
}

static size_t read_bytes(lua_State *L, const char *where, const char *name)
{
    double n = lua_tonumber(L, -1);
    if (lua_type(L, -1) != LUA_TNUMBER || !(n >= 1 && n <= 1 << 30))
        luaL_error(L, "%s.%s is %s, expected a number of bytes from 1 to 2^30", where, name,
                   describe(L));
    return (size_t)n;
}

// Returns nanoseconds; false turns a time-out off.
static uint64_t read_seconds(lua_State *L, const char *where, const struct option *o)
{
    double n = lua_tonumber(L, -1), least = o->kind == SECONDS ? 1e-3 : 0;
    if (o->kind == SECONDS && lua_type(L, -1) == LUA_TBOOLEAN && !lua_toboolean(L, -1))
        return LIMIT_OFF;
    if (lua_type(L, -1) != LUA_TNUMBER || !(n >= least && n <= 1e6))
        luaL_error(L, "%s.%s is %s, expected a number of seconds from %s to 10^6%s", where,
                   o->name, describe(L), least > 0 ? "0.001" : "0",
                   least > 0 ? ", or false" : "");
    return (uint64_t)(n * 1e9);
}

// Sets the option from the value on top.
static void set(lua_State *L, const char *where, const struct option *o, struct limits *l)
{
    void *field = (char *)l + o->offset;
    if (o->kind == BYTES) {
        *(size_t *)field = read_bytes(L, where, o->name);
    } else if (o->kind == FLAG) {
        if (lua_type(L, -1) != LUA_TBOOLEAN)
            luaL_error(L, "%s.%s is %s, expected true or false", where, o->name, describe(L));
        *(bool *)field = lua_toboolean(L, -1);
    } else {
        *(uint64_t *)field = read_seconds(L, where, o);
    }
}

// "a, b or c": the names that conn:timeout takes, or all.
static const char *names(lua_State *L, bool per_conn)
{
    const char *all[ARRAY_LEN(options)];
    size_t count = 0;
    for (size_t i = 0; i < ARRAY_LEN(options); i++)
        if (!per_conn || options[i].per_conn)
            all[count++] = options[i].name;
    luaL_Buffer b;
    luaL_buffinit(L, &b);
    for (size_t i = 0; i < count; i++) {
        luaL_addstring(&b, i == 0 ? "" : i == count - 1 ? " or " : ", ");
        luaL_addstring(&b, all[i]);
    }
    luaL_pushresult(&b);
    return lua_tostring(L, -1);
}

static const struct option *find(lua_State *L, const char *name, bool per_conn)
{
    for (size_t i = 0; i < ARRAY_LEN(options); i++)
        if (strcmp(name, options[i].name) == 0 && (!per_conn || options[i].per_conn))
            return &options[i];
    luaL_error(L, "unknown %s \"%s\", expected %s", per_conn ? "time-out" : "option", name,
               names(L, per_conn));
    return NULL;
}

const char *options_name(lua_State *L, int index, const char *what)
{
    size_t length;
    const char *name = lua_tolstring(L, index, &length);
    if (strlen(name) != length)
        luaL_error(L, "unknown %s \"%s\\0...\": a NUL byte is in it", what, name);
    return name;
}

// Reads every field of the table on top, which stays there.
static void read_all(lua_State *L, const char *where, bool per_conn, struct limits *l)
{
    const char *short_name = per_conn ? where : "options";
    for (lua_pushnil(L); lua_next(L, -2); lua_pop(L, 1)) {
        if (lua_type(L, -2) != LUA_TSTRING)
            luaL_error(L, "%s has a %s as a key, expected the name of an option", where,
                       luaL_typename(L, -2));
        const char *name = options_name(L, -2, per_conn ? "time-out" : "option");
        set(L, short_name, find(L, name, per_conn), l);
    }
}

static bool is_set(lua_State *L, const char *name)
{
    lua_getfield(L, -1, name);
    bool yes = !lua_isnil(L, -1);
    lua_pop(L, 1);
    return yes;
}

// Marks that are not set follow those that are.
static void fit_marks(lua_State *L, struct limits *l)
{
    if (!is_set(L, "queue") && l->queue < l->high)
        l->queue = l->high;
    if (!is_set(L, "high") && l->high > l->queue)
        l->high = l->queue;
    if (!is_set(L, "high") && l->high < l->low)
        l->high = l->low < l->queue ? l->low : l->queue;
    if (!is_set(L, "low") && l->low > l->high)
        l->low = l->high / 4;
}

void options_read(lua_State *L, struct limits *l)
{
    if (lua_type(L, -1) != LUA_TTABLE)
        luaL_error(L, "events.options is a %s, expected a table", luaL_typename(L, -1));
    read_all(L, "events.options", false, l);
    fit_marks(L, l);
    if (l->low > l->high || l->high > l->queue)
        luaL_error(L, "options.low (%d), high (%d) and queue (%d) must not decrease",
                   (int)l->low, (int)l->high, (int)l->queue);
}

void options_read_times(lua_State *L, int index, struct limits *l)
{
    lua_pushvalue(L, index);
    read_all(L, "timeout", true, l);
    lua_pop(L, 1);
}
