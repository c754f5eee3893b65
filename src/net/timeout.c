#include "net/timeout.h"

#include "base/macros.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

static const uint64_t peer_idle = 60000000000u;

// The time-out that is due first.
struct due {
    const char *name, *what;
    uint64_t limit, deadline;
};

static void consider(struct due *d, const char *name, const char *what, uint64_t limit,
                     uint64_t since)
{
    if (limit && limit != LIMIT_OFF && since + limit < d->deadline)
        *d = (struct due){name, what, limit, since + limit};
}

// A peer of datagrams that sends no more cannot be told from one that is gone.
static uint64_t idle_limit(const struct conn *c)
{
    bool forgets = c->peer && c->group->user;
    return c->limits->idle || !forgets ? c->limits->idle : peer_idle;
}

static struct due first_due(const struct conn *c)
{
    const struct limits *l = c->limits;
    struct due d = {.deadline = UINT64_MAX};
    if (c->state != CONN_OPEN)
        return d;
    consider(&d, "idle", "nothing came or went", idle_limit(c),
             c->last_in > c->last_out ? c->last_in : c->last_out);
    if (!c->paused && !conn_held(c) && !c->eof)
        consider(&d, "read", "nothing came", l->read, c->last_in);
    if (c->out.length > 0)
        consider(&d, "write", "the peer took nothing", l->write, c->last_out);
    return d;
}

static void fire(struct timer *t)
{
    struct conn *c = container_of(t, struct conn, timer);
    struct net *net = c->group->net;
    struct due d = first_due(c);
    if (d.deadline > net->now) {
        timeout_arm(c);
        return;
    }
    if (c->peer && strcmp(d.name, "idle") == 0) {
        conn_end(c);
        return;
    }
    char text[96];
    snprintf(text, sizeof(text), "%s time-out: %s for %g s", d.name, d.what, (double)d.limit / 1e9);
    conn_fail(c, ETIMEDOUT, text);
}

void timeout_arm(struct conn *c)
{
    struct due d = first_due(c);
    if (d.deadline == UINT64_MAX || (timer_is_set(&c->timer) && c->timer.node.key <= d.deadline))
        return;
    c->timer.fire = fire;
    if (timer_set(c->group->net, &c->timer, d.deadline) < 0)
        conn_fail(c, ENOMEM, NULL);
}

void timeout_reading(struct conn *c)
{
    c->last_in = c->group->net->now;
    if (c->limits->read)
        timeout_arm(c);
}
