#include "bind/events.h"

#include "bind/call.h"
#include "bind/conn_handle.h"
#include "bind/job.h"
#include "bind/served.h"
#include "bind/socket.h"
#include "bind/timer.h"
#include "net/read.h"
#include "net/write.h"
#include "base/error.h"

#include <errno.h>
#include <lauxlib.h>
#include <stdio.h>

static struct host *host_of(const struct conn *c)
{
    return c->group->net->user;
}

static bool has(const struct conn *c, enum event_kind kind)
{
    const struct handlers *h = c->user.handlers;
    return handlers_have(h, kind);
}

static struct event event_of(struct conn *c, enum event_kind kind)
{
    return (struct event){.kind = kind, .handlers = c->user.handlers, .conn = c};
}

// Its own server; everything for a connection that has none.
static void shut_down(struct conn *c)
{
    struct served *s = c->group->user;
    if (s)
        server_shutdown(s->server);
    else
        shutdown_all(c->group->net);
}

// Calls the handler and does what its action says; the bytes that it returned are the caller's.
static bool call_and_act(struct event *e)
{
    struct conn *c = e->conn;
    if (!call_handler(host_of(c), e)) {
        if (e->message) // none when the callback was interrupted
            conn_close(c, e->message);
        return false;
    }
    if (e->action == ACTION_CLOSE)
        conn_close(c, NULL);
    else if (e->action == ACTION_DETACH && c->shaking)
        conn_close(c, "the action was \"detach\" in the handshake of a translator");
    else if (e->action == ACTION_DETACH)
        conn_detach(c);
    else if (e->action == ACTION_SHUTDOWN)
        shut_down(c);
    return true;
}

// An event that returns out and action.
static void answer(struct event *e)
{
    call_and_act(e);
    conn_flush(e->conn, e->out, e->out_length);
    call_end(host_of(e->conn), e);
}

static void accepted(struct conn *c)
{
    struct handlers *h = c->group->handlers;
    h->users++;
    c->user.handlers = h;
    c->observed = handlers_observe(h);
}

// Translators are made before anything else fires, each when those below it are open.
static bool arrived(struct conn *c)
{
    const struct handlers *h = c->user.handlers;
    if (h->translators == LUA_NOREF || c->state > CONN_OPEN)
        return false;
    if (!c->user.next)
        c->user.next = 1;
    conn_handle_update(c);
    struct event e = {
        .kind = EVENT_TRANSLATE, .function = host_of(c)->translate, .conn = c,
    };
    call_and_act(&e);
    call_end(host_of(c), &e);
    return c->user.next != 0;
}

// The filter that conn:push put there is open.
static void ready(struct conn *c)
{
    struct event e = {.kind = EVENT_READY, .function = c->user.ready, .conn = c};
    c->user.ready = 0;
    answer(&e);
    luaL_unref(host_of(c)->L, LUA_REGISTRYINDEX, e.function);
}

static void opened(struct conn *c)
{
    conn_handle_update(c);
    if (!has(c, EVENT_OPENED))
        return;
    struct event e = event_of(c, EVENT_OPENED);
    answer(&e);
}

static struct delivery data(struct conn *c, const char *bytes, size_t n)
{
    struct delivery all = {.used = n};
    if (!has(c, EVENT_DATA))
        return all;
    struct event e = event_of(c, EVENT_DATA);
    e.bytes = bytes ? bytes : "";
    e.amount = n;
    if (!e.handlers->stream) {
        answer(&e);
        return all;
    }
    struct evio_live *live = &host_of(c)->live;
    live->halt = live->used = live->more = 0;
    bool ok = call_and_act(&e);
    struct delivery d = all;
    if (ok)
        d = (struct delivery){.used = (size_t)live->used, .more = live->more};
    ffi_end_stream(live, d.used);
    conn_flush(c, e.out, e.out_length);
    call_end(host_of(c), &e);
    return d;
}

// Without a handler of its own a wake is a data event without input; a stream's handler may look at
// what is there.
static void woken(struct conn *c)
{
    const struct handlers *h = c->user.handlers;
    struct event e = event_of(c, has(c, EVENT_WOKEN) ? EVENT_WOKEN : EVENT_DATA);
    if (!has(c, e.kind))
        return;
    if (e.kind == EVENT_DATA && h->stream)
        conn_deliver(c);
    else
        answer(&e);
}

static void eof(struct conn *c)
{
    if (!has(c, EVENT_EOF)) {
        conn_close(c, NULL);
        conn_flush(c, NULL, 0);
        return;
    }
    struct event e = event_of(c, EVENT_EOF);
    if (call_and_act(&e) && e.action == ACTION_NIL)
        conn_close(c, NULL);
    conn_flush(c, e.out, e.out_length);
    call_end(host_of(c), &e);
}

static void prewrite(struct conn *c, size_t amount)
{
    if (!has(c, EVENT_PREWRITE))
        return;
    struct event e = event_of(c, EVENT_PREWRITE);
    e.amount = amount;
    call_and_act(&e);
    call_end(host_of(c), &e);
}

static void postwrite(struct conn *c, size_t amount, size_t remaining)
{
    if (!has(c, EVENT_POSTWRITE))
        return;
    struct event e = event_of(c, EVENT_POSTWRITE);
    e.amount = amount;
    e.remaining = remaining;
    call_and_act(&e);
    call_end(host_of(c), &e);
}

static void drained(struct conn *c)
{
    if (!has(c, EVENT_DRAINED))
        return;
    struct event e = event_of(c, EVENT_DRAINED);
    answer(&e);
}

// What it returned leaves with the end.
static void stopping(struct conn *c)
{
    if (!has(c, EVENT_STOPPING))
        return;
    struct event e = event_of(c, EVENT_STOPPING);
    call_and_act(&e);
    conn_close(c, NULL);
    conn_flush(c, e.out, e.out_length);
    call_end(host_of(c), &e);
}

// The last event of a connection.
static void end_with(struct conn *c, enum event_kind kind)
{
    struct host *h = host_of(c);
    if (has(c, kind)) {
        struct event e = event_of(c, kind);
        call_and_act(&e);
        call_end(h, &e);
    }
    conn_handle_release(h->L, c);
    handlers_release(h->L, c->user.handlers);
}

static void closed(struct conn *c)
{
    end_with(c, EVENT_CLOSED);
}

// Nobody asked for `failed`: somebody should read it all the same.
static void report_failed(struct conn *c)
{
    char where[64], text[128];
    snprintf(where, sizeof(where), "connection %.0f failed", (double)c->slot.id);
    report_print(&host_of(c)->report, where,
                 c->message ? c->message : error_message(c->error, text, sizeof(text)));
}

static void failed(struct conn *c)
{
    if (!has(c, EVENT_FAILED) && c->error != ECANCELED) // the script knows what it closed
        report_failed(c);
    end_with(c, EVENT_FAILED);
}

// After an error in the handler nobody has the socket, or nobody knows.
static void detached(struct conn *c)
{
    struct host *h = host_of(c);
    struct event e = event_of(c, EVENT_DETACHED);
    conn_handle_keep_local(c);
    bool ok = call_and_act(&e);
    if (e.socket) {
        lua_rawgeti(h->L, LUA_REGISTRYINDEX, e.socket);
        if (!ok)
            socket_close(socket_at(h->L, -1));
        luaL_unref(h->L, LUA_REGISTRYINDEX, e.socket);
    }
    call_end(h, &e);
    conn_handle_release(h->L, c);
    handlers_release(h->L, c->user.handlers);
}

// An event of the server itself. Returns false after an error.
static bool call_for_server(struct served *s, struct event *e)
{
    e->handlers = s->handlers;
    e->server = s->ref;
    bool ok = call_handler(s->host, e);
    if (ok && e->action == ACTION_SHUTDOWN)
        server_shutdown(s->server);
    call_end(s->host, e);
    return ok;
}

static void serving(struct server *server)
{
    struct served *s = server->group.user;
    struct event e = {.kind = EVENT_SERVING};
    if (handlers_have(s->handlers, EVENT_SERVING) && !call_for_server(s, &e))
        server_shutdown(server);
}

static int64_t tick(struct server *server)
{
    struct served *s = server->group.user;
    struct event e = {.kind = EVENT_TICK};
    if (!handlers_have(s->handlers, EVENT_TICK))
        return -1;
    if (call_for_server(s, &e)) {
        if (!e.has_delay || e.action == ACTION_SHUTDOWN)
            return -1;
        s->last_delay = (int64_t)(e.delay * 1e9);
    }
    return s->last_delay;
}

static void stopped(struct server *server)
{
    struct served *s = server->group.user;
    served_release(s->host->L, s);
}

static void ending(struct net *net)
{
    struct host *h = net->user;
    if (h->L)
        timers_cancel_all(h->L, h);
    jobs_end(h);
}

static void notice(struct net *net, const char *where, const char *text)
{
    struct host *h = net->user;
    report_print(&h->report, where, text);
}

const struct net_events events_table = {
    .serving = serving,
    .tick = tick,
    .stopped = stopped,
    .accepted = accepted,
    .arrived = arrived,
    .opened = opened,
    .ready = ready,
    .woken = woken,
    .data = data,
    .eof = eof,
    .prewrite = prewrite,
    .postwrite = postwrite,
    .drained = drained,
    .stopping = stopping,
    .closed = closed,
    .failed = failed,
    .detached = detached,
    .ending = ending,
    .notice = notice,
};
