#include "net/read.h"

#include "net/open.h"
#include "net/stack.h"
#include "net/timeout.h"
#include "net/write.h"
#include "os/sock.h"

#include <errno.h>
#include <stdio.h>

enum { HANDSHAKES = 2 }; // steps an iteration: each takes as long as many requests of others

static bool readable(const struct conn *c)
{
    bool closes = c->group->stopping && c->slot.id <= c->group->newest;
    return c->state == CONN_OPEN && !c->paused && !conn_held(c) && !closes;
}

static void check_limit(struct conn *c)
{
    size_t unread = buf_length(&c->in);
    if (c->more || unread <= c->limits->input || c->state != CONN_OPEN)
        return;
    char text[128];
    snprintf(text, sizeof(text), "unread input: %zu bytes wait, options.input allows %zu", unread,
             c->limits->input);
    conn_fail(c, ENOBUFS, text);
}

// One data event. Bytes that lie in c->in are moved out of it for the time, because the handler
// may put others there (conn_swap).
static void deliver(struct conn *c, const char *bytes, size_t n)
{
    const struct net_events *events = c->group->net->events;
    struct buf own = c->in;
    c->in = (struct buf){0};
    if (!bytes) {
        bytes = own.data ? buf_bytes(&own) : "";
        n = buf_length(&own);
    }
    unsigned pushes = c->stack ? c->stack->pushes : 0;
    c->more = c->swapped = false;
    struct delivery d = events->data(c, bytes, n);
    if (c->state >= CONN_ENDED && !c->detaching) { // what a detached socket left goes with it
        buf_free(&own);
        return;
    }
    if (own.data && !c->in.data) {
        buf_consume(&own, d.used);
        c->in = own;
    } else {
        int err = buf_append(&c->in, bytes + d.used, n - d.used);
        buf_free(&own);
        if (err) {
            conn_fail(c, -err, NULL);
            return;
        }
    }
    c->more = (d.more || c->swapped) && buf_length(&c->in) > 0;
    if (c->stack && c->stack->pushes != pushes && buf_length(&c->in) > 0)
        conn_fail(c, EPROTO, STACK_EARLY);
}

static void deliver_all(struct conn *c, const char *bytes, size_t n)
{
    deliver(c, bytes, n);
    // New handlers get what is left right after the callback that installed them.
    while (c->swapped && c->more && readable(c))
        deliver(c, NULL, 0);
    if (c->state >= CONN_ENDED)
        return;
    check_limit(c);
    if (c->state == CONN_OPEN)
        conn_deliver_later(c);
    conn_update(c);
}

// Behind everything that was to be delivered.
static void end_input(struct conn *c)
{
    if (!c->ending || c->eof || c->more || c->backlog || !readable(c))
        return;
    c->eof = true;
    c->ending = false;
    conn_update(c);
    c->group->net->events->eof(c);
}

void conn_deliver(struct conn *c)
{
    deliver_all(c, NULL, 0);
}

// Input, as the script sees it. It waits where it cannot be handed up now.
static void take(struct conn *c, const char *bytes, size_t n)
{
    if (readable(c) && buf_length(&c->in) == 0) {
        deliver_all(c, bytes, n);
        return;
    }
    int err = buf_append(&c->in, bytes, n);
    if (err)
        conn_fail(c, -err, NULL);
    else if (readable(c))
        deliver_all(c, NULL, 0);
    else
        c->more = true;
}

// Input that goes with the socket.
static void keep(struct conn *c, const char *bytes, size_t n)
{
    int err = buf_append(&c->in, bytes, n);
    if (err)
        conn_fail(c, -err, NULL);
}

// Input went through the filters, which returned this.
static void settle_input(struct conn *c, int err)
{
    struct filters *f = &c->stack->filters;
    if (!err || c->opened)
        conn_settle_handshake(c);
    c->backlog = !err && filters_more(f);
    struct buf plain = f->plain;
    f->plain = (struct buf){0};
    if (buf_length(&plain) > 0 && c->state == CONN_OPEN && c->opened)
        take(c, buf_bytes(&plain), buf_length(&plain));
    else if (buf_length(&plain) > 0 && c->detaching)
        keep(c, buf_bytes(&plain), buf_length(&plain));
    buf_free(&plain);
    if (err) {
        stack_fail(c, err);
    } else if (f->ended && !c->opened) {
        conn_fail(c, ECONNRESET, "the peer finished in the handshake");
    } else if (f->ended && !c->eof) {
        c->ending = true;
        end_input(c);
        conn_update(c);
    }
    if (c->state == CONN_OPEN)
        conn_deliver_later(c);
    conn_flush(c, NULL, 0); // replies
}

// What was read before the filter came is first.
static void feed(struct conn *c)
{
    struct buf wire = c->stack->unfed;
    c->stack->unfed = (struct buf){0};
    settle_input(c, stack_receive(c, buf_bytes(&wire), buf_length(&wire)));
    buf_free(&wire);
}

static bool is_unfed(const struct conn *c)
{
    return c->stack && buf_length(&c->stack->unfed) > 0 && c->state == CONN_OPEN;
}

// Input that waits in a filter goes on. It came before, but it is only now taken.
static void resume(struct conn *c)
{
    settle_input(c, stack_resume(c));
    c->last_in = conn_clock(c);
}

void conn_redeliver(struct conn *c)
{
    c->work &= (uint8_t)~WORK_DELIVER;
    if (is_unfed(c))
        feed(c);
    if (c->more && readable(c))
        deliver_all(c, NULL, 0);
    else if (c->backlog && (readable(c) || (c->shaking && c->state == CONN_OPEN)))
        resume(c);
    end_input(c);
}

void conn_read(struct conn *c)
{
    struct net *net = c->group->net;
    if (is_unfed(c))
        feed(c);
    bool shakes = c->shaking && c->state == CONN_OPEN;
    if ((!shakes && (!readable(c) || c->more)) || c->backlog || c->eof || c->ending)
        return;
    if (shakes && net->handshakes++ >= HANDSHAKES)
        return; // it is ready in the next iteration, too
    ssize_t n = sock_receive(c->watch.fd, net->input, sizeof(net->input));
    if (n == 0)
        c->hung_up = true;
    if (n >= 0 && c->stack) {
        settle_input(c, stack_receive(c, n > 0 ? net->input : NULL, (size_t)n));
    } else if (n > 0) {
        take(c, net->input, (size_t)n);
    } else if (n == 0) {
        c->ending = true;
        end_input(c);
    } else if (n != -EAGAIN && n != -EWOULDBLOCK) {
        conn_fail(c, (int)-n, NULL);
    }
    if (n > 0)
        c->last_in = conn_clock(c);
}

void conn_pause(struct conn *c)
{
    c->paused = true;
    conn_update(c);
}

void conn_resume(struct conn *c)
{
    // What the handler declined comes again, too: it may have done so because it paused.
    if (c->paused && buf_length(&c->in) > 0)
        c->more = true;
    bool was_paused = c->paused;
    c->paused = false;
    if (was_paused)
        timeout_reading(c);
    conn_deliver_later(c);
    conn_update(c);
}
