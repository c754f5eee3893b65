#include "bind/translator.h"

#include "base/macros.h"
#include "bind/conn_handle.h"
#include "bind/error_text.h"
#include "bind/maker.h"
#include "net/watchdog.h"

#include <errno.h>
#include <lauxlib.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct translator {
    struct filter filter;
    struct host *host;
    uint64_t id; // of the connection, for messages
    int object; // registry reference
    bool starts, finishes; // it has these methods
    char name[64];
};

// One call of a method of the object.
struct task {
    struct translator *translator;
    const char *method;
    const char *bytes; // the argument; NULL for nil
    size_t length;
    bool receives; // returns plain, reply, err; else wire, err
    int err;
};

static struct translator *of(struct filter *f)
{
    return container_of(f, struct translator, filter);
}

// The bytes at an index: a string, a string.buffer or nil. Raises for anything else.
static const char *check_bytes(lua_State *L, const struct task *t, int index, size_t *n)
{
    *n = 0;
    if (lua_isnil(L, index))
        return NULL;
    if (host_is_buffer(t->translator->host, L, index)) {
        luaL_callmeta(L, index, "__tostring");
        lua_getfield(L, index, "reset"); // its bytes are taken
        lua_pushvalue(L, index);
        lua_call(L, 1, 0);
        lua_replace(L, index);
    }
    if (lua_type(L, index) != LUA_TSTRING)
        luaL_error(L, "%s returned a %s, expected a string, a string.buffer or nil", t->method,
                   luaL_typename(L, index));
    return lua_tolstring(L, index, n);
}

static bool get_flag(lua_State *L, const char *name)
{
    lua_getfield(L, 2, name);
    bool set = lua_toboolean(L, -1);
    lua_pop(L, 1);
    return set;
}

// Hands on what the method returned: at 3 and 4 of the stack.
static int hand_on(lua_State *L, struct task *t)
{
    struct filter *f = &t->translator->filter;
    size_t first_length, second_length = 0;
    const char *first = check_bytes(L, t, 3, &first_length);
    const char *second = t->receives ? check_bytes(L, t, 4, &second_length) : NULL;
    f->opening = get_flag(L, "opening");
    f->ended = f->ended || get_flag(L, "ended");
    if (!t->receives)
        return filter_down(f, first, first_length);
    int err = filter_down(f, second, second_length);
    return err ? err : filter_up(f, first, first_length);
}

// Runs under lua_pcall.
static int run(lua_State *L)
{
    struct task *t = lua_touserdata(L, 1);
    int results = t->receives ? 3 : 2;
    lua_rawgeti(L, LUA_REGISTRYINDEX, t->translator->object);
    lua_getfield(L, 2, t->method);
    lua_pushvalue(L, 2);
    if (t->bytes)
        lua_pushlstring(L, t->bytes, t->length);
    else
        lua_pushnil(L);
    lua_call(L, 2, results);
    if (!lua_isnil(L, 2 + results)) {
        const char *reason = error_text(L, 2 + results);
        t->err = filter_fail(&t->translator->filter, EPROTO, reason);
        return 0;
    }
    t->err = hand_on(L, t);
    return 0;
}

static int add_traceback(lua_State *L)
{
    const char *message = error_text(L, 1);
    luaL_traceback(L, L, message, 1);
    lua_insert(L, 1);
    lua_settop(L, 2);
    lua_createtable(L, 2, 0);
    lua_insert(L, 1);
    lua_rawseti(L, 1, 2); // the message
    lua_rawseti(L, 1, 1); // with its traceback
    return 1;
}

// An error in the object's method: printed, and the reason why the connection ends.
static int fail(lua_State *L, struct task *t)
{
    struct translator *own = t->translator;
    char where[160];
    snprintf(where, sizeof(where), "error in %s of %s, connection %.0f", t->method, own->name,
             (double)own->id);
    if (lua_istable(L, -1)) {
        lua_rawgeti(L, -1, 1);
        lua_rawgeti(L, -2, 2);
    } else { // out of memory: the message handler did not run
        lua_pushvalue(L, -1);
        lua_pushvalue(L, -1);
    }
    report_print(&own->host->report, where, lua_tostring(L, -2));
    return filter_fail(&own->filter, EPROTO, lua_tostring(L, -1));
}

static int perform(struct task t)
{
    struct host *h = t.translator->host;
    struct watchdog *watchdog = h->event ? NULL : h->watchdog; // inside of a handler it is the handler's time
    lua_State *L = host_state(h);
    int top = lua_gettop(L);
    if (!lua_checkstack(L, 16))
        return -ENOMEM;
    if (watchdog)
        watchdog_begin(watchdog, t.method, t.translator->id);
    lua_pushcfunction(L, add_traceback);
    lua_pushcfunction(L, run);
    lua_pushlightuserdata(L, &t);
    if (lua_pcall(L, 1, 0, top + 1) != 0)
        t.err = fail(L, &t);
    if (watchdog)
        watchdog_end(watchdog);
    lua_settop(L, top);
    return t.err;
}

static int start(struct filter *f)
{
    if (!of(f)->starts)
        return 0;
    return perform((struct task){.translator = of(f), .method = "start"});
}

static int receive(struct filter *f, const char *wire, size_t n)
{
    return perform((struct task){of(f), "receive", wire, n, true, 0});
}

static int send_down(struct filter *f, const char *plain, size_t n)
{
    return perform((struct task){of(f), "send", plain, n, false, 0});
}

static int finish(struct filter *f)
{
    if (!of(f)->finishes)
        return 0;
    return perform((struct task){.translator = of(f), .method = "finish"});
}

static void discard(struct filter *f)
{
    struct translator *t = of(f);
    lua_State *L = host_state(t->host);
    if (L) // none when the whole Lua state goes
        luaL_unref(L, LUA_REGISTRYINDEX, t->object);
    free(t);
}

static const struct filter_ops ops = {
    .start = start, .receive = receive, .send = send_down, .finish = finish, .free = discard,
};

// Names the object by its field `name`.
static void set_name(lua_State *L, struct translator *t)
{
    lua_getfield(L, -1, "name");
    const char *name = lua_type(L, -1) == LUA_TSTRING ? lua_tostring(L, -1) : "translator";
    snprintf(t->name, sizeof(t->name), "%s", name);
    lua_pop(L, 1);
    t->filter.name = t->name;
}

// Raises unless the value on top can translate.
static void check_object(lua_State *L)
{
    static const char *const needed[] = {"receive", "send"};
    if (lua_type(L, -1) != LUA_TTABLE)
        luaL_error(L, "the maker returned a %s, expected a translator: a table with receive and send",
                   luaL_typename(L, -1));
    for (size_t i = 0; i < ARRAY_LEN(needed); i++) {
        lua_getfield(L, -1, needed[i]);
        if (!lua_isfunction(L, -1))
            luaL_error(L, "the translator's %s is a %s, expected a function", needed[i],
                       luaL_typename(L, -1));
        lua_pop(L, 1);
    }
}

// Makes a filter of the object on top of the stack, which it takes.
static struct filter *new_translator(lua_State *L, const struct conn *c)
{
    check_object(L);
    struct translator *t = calloc(1, sizeof(*t));
    if (!t)
        luaL_error(L, "out of memory");
    *t = (struct translator){
        .filter.ops = &ops, .host = c->group->net->user, .id = c->slot.id,
    };
    set_name(L, t);
    lua_getfield(L, -1, "opening");
    t->filter.opening = lua_toboolean(L, -1);
    lua_pop(L, 1);
    lua_getfield(L, -1, "start");
    lua_getfield(L, -2, "finish");
    t->starts = lua_isfunction(L, -2);
    t->finishes = lua_isfunction(L, -1);
    lua_pop(L, 2);
    t->object = luaL_ref(L, LUA_REGISTRYINDEX);
    return &t->filter;
}

// The filter of the maker on top of the stack, which it takes: one in C, or a function, whose result
// is a maker in C or a translator. Returns NULL when the connection ended meanwhile.
static struct filter *make(lua_State *L, struct conn *c, int conn)
{
    struct maker *m = maker_at(L, -1);
    if (!m) {
        lua_pushvalue(L, conn);
        lua_call(L, 1, 1);
        m = maker_at(L, -1);
    }
    if (c->state > CONN_OPEN) {
        lua_pop(L, 1);
        return NULL;
    }
    if (!m)
        return new_translator(L, c);
    struct filter *f = m->kind->make(L, m, c);
    lua_pop(L, 1);
    return f;
}

int translator_push(lua_State *L, struct conn *c, int maker, int conn)
{
    struct host *h = c->group->net->user;
    lua_State *outer = h->inner;
    lua_pushvalue(L, maker);
    struct filter *f = make(L, c, conn);
    if (!f)
        return -EPIPE;
    h->inner = L;
    int err = stack_push(c, f);
    h->inner = outer;
    return err;
}

int translators_make(lua_State *L)
{
    struct conn *c = conn_handle_check(L)->conn;
    int count = (int)lua_objlen(L, 2);
    while (c->user.next <= count && c->state <= CONN_OPEN && !c->shaking) {
        lua_settop(L, 2);
        lua_rawgeti(L, 2, c->user.next++);
        lua_getfield(L, 3, "should");
        if (!lua_isnil(L, 4)) {
            lua_pushvalue(L, 1);
            lua_call(L, 1, 1);
            if (!lua_toboolean(L, -1))
                continue;
        }
        lua_settop(L, 3);
        lua_getfield(L, 3, "make");
        int err = translator_push(L, c, 4, 1);
        if (err && c->state <= CONN_OPEN)
            stack_fail(c, err);
    }
    if (c->user.next > count)
        c->user.next = 0;
    return 0;
}
