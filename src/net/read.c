#include "net/read.h"

#include "net/timeout.h"
#include "os/sock.h"

#include <errno.h>
#include <stdio.h>

static bool readable(const struct conn *c)
{
    return c->state == CONN_OPEN && !c->paused && !conn_held(c) && !c->group->stopping;
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

void conn_deliver(struct conn *c)
{
    deliver_all(c, NULL, 0);
}

void conn_redeliver(struct conn *c)
{
    c->work &= (uint8_t)~WORK_DELIVER;
    if (c->more && readable(c))
        deliver_all(c, NULL, 0);
}

void conn_read(struct conn *c)
{
    struct net *net = c->group->net;
    if (!readable(c) || c->more || c->eof)
        return;
    ssize_t n = sock_receive(c->watch.fd, net->input, sizeof(net->input));
    if (n > 0 && buf_length(&c->in) > 0) {
        int err = buf_append(&c->in, net->input, (size_t)n);
        if (err)
            conn_fail(c, -err, NULL);
        else
            deliver_all(c, NULL, 0);
    } else if (n > 0) {
        deliver_all(c, net->input, (size_t)n);
    } else if (n == 0) {
        c->eof = true;
        conn_update(c);
        net->events->eof(c);
    } else if (n != -EAGAIN && n != -EWOULDBLOCK) {
        conn_fail(c, (int)-n, NULL);
    }
    if (n > 0)
        c->last_in = timeout_clock(c);
}

void conn_open(struct conn *c)
{
    struct net *net = c->group->net;
    c->state = CONN_OPEN;
    conn_update(c);
    if (c->state != CONN_OPEN)
        return; // it could not be watched
    c->opened = true;
    c->last_in = c->last_out = timeout_clock(c);
    mailbox_admit(net->mailbox, &c->slot, true);
    timeout_arm(c);
    if (c->out.length > 0 || c->finishing)
        conn_add_work(c, WORK_FLUSH); // written before it was connected
    net->events->opened(c);
    c->last_in = timeout_clock(c);
    if (c->state == CONN_OPEN)
        conn_deliver_later(c); // a rest that came with handlers before it was connected
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
