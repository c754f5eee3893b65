#include "net/loop.h"

#include "base/macros.h"
#include "net/dial.h"
#include "net/listener.h"
#include "net/read.h"
#include "net/reap.h"
#include "net/resolver.h"
#include "net/server.h"
#include "net/timer.h"
#include "net/udp.h"
#include "net/write.h"
#include "os/clock.h"

#include <errno.h>

enum { BATCH = 256 };

// What the poller reported in this iteration.
struct batch {
    struct ready ready[BATCH];
    int count;
};

static int wait_for_events(struct net *net, struct batch *b)
{
    net->now = clock_now();
    bool idle = list_empty(&net->work) && list_empty(&net->ended) && !net->restless;
    int64_t timeout = idle ? timers_wait(net) : 0;
    net->restless = false;
    net->handshakes = 0;
    b->count = net->backend->wait(net->poller, b->ready, BATCH, timeout);
    net->now = clock_now();
    net->iteration++;
    return b->count < 0 ? b->count : 0;
}

// Messages first: a thread that wakes a connection after it posted means the connection to know.
static void deliver_mail(struct net *net)
{
    struct message *next, *message = mailbox_take(net->mailbox);
    for (; message; message = next) {
        next = message->next;
        message->deliver(message, true);
    }
    struct slot *slot;
    while ((slot = mailbox_take_wake(net->mailbox))) {
        struct conn *c = container_of(slot, struct conn, slot);
        if (c->state == CONN_OPEN)
            net->events->woken(c);
    }
}

static void wakeups(struct net *net, const struct batch *b)
{
    for (int i = 0; i < b->count; i++) {
        if (b->ready[i].watch->kind == WATCH_SIGNALS) {
            waker_clear(&net->signals.waker);
            shutdown_all(net);
        } else if (b->ready[i].watch->kind == WATCH_MAILBOX) {
            deliver_mail(net);
        } else if (b->ready[i].watch->kind == WATCH_RESOLVER) {
            resolver_ready(net, &b->ready[i]);
        }
    }
}

static void timers(struct net *net)
{
    timers_fire(net);
}

// Accepted and dialed ones.
static void new_connections(const struct batch *b)
{
    for (int i = 0; i < b->count; i++) {
        if (b->ready[i].watch->kind == WATCH_LISTENER)
            listener_accept(container_of(b->ready[i].watch, struct listener, watch));
        else if (b->ready[i].watch->kind == WATCH_ATTEMPT)
            dial_ready(b->ready[i].watch);
    }
}

static void read_input(struct net *net, const struct batch *b)
{
    for (int i = 0; i < b->count; i++) {
        if (b->ready[i].watch->kind == WATCH_UDP)
            udp_ready(container_of(b->ready[i].watch, struct udp, watch));
        if (b->ready[i].watch->kind != WATCH_CONN || !(b->ready[i].events & POLL_READ))
            continue;
        struct conn *c = container_of(b->ready[i].watch, struct conn, watch);
        if (c->state == CONN_DRAINING)
            reap_drain(c);
        else
            conn_read(c);
    }
    struct link waiting, *link;
    list_move(&waiting, &net->work);
    while ((link = list_take(&waiting))) {
        struct conn *c = container_of(link, struct conn, link);
        list_append(&net->work, link);
        if (c->work & WORK_DELIVER)
            conn_redeliver(c);
    }
}

static void flush(struct net *net, const struct batch *b)
{
    shutdown_connections(net);
    for (int i = 0; i < b->count; i++) {
        if (b->ready[i].watch->kind != WATCH_CONN || !(b->ready[i].events & POLL_WRITE))
            continue;
        struct conn *c = container_of(b->ready[i].watch, struct conn, watch);
        if (c->blocked && c->state <= CONN_CLOSING) {
            c->blocked = false;
            conn_flush(c, NULL, 0);
        }
    }
    struct link waiting, *link;
    list_move(&waiting, &net->work);
    while ((link = list_take(&waiting)))
        conn_do_work(container_of(link, struct conn, link));
}

static void reap(struct net *net)
{
    struct link dead, *link;
    bool freed = !list_empty(&net->ended);
    list_move(&dead, &net->ended);
    while ((link = list_take(&dead)))
        reap_conn(container_of(link, struct conn, link));
    dials_reap(net);
    if (freed)
        listeners_retry(net);
    servers_reap(net);
}

int loop_begin(struct net *net)
{
    int err = signals_open(&net->signals);
    if (err == -EBUSY)
        return 0;
    if (err)
        return err;
    net->has_signals = true;
    net->signals_watch =
        (struct watch){.fd = net->signals.waker.read_fd, .kind = WATCH_SIGNALS};
    err = net->backend->set(net->poller, &net->signals_watch, POLL_READ);
    if (err)
        loop_end(net);
    return err;
}

void loop_end(struct net *net)
{
    if (!net->has_signals)
        return;
    net->backend->set(net->poller, &net->signals_watch, 0);
    signals_close(&net->signals);
    net->has_signals = false;
}

int loop_turn(struct net *net)
{
    struct batch batch;
    int err = wait_for_events(net, &batch);
    if (err)
        return err;
    wakeups(net, &batch);
    timers(net);
    new_connections(&batch);
    read_input(net, &batch);
    flush(net, &batch);
    reap(net);
    return 0;
}

void loop_free(struct net *net)
{
    struct link *link;
    while ((link = list_take(&net->servers)))
        server_free(container_of(link, struct server, link));
    group_free(&net->dialed);
    dials_reap(net);
    resolver_free(net);
    net_close(net);
}
