#include "bind/options.h"

#include "base/macros.h"

#include <lauxlib.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

const struct defaults options_defaults = {
    .limits = {
        .high = 1 << 20,
        .low = 256 << 10,
        .queue = 64 << 20,
        .input = 1 << 20,
        .linger = 5000000000u,
        .handshake = 10000000000u,
    },
    .memory = (size_t)1 << 30,
    .jobs = 1024,
};

enum kind { BYTES, MEMORY, COUNT, SECONDS, SECONDS_FROM_0, FLAG };

static const struct {
    double least, most;
    const char *expected;
} kinds[] = {
    [BYTES] = {1, 1 << 30, "a number of bytes from 1 to 2^30"},
    [MEMORY] = {1 << 20, (double)((uint64_t)1 << 40), "a number of bytes from 2^20 to 2^40"},
    [COUNT] = {1, 1e6, "a whole number from 1 to 10^6"},
    [SECONDS] = {1e-3, 1e6, "a number of seconds from 0.001 to 10^6, or false"},
    [SECONDS_FROM_0] = {0, 1e6, "a number of seconds from 0 to 10^6"},
    [FLAG] = {0, 1, "true or false"},
};

// Who sets it: conn:timeout, too; events.options; the command line alone.
enum scope { CONN, SERVER, PROCESS };

static const struct option {
    const char *name;
    enum kind kind;
    size_t offset; // in struct defaults
    enum scope scope;
} options[] = {
    {"high", BYTES, offsetof(struct defaults, limits.high), SERVER},
    {"low", BYTES, offsetof(struct defaults, limits.low), SERVER},
    {"queue", BYTES, offsetof(struct defaults, limits.queue), SERVER},
    {"input", BYTES, offsetof(struct defaults, limits.input), SERVER},
    {"connections", COUNT, offsetof(struct defaults, limits.connections), SERVER},
    {"per_address", COUNT, offsetof(struct defaults, limits.per_address), SERVER},
    {"duplex", FLAG, offsetof(struct defaults, limits.duplex), SERVER},
    {"linger", SECONDS_FROM_0, offsetof(struct defaults, limits.linger), CONN},
    {"idle", SECONDS, offsetof(struct defaults, limits.idle), CONN},
    {"read", SECONDS, offsetof(struct defaults, limits.read), CONN},
    {"write", SECONDS, offsetof(struct defaults, limits.write), CONN},
    {"handshake", SECONDS, offsetof(struct defaults, limits.handshake), SERVER},
    {"memory", MEMORY, offsetof(struct defaults, memory), PROCESS},
    {"jobs", COUNT, offsetof(struct defaults, jobs), PROCESS},
};

// Sets an option, 0 seconds for none at all. Returns false when the number is out of its range.
static bool set(struct defaults *d, const struct option *o, double n)
{
    void *field = (char *)d + o->offset;
    bool off = o->kind == SECONDS && n == 0;
    if (!off && !(n >= kinds[o->kind].least && n <= kinds[o->kind].most))
        return false;
    if (o->kind == COUNT && n != floor(n))
        return false;
    if (o->kind == FLAG)
        *(bool *)field = n > 0;
    else if (o->kind == SECONDS || o->kind == SECONDS_FROM_0)
        *(uint64_t *)field = off ? LIMIT_OFF : (uint64_t)(n * 1e9);
    else
        *(size_t *)field = (size_t)n;
    return true;
}

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

// The number on top for `set`; NAN for what is none.
static double read_number(lua_State *L, const struct option *o)
{
    if (lua_type(L, -1) == LUA_TNUMBER)
        return o->kind == FLAG || (o->kind == SECONDS && lua_tonumber(L, -1) == 0)
                   ? NAN
                   : lua_tonumber(L, -1);
    if (lua_type(L, -1) != LUA_TBOOLEAN || (o->kind != FLAG && (o->kind != SECONDS || lua_toboolean(L, -1))))
        return NAN;
    return lua_toboolean(L, -1);
}

// "a, b or c": the names that this scope takes.
static const char *names(lua_State *L, enum scope scope)
{
    const char *all[ARRAY_LEN(options)];
    size_t count = 0;
    for (size_t i = 0; i < ARRAY_LEN(options); i++)
        if (options[i].scope <= scope)
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

static const struct option *find(const char *name, size_t length, enum scope scope)
{
    for (size_t i = 0; i < ARRAY_LEN(options); i++)
        if (strlen(options[i].name) == length && memcmp(name, options[i].name, length) == 0 &&
            options[i].scope <= scope)
            return &options[i];
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
static void read_all(lua_State *L, const char *where, enum scope scope, struct limits *l)
{
    const char *short_name = scope == CONN ? where : "options";
    const char *what = scope == CONN ? "time-out" : "option";
    struct defaults d = {.limits = *l};
    for (lua_pushnil(L); lua_next(L, -2); lua_pop(L, 1)) {
        if (lua_type(L, -2) != LUA_TSTRING)
            luaL_error(L, "%s has a %s as a key, expected the name of an option", where,
                       luaL_typename(L, -2));
        const char *name = options_name(L, -2, what);
        const struct option *o = find(name, strlen(name), scope);
        if (!o)
            luaL_error(L, "unknown %s \"%s\", expected %s", what, name, names(L, scope));
        if (!set(&d, o, read_number(L, o)))
            luaL_error(L, "%s.%s is %s, expected %s", short_name, name, describe(L),
                       kinds[o->kind].expected);
    }
    *l = d.limits;
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
    read_all(L, "events.options", SERVER, l);
    fit_marks(L, l);
    if (l->low > l->high || l->high > l->queue)
        luaL_error(L, "options.low (%d), high (%d) and queue (%d) must not decrease",
                   (int)l->low, (int)l->high, (int)l->queue);
}

void options_read_times(lua_State *L, int index, struct limits *l)
{
    lua_pushvalue(L, index);
    read_all(L, "timeout", CONN, l);
    lua_pop(L, 1);
}

void options_read_memory(lua_State *L, int index, struct defaults *d)
{
    static const char name[] = "memory";
    const struct option *o = find(name, strlen(name), PROCESS);
    lua_pushvalue(L, index);
    if (!set(d, o, read_number(L, o)))
        luaL_error(L, "evio.memory: the limit is %s, expected %s", describe(L), kinds[o->kind].expected);
    lua_pop(L, 1);
}

// Text as a number for `set`, with K, M or G behind one of bytes; NAN for what is none.
static double parse_number(const char *text, enum kind kind)
{
    static const char units[] = "KMG";
    char *end;
    if (strcmp(text, "false") == 0 || strcmp(text, "true") == 0)
        return kind == FLAG ? (double)(*text == 't') : kind == SECONDS && *text == 'f' ? 0 : (double)NAN;
    if (kind == FLAG || *text < '0' || *text > '9')
        return NAN;
    double n = strtod(text, &end);
    const char *unit = (kind == BYTES || kind == MEMORY) && *end ? strchr(units, *end) : NULL;
    if (unit) {
        n *= (double)((size_t)1024 << (10 * (unit - units)));
        end++;
    }
    return *end || (kind == SECONDS && n == 0) ? NAN : n;
}

// The marks that were not named give way to the one that was.
static void fit_around(struct limits *l, const char *name)
{
    if (strcmp(name, "queue") == 0 && l->high > l->queue)
        l->high = l->queue;
    if (strcmp(name, "low") == 0 && l->high < l->low)
        l->high = l->low;
    if (l->queue < l->high)
        l->queue = l->high;
    if (l->low > l->high)
        l->low = l->high / 4;
}

// Appends to a text that is cut where there is no room.
static void append(char *text, size_t size, const char *more)
{
    size_t length = strlen(text);
    snprintf(text + length, size - length, "%s", more);
}

bool options_parse(struct defaults *d, const char *text, char error[OPTIONS_ERROR_SIZE])
{
    size_t length = strcspn(text, "=");
    const struct option *o = find(text, length, PROCESS);
    if (!o || !text[length]) {
        snprintf(error, OPTIONS_ERROR_SIZE, "bad limit \"%.60s\", expected name=value, the name one of ", text);
        for (size_t i = 0; i < ARRAY_LEN(options); i++) {
            append(error, OPTIONS_ERROR_SIZE, i == 0 ? "" : i + 1 < ARRAY_LEN(options) ? ", " : " or ");
            append(error, OPTIONS_ERROR_SIZE, options[i].name);
        }
        return false;
    }
    const char *value = text + length + 1;
    bool ok = set(d, o, parse_number(value, o->kind));
    if (!ok)
        snprintf(error, OPTIONS_ERROR_SIZE, "the limit %s is \"%.60s\", expected %s%s", o->name, value,
                 kinds[o->kind].expected,
                 o->kind == BYTES || o->kind == MEMORY ? ", or with K, M or G behind it" : "");
    else
        fit_around(&d->limits, o->name);
    return ok;
}
