#include "bind/conn_methods.h"

#include "bind/conn_handle.h"
#include "bind/error_text.h"
#include "bind/file.h"
#include "bind/handlers.h"
#include "bind/maker.h"
#include "bind/options.h"
#include "bind/translator.h"
#include "net/read.h"
#include "net/send_file.h"
#include "net/timeout.h"
#include "net/write.h"

#include <errno.h>
#include <lauxlib.h>
#include <math.h>

static struct host *host_of(const struct conn *c)
{
    return c->group->net->user;
}

static int push_false(lua_State *L)
{
    lua_pushboolean(L, 0);
    return 1;
}

static int push_true(lua_State *L)
{
    lua_pushboolean(L, 1);
    return 1;
}

// The stream handler being run must not be called again in this event.
static void halt(struct conn *c)
{
    struct evio_live *live = &host_of(c)->live;
    if (live->conn == c)
        live->halt = 1;
}

// The connection that a method is called on, if it has not gone beyond a state.
static struct conn *check(lua_State *L, enum conn_state last)
{
    struct handle *h = conn_handle_check(L);
    struct evio_live *live = h->conn ? &host_of(h->conn)->live : NULL;
    if (live && live->conn == h->conn)
        ffi_queue_output(live);
    return h->conn && h->conn->state <= last ? h->conn : NULL;
}

// The same for what only streams have.
static struct conn *check_stream(lua_State *L, enum conn_state last)
{
    struct conn *c = check(L, last);
    return c && !c->datagram ? c : NULL;
}

static int method_write(lua_State *L)
{
    struct conn *c = check(L, CONN_CLOSING);
    size_t n;
    bool buffer = host_is_buffer(host_get(L), L, 2);
    if (!buffer && lua_type(L, 2) != LUA_TSTRING)
        return luaL_typerror(L, 2, "string or string.buffer");
    if (!lua_isnoneornil(L, 3)) // nothing is lost without a word
        return luaL_error(L, "conn:write: a second value, a %s, expected one string or string.buffer",
                          luaL_typename(L, 3));
    if (!c)
        return push_false(L);
    if (buffer)
        luaL_callmeta(L, 2, "__tostring");
    const char *bytes = lua_tolstring(L, buffer ? -1 : 2, &n);
    ssize_t pending = conn_write(c, bytes, n);
    if (pending < 0 && c->datagram && pending != -EPIPE)
        return error_push(L, (int)-pending);
    if (pending < 0) {
        halt(c);
        return push_false(L);
    }
    if (buffer) {
        lua_getfield(L, 2, "reset");
        lua_pushvalue(L, 2);
        lua_call(L, 1, 0);
    }
    lua_pushnumber(L, (lua_Number)pending);
    return 1;
}

static int method_finish(lua_State *L)
{
    struct conn *c = check_stream(L, CONN_OPEN);
    if (!c)
        return push_false(L);
    conn_finish(c);
    return push_true(L);
}

static int method_close(lua_State *L)
{
    struct conn *c = check(L, CONN_OPEN);
    if (!c)
        return push_false(L);
    halt(c);
    conn_close(c, NULL);
    return push_true(L);
}

static int method_abort(lua_State *L)
{
    struct conn *c = check(L, CONN_CLOSING);
    if (!c)
        return push_false(L);
    halt(c);
    conn_abort(c);
    return push_true(L);
}

// conn:fail(message)
static int method_fail(lua_State *L)
{
    struct conn *c = check(L, CONN_OPEN);
    if (lua_type(L, 2) != LUA_TSTRING)
        return luaL_typerror(L, 2, "string");
    if (!c)
        return push_false(L);
    halt(c);
    conn_break(c, EPROTO, lua_tostring(L, 2));
    return push_true(L);
}

static int method_detach(lua_State *L)
{
    struct conn *c = check_stream(L, CONN_OPEN);
    if (!c || !c->opened || c->shaking)
        return push_false(L);
    if (!handlers_have(c->user.handlers, EVENT_DETACHED))
        return luaL_error(L, "conn:detach() without a detached handler, which gets the socket");
    halt(c);
    conn_detach(c);
    return push_true(L);
}

static int method_wake(lua_State *L)
{
    struct conn *c = check(L, CONN_OPEN);
    lua_pushboolean(L, c && mailbox_wake(c->group->net->mailbox, c->slot.id));
    return 1;
}

static int method_pause(lua_State *L)
{
    struct conn *c = check_stream(L, CONN_OPEN);
    if (!c)
        return push_false(L);
    halt(c);
    conn_pause(c);
    return push_true(L);
}

static int method_resume(lua_State *L)
{
    struct conn *c = check_stream(L, CONN_OPEN);
    if (!c)
        return push_false(L);
    conn_resume(c);
    return push_true(L);
}

static int method_pending(lua_State *L)
{
    struct conn *c = check(L, CONN_CLOSING);
    if (!c)
        return push_false(L);
    lua_pushnumber(L, (lua_Number)conn_pending(c));
    return 1;
}

static int method_handler(lua_State *L)
{
    struct conn *c = check(L, CONN_OPEN);
    size_t n;
    luaL_checktype(L, 2, LUA_TTABLE);
    const char *rest = luaL_optlstring(L, 3, "", &n);
    if (!c)
        return push_false(L);
    if (c->datagram)
        handlers_check_datagrams(L, 2);
    if (handlers_translated(L, 2))
        return luaL_error(L, "conn:handler takes events without translators; conn:push puts one on");
    struct handlers *old = c->user.handlers;
    if (!c->opened && old->translators != LUA_NOREF)
        return luaL_error(L, "conn:handler before the connection opened, which would lose its "
                             "translators");
    struct handlers *new = handlers_read(L, 2, c->limits);
    int err = conn_swap(c, new, &new->limits, rest, n);
    if (err) {
        handlers_release(L, new);
        return error_push(L, -err);
    }
    c->observed = handlers_observe(new);
    handlers_release(L, old);
    timeout_arm(c);
    halt(c);
    return push_true(L);
}

// core.check_events(events): raises where conn:handler would.
int conn_methods_check_events(lua_State *L)
{
    luaL_checktype(L, 1, LUA_TTABLE);
    if (handlers_translated(L, 1))
        return luaL_error(L, "events with translators, expected those that conn:handler takes");
    handlers_release(L, handlers_read(L, 1, NULL));
    return 0;
}

// conn:push(make, ready)
static int method_push(lua_State *L)
{
    struct conn *c = check(L, CONN_OPEN);
    if (!maker_at(L, 2))
        luaL_checktype(L, 2, LUA_TFUNCTION);
    if (!lua_isnoneornil(L, 3))
        luaL_checktype(L, 3, LUA_TFUNCTION);
    if (!c || !c->opened)
        return push_false(L);
    if (c->datagram)
        return luaL_error(L, "conn:push: a translator does not apply to udp addresses");
    if (c->user.ready && !lua_isnoneornil(L, 3))
        return luaL_error(L, "conn:push: `ready` of the push before was not called yet");
    halt(c); // what a stream has left must not be taken for plaintext of the new one
    int err = translator_push(L, c, 2, 1);
    if (err == -EBUSY && c->files)
        return luaL_error(L, "conn:push while a file is sent");
    if (err == -EBUSY)
        return luaL_error(L, "conn:push in a translator, or in the handshake of one");
    if (err == -E2BIG)
        return luaL_error(L, "conn:push: a connection has at most %d translators", FILTERS_MOST);
    if (err == -EPROTO && !c->stack->filters.reason)
        conn_fail(c, EPROTO, STACK_EARLY);
    else if (err && c->state <= CONN_OPEN)
        stack_fail(c, err);
    if (err || c->state != CONN_OPEN)
        return push_false(L);
    lua_settop(L, 3);
    if (!lua_isnil(L, 3))
        c->user.ready = luaL_ref(L, LUA_REGISTRYINDEX);
    c->stack->expects = c->user.ready != 0;
    conn_add_work(c, WORK_FLUSH | WORK_SETTLE);
    timeout_arm(c);
    return push_true(L);
}

// core.push_behind(conn, maker, bytes): conn:push, where the bytes were read already and are the first that the
// translator receives.
int conn_methods_push_behind(lua_State *L)
{
    struct conn *c = check_stream(L, CONN_OPEN);
    size_t n;
    const char *bytes = luaL_checklstring(L, 3, &n);
    if (!c || !c->opened)
        return push_false(L);
    halt(c);
    int err = translator_push(L, c, 2, 1);
    if (!err)
        err = stack_feed(c, bytes, n);
    if (err && c->state <= CONN_OPEN)
        stack_fail(c, err);
    timeout_arm(c);
    lua_pushboolean(L, !err && c->state == CONN_OPEN);
    return 1;
}

// core.send_file(conn, file, offset, length): a part of a file behind what was written before; the file is closed for
// Lua. Returns what conn:write does.
int conn_methods_send_file(lua_State *L)
{
    struct conn *c = check(L, CONN_CLOSING);
    lua_Number offset = luaL_checknumber(L, 3), length = luaL_checknumber(L, 4);
    int fd = file_object_take(L, 2);
    const struct evio_live *live = c ? &host_of(c)->live : NULL;
    // The answer to the event being handled is sent even when the handler closed the connection.
    bool refused = !c || (live->conn == c ? live->finished : c->state > CONN_OPEN || c->finishing);
    if (refused) {
        conn_close_file(fd);
        return push_false(L);
    }
    ssize_t pending = conn_send_file(c, fd, (uint64_t)offset, (uint64_t)length);
    if (pending < 0 || (size_t)pending >= c->limits->high)
        halt(c);
    if (pending == -EOPNOTSUPP)
        return luaL_error(L, "a file cannot be sent to udp addresses");
    if (pending < 0)
        return push_false(L);
    lua_pushnumber(L, (lua_Number)pending);
    return 1;
}

// conn:pop()
static int method_pop(lua_State *L)
{
    struct conn *c = check(L, CONN_OPEN);
    if (!c || !c->opened)
        return push_false(L);
    struct host *h = host_of(c);
    lua_State *outer = h->inner;
    h->inner = L;
    int err = stack_pop(c);
    h->inner = outer;
    if (err == -EBUSY && c->files)
        return luaL_error(L, "conn:pop while a file is sent");
    if (err == -EBUSY)
        return luaL_error(L, "conn:pop in a translator, or in the handshake of one");
    if (err == -ENOENT)
        return push_false(L);
    if (err) {
        stack_fail(c, err);
        return push_false(L);
    }
    conn_add_work(c, WORK_FLUSH);
    return push_true(L);
}

static int method_timeout(lua_State *L)
{
    struct conn *c = check(L, CONN_OPEN);
    luaL_checktype(L, 2, LUA_TTABLE);
    struct limits limits = c ? *c->limits : host_get(L)->defaults.limits;
    options_read_times(L, 2, &limits);
    if (!c)
        return push_false(L);
    struct limits *own = conn_own_limits(c);
    if (!own)
        return error_push(L, ENOMEM);
    *own = limits;
    timeout_restart(c);
    return push_true(L);
}

static int method_keepalive(lua_State *L)
{
    struct conn *c = check(L, CONN_CLOSING);
    double seconds = 0;
    if (lua_type(L, 2) != LUA_TBOOLEAN || lua_toboolean(L, 2)) {
        seconds = luaL_checknumber(L, 2);
        luaL_argcheck(L, seconds > 0 && seconds <= 32767, 2, "expected seconds up to 32767, or false");
    }
    if (!c)
        return push_false(L);
    // The system counts whole seconds; less than one would be refused.
    int err = conn_set_keepalive(c, (unsigned)ceil(seconds));
    return err ? error_push(L, -err) : push_true(L);
}

static int method_nodelay(lua_State *L)
{
    struct conn *c = check(L, CONN_CLOSING);
    luaL_checktype(L, 2, LUA_TBOOLEAN);
    if (!c)
        return push_false(L);
    int err = conn_set_nodelay(c, lua_toboolean(L, 2));
    return err ? error_push(L, -err) : push_true(L);
}

static const luaL_Reg methods[] = {
    {"write", method_write},         {"finish", method_finish},
    {"close", method_close},         {"abort", method_abort},
    {"detach", method_detach},       {"wake", method_wake},
    {"pause", method_pause},         {"resume", method_resume},
    {"pending", method_pending},     {"handler", method_handler},
    {"timeout", method_timeout},     {"keepalive", method_keepalive},
    {"nodelay", method_nodelay},     {"push", method_push},
    {"pop", method_pop},             {"fail", method_fail},
    {NULL, NULL},
};

void conn_methods_push(lua_State *L)
{
    lua_newtable(L);
    luaL_register(L, NULL, methods);
}
