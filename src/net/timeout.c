#include "net/timeout.h"

#include "base/macros.h"
#include "net/stack.h"
#include "os/sock.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

static const uint64_t usual_idle = 3600000000000u, peer_idle = 60000000000u;

// The time-out that is due first.
struct due {
    const char *name, *what;
    unsigned events; // of the socket that would put it off
    uint64_t limit, deadline;
};

static void consider(struct due *d, struct due other, uint64_t since)
{
    other.deadline = since + other.limit;
    if (conn_limited(other.limit) && other.deadline < d->deadline)
        *d = other;
}

static uint64_t later(uint64_t a, uint64_t b)
{
    return a > b ? a : b;
}

// A peer of datagrams that sends no more cannot be told from one that is gone.
static uint64_t idle_limit(const struct conn *c)
{
    bool forgets = c->datagram && c->group->user;
    return c->limits->idle ? c->limits->idle : forgets ? peer_idle : usual_idle;
}

static struct due first_due(const struct conn *c)
{
    const struct limits *l = c->limits;
    struct due d = {.name = "no", .deadline = UINT64_MAX};
    if (c->state != CONN_OPEN)
        return d;
    if (c->shaking)
        consider(&d, (struct due){"handshake", "it was not over", 0, l->handshake, 0},
                 c->stack->since);
    if (!c->opened)
        return d;
    consider(&d,
             (struct due){"idle", "nothing came or went", POLL_READ | POLL_WRITE, idle_limit(c), 0},
             later(c->last_in, c->last_out));
    if (!c->paused && !conn_held(c) && !c->eof)
        consider(&d, (struct due){"read", "nothing came", POLL_READ, l->read, 0},
                 later(c->last_in, c->read_since));
    if (!c->datagram && !c->shaking && (c->out.length > 0 || stack_pending(c) > 0 || c->files))
        consider(&d, (struct due){"write", "the peer took nothing", POLL_WRITE, l->write, 0},
                 c->last_out);
    return d;
}

// Whether the socket has something that would put it off, and that the loop has not seen yet,
// because it was late itself.
static bool unseen(const struct conn *c, const struct due *d)
{
    unsigned events = c->watch.interest & d->events;
    return (events & POLL_READ && sock_wait(c->watch.fd, false, 0) == 0) ||
           (events & POLL_WRITE && sock_wait(c->watch.fd, true, 0) == 0);
}

static void fire(struct timer *t)
{
    struct conn *c = container_of(t, struct conn, timer);
    struct net *net = c->group->net;
    if (timeout_took(c))
        c->last_out = net->now;
    struct due d = first_due(c);
    if (d.deadline > net->now) {
        c->excused = false;
        timeout_arm(c);
        return;
    }
    if (unseen(c, &d)) {
        timer_set(net, t, net->now + 1); // after the next iteration has seen it
        return;
    }
    // The socket is the server's; what came to it meanwhile is read before this fires again.
    if (c->datagram && !c->excused) {
        c->excused = true;
        timer_set(net, t, net->now + 1);
        return;
    }
    if (c->datagram && strcmp(d.name, "idle") == 0) {
        conn_end(c);
        return;
    }
    char text[96];
    snprintf(text, sizeof(text), "%s time-out: %s for %g s", d.name, d.what, (double)d.limit / 1e9);
    conn_fail(c, ETIMEDOUT, text);
}

bool timeout_took(struct conn *c)
{
    if (!c->blocked)
        return false;
    int unsent = sock_unsent(c->watch.fd);
    bool less = unsent >= 0 && unsent < c->unsent;
    c->unsent = unsent;
    return less;
}

// The shorter one of the limits that a peer keeps by taking something; UINT64_MAX for none.
static uint64_t least_limit(const struct limits *l)
{
    uint64_t idle = conn_limited(l->idle) ? l->idle : UINT64_MAX;
    uint64_t write = conn_limited(l->write) ? l->write : UINT64_MAX;
    return idle < write ? idle : write;
}

void timeout_arm(struct conn *c)
{
    struct net *net = c->group->net;
    uint64_t deadline = first_due(c).deadline, least = least_limit(c->limits);
    if (deadline == UINT64_MAX)
        return;
    if (c->blocked && least != UINT64_MAX) {
        uint64_t look = net->now + timeout_look(least);
        deadline = look < deadline ? look : deadline;
    }
    if (timer_is_set(&c->timer) && c->timer.node.key <= deadline)
        return;
    c->timer.fire = fire;
    if (timer_set(net, &c->timer, deadline) < 0)
        conn_fail(c, ENOMEM, NULL);
}

void timeout_restart(struct conn *c)
{
    c->last_in = c->last_out = c->read_since = net_clock();
    timeout_arm(c);
}

void timeout_reading(struct conn *c)
{
    c->read_since = conn_clock(c);
    if (conn_limited(c->limits->read))
        timeout_arm(c);
}
