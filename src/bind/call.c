#include "bind/call.h"

#include "bind/conn_handle.h"
#include "bind/error_text.h"
#include "bind/socket.h"
#include "net/conn.h"
#include "net/watchdog.h"
#include "base/error.h"

#include <lauxlib.h>
#include <stdio.h>
#include <string.h>

enum { STACK = 32 }; // slots that a call may need

static const bool returns_out[EVENT_KINDS] = {
    [EVENT_OPENED] = true, [EVENT_DATA] = true, [EVENT_WOKEN] = true, [EVENT_EOF] = true,
    [EVENT_DRAINED] = true, [EVENT_STOPPING] = true, [EVENT_READY] = true,
};

// The connection has no socket to act on any more.
static const bool is_last[EVENT_KINDS] = {
    [EVENT_DETACHED] = true, [EVENT_CLOSED] = true, [EVENT_FAILED] = true,
};

// Where the event's connection is known from, for messages.
static const char *describe(const struct event *e, char *text, size_t size)
{
    char address[ENDPOINT_TEXT_SIZE];
    const char *name = event_names[e->kind];
    if (!e->conn)
        snprintf(text, size, "error in %s", name);
    else if (endpoint_text(&e->conn->remote, conn_scheme(e->conn), address)[0])
        snprintf(text, size, "error in %s, connection %.0f %s %s", name,
                 (double)e->conn->slot.id, e->conn->group->user ? "from" : "to", address);
    else
        snprintf(text, size, "error in %s, connection %.0f", name, (double)e->conn->slot.id);
    return text;
}

// Pushes the handler's place, for messages.
static const char *push_place(lua_State *L, const struct event *e)
{
    lua_Debug info;
    if (e->handlers)
        handlers_push_function(L, e->handlers, e->kind);
    else
        lua_pushvalue(L, 2); // the reference may be gone by now
    lua_getinfo(L, ">S", &info);
    return lua_pushfstring(L, "%s:%d", info.short_src, info.linedefined);
}

// Raises an error about what the handler returned, with the handler's place in front.
static void refuse(lua_State *L, const struct event *e, const char *what, const char *came,
                   const char *expected)
{
    luaL_error(L, "%s: %s returned %s as %s, expected %s", push_place(L, e), event_names[e->kind],
               came, what, expected);
}

static enum action read_action(lua_State *L, const struct event *e, int index)
{
    bool acts = e->conn && !is_last[e->kind];
    const char *expected = acts ? "nil, \"none\", \"close\", \"detach\" or \"shutdown\""
                                : "nil, \"none\" or \"shutdown\"";
    char came[64];
    if (lua_isnil(L, index))
        return ACTION_NIL;
    if (lua_type(L, index) == LUA_TSTRING) {
        size_t length;
        const char *name = lua_tolstring(L, index, &length);
        bool whole = strlen(name) == length; // no NUL byte in it
        if (whole && strcmp(name, "none") == 0)
            return ACTION_NONE;
        if (whole && strcmp(name, "shutdown") == 0)
            return ACTION_SHUTDOWN;
        if (whole && strcmp(name, "close") == 0 && acts)
            return ACTION_CLOSE;
        if (whole && strcmp(name, "detach") == 0 && acts) {
            if (handlers_have(e->conn->user.handlers, EVENT_DETACHED))
                return ACTION_DETACH;
            expected = "a detached handler, which gets the socket";
        }
        snprintf(came, sizeof(came), "\"%.50s\"", name);
    } else {
        snprintf(came, sizeof(came), "a %s", luaL_typename(L, index));
    }
    refuse(L, e, "the action", came, expected);
    return ACTION_NIL;
}

// The bytes stay where they are for a string, which the stack keeps alive; those of a buffer are
// queued right here, because the script goes on with the buffer.
static void read_out(lua_State *L, struct host *h, struct event *e, int index)
{
    if (lua_isnil(L, index))
        return;
    bool buffer = host_is_buffer(h, L, index);
    if (lua_type(L, index) != LUA_TSTRING && !buffer) {
        char came[64];
        snprintf(came, sizeof(came), "a %s", luaL_typename(L, index));
        refuse(L, e, "out", came, "a string, a string.buffer or nil");
    }
    if (!buffer) {
        e->out = lua_tolstring(L, index, &e->out_length);
        if (h->live.finished && e->out_length > 0) // nothing may follow the FIN
            refuse(L, e, "out", "bytes", "nil after conn:finish()");
        return;
    }
    lua_rawgeti(L, LUA_REGISTRYINDEX, h->take_buffer);
    lua_pushvalue(L, index);
    lua_call(L, 1, 0);
}

static void read_delay(lua_State *L, struct event *e, int index)
{
    if (lua_isnil(L, index))
        return;
    e->delay = lua_tonumber(L, index);
    if (lua_type(L, index) != LUA_TNUMBER || !(e->delay >= 0) || e->delay > 1e9) {
        char came[64];
        if (lua_type(L, index) == LUA_TNUMBER)
            snprintf(came, sizeof(came), "%.14g", e->delay);
        else
            snprintf(came, sizeof(came), "a %s", luaL_typename(L, index));
        refuse(L, e, "the delay", came, "nil or seconds from 0 on");
    }
    e->has_delay = true;
}

// The socket of a connection that is detached. A reference is kept, in case the handler fails.
static void push_socket(lua_State *L, struct event *e)
{
    socket_push(L, e->conn);
    lua_pushvalue(L, -1);
    e->socket = luaL_ref(L, LUA_REGISTRYINDEX);
}

// What a handler without a connection is called with.
static int push_other_arguments(lua_State *L, const struct event *e)
{
    if (e->kind == EVENT_JOB)
        return e->push(L, e);
    if (e->kind != EVENT_SERVING)
        return 0; // tick, timer
    lua_rawgeti(L, LUA_REGISTRYINDEX, e->server);
    return 1;
}

// What the handler is called with. Returns the number of arguments.
static int push_arguments(lua_State *L, struct host *h, struct event *e)
{
    char text[128];
    if (!e->conn)
        return push_other_arguments(L, e);
    conn_handle_push(L, e->conn);
    switch (e->kind) {
    case EVENT_TRANSLATE: {
        const struct handlers *own = e->conn->user.handlers;
        lua_rawgeti(L, LUA_REGISTRYINDEX, own->translators);
        return 2;
    }
    case EVENT_DATA:
        if (e->handlers->stream) {
            h->live.data = (const uint8_t *)e->bytes;
            h->live.length = (int32_t)e->amount;
            h->live.shifted = e->conn->shifted;
            e->conn->shifted = false;
            return 1;
        }
        if (!e->bytes)
            return 1;
        lua_pushlstring(L, e->bytes, e->amount);
        return 2;
    case EVENT_PREWRITE:
        lua_pushnumber(L, (lua_Number)e->amount);
        return 2;
    case EVENT_POSTWRITE:
        lua_pushnumber(L, (lua_Number)e->amount);
        lua_pushnumber(L, (lua_Number)e->remaining);
        return 3;
    case EVENT_DETACHED:
        push_socket(L, e);
        return 2;
    case EVENT_CLOSED:
    case EVENT_FAILED:
        if (!e->conn->error && !e->conn->message)
            return 1;
        lua_pushstring(L, e->conn->message ? e->conn->message
                                           : error_message(e->conn->error, text, sizeof(text)));
        if (!e->conn->error)
            return 2;
        lua_pushstring(L, error_name(e->conn->error));
        return 3;
    default:
        return 1;
    }
}

// The handler left the Lua heap above its limit. A full collection may help; else it is the handler's error,
// and at twice the limit the end. It is a soft limit: LuaJIT does not survive an allocator that refuses.
static void collect(lua_State *L, struct host *h, const struct event *e)
{
    char text[400];
    lua_gc(L, LUA_GCCOLLECT, 0);
    double held = lua_gc(L, LUA_GCCOUNT, 0), most = (double)h->defaults.memory / 1024;
    if (held <= most)
        return;
    snprintf(text, sizeof(text), "%.200s: %s left %.1f MiB in the Lua heap, %s %.1f MiB (--limit memory, "
             "evio.memory)", push_place(L, e), event_names[e->kind], held / 1024,
             held > 2 * most ? "more than twice the limit of" : "the limit is", most / 1024);
    if (held > 2 * most)
        host_fail(h, text);
    luaL_error(L, "%s", text);
}

// Runs under lua_pcall, so that running out of memory here is an error like any other. Leaves out
// as its result, to keep it alive.
static int call(lua_State *L)
{
    struct host *h = lua_touserdata(L, 1);
    struct event *e = h->event;
    lua_rawgeti(L, LUA_REGISTRYINDEX, e->function);
    lua_pushvalue(L, 2);
    lua_call(L, push_arguments(L, h, e), 2);
    if (returns_out[e->kind]) {
        e->action = read_action(L, e, 4);
        read_out(L, h, e, 3);
    } else if (e->kind == EVENT_TICK) {
        e->action = read_action(L, e, 4);
        read_delay(L, e, 3);
    } else {
        e->action = read_action(L, e, 3);
    }
    lua_settop(L, 3);
    if ((size_t)lua_gc(L, LUA_GCCOUNT, 0) > h->defaults.memory / 1024)
        collect(L, h, e);
    return 1;
}

// The message handler of that lua_pcall: it is where the traceback can be had.
static int report_error(lua_State *L)
{
    struct host *h = host_get(L);
    const struct event *e = h->event;
    const char *message = error_text(L, 1);
    char where[160];
    luaL_traceback(L, L, message, 1);
    if (e->kind == EVENT_SERVING)
        host_fail(h, lua_tostring(L, -1));
    else if (!h->fatal) // which says it
        report_print(&h->report, describe(e, where, sizeof(where)), lua_tostring(L, -1));
    lua_settop(L, 1);
    return 1;
}

// core.try(fn, ...): calls fn inside of an event. Returns true and its results, or false behind an error, which is
// told as the event's, and closes its connection.
static int try(lua_State *L)
{
    const struct event *e = host_get(L)->event;
    lua_pushvalue(L, lua_upvalueindex(1)); // report_error, of which each lua_pushcfunction would make one
    lua_insert(L, 1);
    int status = lua_pcall(L, lua_gettop(L) - 2, LUA_MULTRET, 1);
    if (status != 0 && (status != LUA_ERRRUN || !e || !e->conn))
        return lua_error(L);
    if (status != 0) {
        conn_close(e->conn, error_text(L, -1));
        lua_settop(L, 1);
    }
    lua_pushboolean(L, status == 0);
    lua_replace(L, 1);
    return lua_gettop(L);
}

void call_register(lua_State *L)
{
    lua_pushcfunction(L, report_error);
    lua_pushcclosure(L, try, 1);
    lua_setfield(L, -2, "try");
}

void call_begin_loop(struct host *h, lua_State *L)
{
    luaL_checkstack(L, STACK, "evio");
    lua_pushcfunction(L, report_error);
    lua_pushcfunction(L, call);
    h->L = L;
    h->base = lua_gettop(L) - 1;
}

// What was put and not queued yet is the event's out, where that is nothing else.
static void give_out(struct host *h, struct event *e, bool ok)
{
    struct evio_live *live = &h->live;
    if (live->out_length == 0)
        return;
    if (!ok || e->out_length > 0) {
        ffi_queue_output(live);
        return;
    }
    e->out = live->out;
    e->out_length = (size_t)live->out_length;
}

bool call_handler(struct host *h, struct event *e)
{
    lua_State *L = h->L;
    e->top = lua_gettop(L);
    h->event = e;
    if (e->handlers) {
        e->function = e->handlers->refs[e->kind];
        e->handlers->users++; // the callback may swap them
    }
    ffi_begin(&h->live, e->conn);
    lua_pushvalue(L, h->base + 1);
    lua_pushlightuserdata(L, h);
    if (h->watchdog)
        watchdog_begin(h->watchdog, event_names[e->kind], e->conn ? e->conn->slot.id : 0);
    int status = lua_pcall(L, 1, 1, h->base);
    if (h->watchdog)
        watchdog_end(h->watchdog);
    h->event = NULL;
    give_out(h, e, status == 0);
    h->live.conn = NULL;
    if (status == 0)
        return true;
    e->out = NULL;
    e->out_length = 0;
    e->message = lua_tostring(L, -1);
    if (status != LUA_ERRRUN) { // the message handler did not run
        char where[160];
        if (e->kind == EVENT_SERVING)
            host_fail(h, e->message);
        report_print(&h->report, describe(e, where, sizeof(where)), e->message);
    }
    return false;
}

void call_end(struct host *h, const struct event *e)
{
    lua_settop(h->L, e->top);
    if (e->handlers)
        handlers_release(h->L, e->handlers);
}
