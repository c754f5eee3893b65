#include "net/conn.h"

#include "base/macros.h"
#include "os/fd.h"
#include "os/sock.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int conn_new(struct conn **conn, struct conn_group *group, int fd, const struct endpoint *remote)
{
    struct net *net = group->net;
    struct conn *c = calloc(1, sizeof(*c));
    int err = c ? mailbox_add(net->mailbox, &c->slot) : -ENOMEM;
    if (err) {
        free(c);
        fd_close(fd);
        return err;
    }
    c->watch = (struct watch){.fd = fd, .kind = WATCH_CONN};
    c->state = fd < 0 ? CONN_CONNECTING : CONN_OPEN;
    c->group = group;
    c->limits = group->limits;
    c->remote = *remote;
    c->last_in = c->last_out = net->now;
    list_append(&group->conns, &c->sibling);
    group->connections++;
    *conn = c;
    return 0;
}

struct conn *conn_find(struct net *net, uint64_t id)
{
    struct slot *slot = slots_find(&net->conns, id);
    struct conn *c = slot ? container_of(slot, struct conn, slot) : NULL;
    return c && c->state <= CONN_CLOSING ? c : NULL;
}

void conn_add_work(struct conn *c, enum conn_work work)
{
    c->work |= (uint8_t)work;
    if (!link_in_list(&c->link))
        list_append(&c->group->net->work, &c->link);
}

static unsigned wanted(const struct conn *c)
{
    if (c->state == CONN_DRAINING)
        return POLL_READ;
    unsigned interest = 0;
    bool wants = c->shaking || (!c->paused && !conn_held(c) && !c->more);
    if (c->state == CONN_OPEN && wants && !c->backlog && !c->eof && !c->ending)
        interest |= POLL_READ;
    if (c->state <= CONN_CLOSING && c->blocked)
        interest |= POLL_WRITE;
    return interest;
}

void conn_update(struct conn *c)
{
    struct net *net = c->group->net;
    unsigned interest = wanted(c);
    if (interest == c->watch.interest || c->datagram)
        return;
    int err = net->backend->set(net->poller, &c->watch, interest);
    if (err)
        conn_fail(c, -err, NULL);
}

int conn_set_nodelay(struct conn *c, bool on)
{
    if (c->datagram)
        return -EOPNOTSUPP;
    c->delays = !on;
    return c->state == CONN_CONNECTING ? 0 : sock_set_nodelay(c->watch.fd, on);
}

int conn_set_keepalive(struct conn *c, unsigned seconds)
{
    if (c->datagram)
        return -EOPNOTSUPP;
    c->keepalive = (uint16_t)seconds;
    return c->state == CONN_CONNECTING ? 0 : sock_set_keepalive(c->watch.fd, seconds);
}

void conn_deliver_later(struct conn *c)
{
    bool may = !c->paused && !conn_held(c);
    if (((c->more || c->ending) && may) || (c->backlog && (may || c->shaking)))
        conn_add_work(c, WORK_DELIVER);
}

// Where there is no memory for the words, an end without a code must not look clean.
static void keep_message(struct conn *c, const char *message)
{
    if (!message || c->message)
        return;
    c->message = strdup(message);
    if (!c->message && !c->error)
        c->error = ENOMEM;
}

// From here on only the last event and those around writes fire.
static void stop_events(struct conn *c, enum conn_state state)
{
    c->state = (uint8_t)state;
    mailbox_admit(c->group->net->mailbox, &c->slot, false);
    timer_cancel(c->group->net, &c->timer);
}

// Moves to the reap step. The descriptor leaves the poller now: nothing may fire for it.
static void end(struct conn *c)
{
    struct net *net = c->group->net;
    if (c->state >= CONN_ENDED)
        return;
    stop_events(c, CONN_ENDED);
    net->backend->set(net->poller, &c->watch, 0);
    list_remove(&c->link);
    list_append(&net->ended, &c->link);
}

void conn_close(struct conn *c, const char *message)
{
    if (message && c->state <= CONN_CLOSING) {
        keep_message(c, message);
        c->detaching = false;
    }
    if (!c->opened)
        conn_fail(c, message ? 0 : ECANCELED, "closed before it opened");
    if (c->state != CONN_OPEN)
        return;
    stop_events(c, CONN_CLOSING);
    conn_add_work(c, WORK_FLUSH);
    conn_update(c);
}

void conn_detach(struct conn *c)
{
    if (c->state != CONN_OPEN || !c->opened || c->shaking)
        return;
    c->detaching = true;
    stop_events(c, CONN_CLOSING);
    conn_add_work(c, WORK_FLUSH);
    conn_update(c);
}

int conn_take_socket(struct conn *c, struct buf *in, struct stack **stack)
{
    int fd = c->watch.fd;
    *stack = c->stack;
    c->stack = NULL;
    *in = c->in;
    c->in = (struct buf){0};
    c->watch.fd = -1;
    return fd;
}

void conn_finish(struct conn *c)
{
    if (c->state > CONN_OPEN || c->finishing || c->datagram)
        return;
    c->finishing = true;
    conn_add_work(c, WORK_FLUSH);
}

void conn_abort(struct conn *c)
{
    c->reset = true;
    c->detaching = false;
    if (!c->opened)
        conn_fail(c, ECANCELED, "closed before it opened");
    end(c);
}

void conn_fail(struct conn *c, int error, const char *message)
{
    // What goes wrong before `detached` fires is still an error.
    if (c->state > CONN_ENDED || (c->state == CONN_ENDED && !c->detaching))
        return;
    if (!c->error)
        c->error = (uint16_t)error; // else the message is that of an error before, and so is the code
    c->detaching = false;
    keep_message(c, message);
    if (c->out.length > 0 || c->files)
        c->reset = true; // what the peer has got must not look whole
    end(c);
}

void conn_break(struct conn *c, int error, const char *message)
{
    if (c->state > CONN_CLOSING)
        return;
    if (c->state == CONN_CONNECTING) {
        conn_fail(c, error, message); // nobody is there to hear of it
        return;
    }
    if (!c->error)
        c->error = (uint16_t)error;
    keep_message(c, message);
    c->detaching = false;
    if (c->state == CONN_OPEN) {
        stop_events(c, CONN_CLOSING);
        conn_update(c);
    }
    conn_add_work(c, WORK_FLUSH);
}

void conn_fail_full(struct conn *c, size_t length)
{
    char text[128];
    snprintf(text, sizeof(text),
             "output queue full: %zu pending bytes, options.queue allows %zu", length,
             c->limits->queue);
    c->reset = true;
    conn_fail(c, ENOBUFS, text);
}

int conn_queue(struct conn *c, const char *bytes, size_t n)
{
    if (c->out.length + n > c->limits->queue) {
        conn_fail_full(c, c->out.length + n);
        return -ENOBUFS;
    }
    if (c->out.length == 0)
        c->last_out = conn_clock(c);
    int err = queue_append(&c->out, &c->group->net->chunks, bytes, n);
    if (err)
        conn_fail(c, -err, NULL);
    else if (c->out.length >= c->limits->high)
        c->congested = true;
    return err;
}

void conn_end(struct conn *c)
{
    c->discards = !c->hung_up && !c->detaching && !c->datagram;
    end(c);
}

struct limits *conn_own_limits(struct conn *c)
{
    if (!c->own_limits) {
        struct limits *own = malloc(sizeof(*own));
        if (!own)
            return NULL;
        *own = *c->limits;
        c->limits = own;
        c->own_limits = true;
    }
    return (struct limits *)c->limits;
}

void conn_drop_limits(struct conn *c)
{
    if (c->own_limits)
        free((struct limits *)c->limits);
    c->own_limits = false;
}

int conn_swap(struct conn *c, void *handlers, const struct limits *limits, const char *rest,
              size_t n)
{
    int err = buf_prepend(&c->in, rest, n);
    if (err)
        return err;
    c->user.handlers = handlers;
    conn_drop_limits(c);
    c->limits = limits;
    c->swapped = true;
    c->shifted = true;
    if (buf_length(&c->in) > 0)
        c->more = true;
    conn_deliver_later(c);
    conn_update(c); // the limits may hold it no longer
    return 0;
}
