#include "net/reap.h"

#include "base/macros.h"
#include "net/admission.h"
#include "net/dial.h"
#include "net/files.h"
#include "net/stack.h"
#include "net/udp.h"
#include "os/fd.h"
#include "os/sock.h"

#include <errno.h>
#include <stdlib.h>

// When the FIN is out, closing with input unread, or input that comes later, would reset the
// connection and take back what the peer has not got yet (RFC 1122, 4.2.2.13). So input is read
// and dropped until the peer is done, or is quiet and has acknowledged everything; in any case
// not for ever, and not without end.
static const uint64_t look_every = 200000000; // nanoseconds
enum { LOOKS = 25, MOST_BYTES = 64 << 20 };

static void done(struct conn *c)
{
    c->state = CONN_GONE;
    list_append(&c->group->net->ended, &c->link);
}

static void look_again(struct conn *c)
{
    struct net *net = c->group->net;
    c->discarded.now = 0;
    if (timer_set(net, &c->timer, net->now + look_every) < 0)
        done(c);
}

void reap_drain(struct conn *c)
{
    struct net *net = c->group->net;
    ssize_t n = sock_receive(c->watch.fd, net->input, sizeof(net->input));
    if (n == -EAGAIN)
        return;
    if (n > 0) {
        c->discarded.now += (uint32_t)n;
        c->discarded.total += (uint32_t)n;
    }
    if (n <= 0 || c->discarded.total > MOST_BYTES) {
        timer_cancel(net, &c->timer);
        net->backend->set(net->poller, &c->watch, 0);
        done(c);
    }
}

// What came without having been seen is read first: the loop may have been late itself, or the poller may have refused.
static void look(struct timer *t)
{
    struct conn *c = container_of(t, struct conn, timer);
    if (sock_wait(c->watch.fd, false, 0) == 0)
        reap_drain(c);
    if (c->state == CONN_GONE)
        return;
    bool quiet = c->discarded.now == 0 && sock_unsent(c->watch.fd) == 0;
    if (quiet || ++c->discarded.looks == LOOKS)
        done(c);
    else
        look_again(c);
}

void conn_free(struct conn *c)
{
    struct net *net = c->group->net;
    dial_cancel(c);
    peer_free(c);
    stack_free(c->stack);
    net->backend->set(net->poller, &c->watch, 0);
    timer_cancel(net, &c->timer);
    list_remove(&c->link);
    mailbox_remove(net->mailbox, &c->slot);
    if (c->watch.fd >= 0) {
        if (c->reset)
            sock_reset_on_close(c->watch.fd);
        fd_close(c->watch.fd);
    }
    queue_free(&c->out, &net->chunks);
    files_free(c);
    buf_free(&c->in);
    conn_drop_limits(c);
    free(c->message);
    if (c->admitted)
        admission_leave(c->group, &c->remote);
    list_remove(&c->sibling);
    c->group->connections--;
    free(c);
}

void reap_conn(struct conn *c)
{
    struct net *net = c->group->net;
    if (c->state == CONN_GONE) {
        conn_free(c);
        return;
    }
    if (!c->opened)
        net->events->failed(c);
    else if (c->detaching)
        net->events->detached(c);
    else
        net->events->closed(c);
    if (!c->discards || c->reset) {
        conn_free(c);
        return;
    }
    queue_free(&c->out, &net->chunks);
    buf_free(&c->in);
    stack_free(c->stack);
    c->stack = NULL;
    c->state = CONN_DRAINING;
    c->discarded.looks = c->discarded.total = 0;
    c->timer.fire = look;
    look_again(c);
    conn_update(c);
}
