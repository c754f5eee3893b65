#include "net/conn.h"

#include "base/macros.h"
#include "os/fd.h"
#include "os/sock.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

int conn_new(struct conn **conn, struct conn_group *group, int fd, const struct endpoint *remote)
{
    struct net *net = group->net;
    struct conn *c = calloc(1, sizeof(*c));
    int err = c ? slots_add(&net->conns, &c->slot) : -ENOMEM;
    if (err) {
        free(c);
        fd_close(fd);
        return err;
    }
    c->watch = (struct watch){.fd = fd, .kind = WATCH_CONN};
    c->group = group;
    c->limits = group->limits;
    c->remote = *remote;
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
    if (c->state == CONN_OPEN && !c->paused && !c->congested && !c->more && !c->eof)
        interest |= POLL_READ;
    if (c->state <= CONN_CLOSING && c->blocked)
        interest |= POLL_WRITE;
    return interest;
}

void conn_update(struct conn *c)
{
    struct net *net = c->group->net;
    unsigned interest = wanted(c);
    if (interest == c->watch.interest)
        return;
    int err = net->backend->set(net->poller, &c->watch, interest);
    if (err)
        conn_fail(c, -err, NULL);
}

int conn_set_nodelay(struct conn *c, bool on)
{
    return sock_set_nodelay(c->watch.fd, on);
}

int conn_set_keepalive(struct conn *c, unsigned seconds)
{
    return sock_set_keepalive(c->watch.fd, seconds);
}

int conn_local(const struct conn *c, struct endpoint *local)
{
    return sock_local_endpoint(c->watch.fd, local);
}

void conn_deliver_later(struct conn *c)
{
    if (c->more && !c->paused && !c->congested)
        conn_add_work(c, WORK_DELIVER);
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
    c->paused = false;
    conn_deliver_later(c);
    conn_update(c);
}

static void keep_message(struct conn *c, const char *message)
{
    if (message && !c->message)
        c->message = strdup(message);
}

// Moves to the reap step. The descriptor leaves the poller now: nothing may fire for it.
static void end(struct conn *c)
{
    struct net *net = c->group->net;
    if (c->state >= CONN_ENDED)
        return;
    c->state = CONN_ENDED;
    net->backend->set(net->poller, &c->watch, 0);
    timer_cancel(net, &c->timer);
    list_remove(&c->link);
    list_append(&net->ended, &c->link);
}

void conn_close(struct conn *c, const char *message)
{
    if (c->state <= CONN_CLOSING)
        keep_message(c, message);
    if (c->state != CONN_OPEN)
        return;
    c->state = CONN_CLOSING;
    conn_add_work(c, WORK_FLUSH);
    conn_update(c);
}

void conn_finish(struct conn *c)
{
    if (c->state != CONN_OPEN || c->finishing)
        return;
    c->finishing = true;
    conn_add_work(c, WORK_FLUSH);
}

void conn_abort(struct conn *c)
{
    c->reset = true;
    end(c);
}

void conn_fail(struct conn *c, int error, const char *message)
{
    if (c->state >= CONN_ENDED)
        return;
    c->error = error;
    keep_message(c, message);
    if (c->out.length > 0)
        c->reset = true; // what the peer has got must not look whole
    end(c);
}

void conn_end(struct conn *c)
{
    c->drain = !c->eof;
    end(c);
}

int conn_swap(struct conn *c, void *handlers, const struct limits *limits, const char *rest,
              size_t n)
{
    int err = buf_prepend(&c->in, rest, n);
    if (err)
        return err;
    c->user.handlers = handlers;
    c->limits = limits;
    c->swapped = true;
    c->shifted = true;
    if (buf_length(&c->in) > 0) {
        c->more = true;
        conn_deliver_later(c);
        conn_update(c);
    }
    return 0;
}

void conn_free(struct conn *c)
{
    struct net *net = c->group->net;
    net->backend->set(net->poller, &c->watch, 0);
    timer_cancel(net, &c->timer);
    list_remove(&c->link);
    slots_remove(&net->conns, &c->slot);
    if (c->reset)
        sock_reset_on_close(c->watch.fd);
    fd_close(c->watch.fd);
    queue_free(&c->out, &net->chunks);
    buf_free(&c->in);
    free(c->message);
    c->group->connections--;
    free(c);
}
