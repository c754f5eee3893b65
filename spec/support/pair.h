// A connection on a loop of its own, and the other end of its socket, for tests of net/.
#ifndef SUPPORT_PAIR_H
#define SUPPORT_PAIR_H

#include "net/loop.h"
#include "net/open.h"

#include "support/check.h"

#include <sys/socket.h>

struct pair {
    struct net *net;
    struct conn_group group; // group.user is the test's
    struct conn *conn;
    int peer; // the test closes it
};

// For the events that a test does not look at.
static inline bool pair_no_filters(struct conn *c)
{
    (void)c;
    return false;
}

static inline void pair_ignore(struct conn *c)
{
    (void)c;
}

static inline void pair_open(struct pair *p, const struct net_events *events, const struct limits *limits, void *user)
{
    int fds[2];
    struct endpoint unnamed = {.family = AF_UNIX};
    CHECK(net_open(&p->net, NULL, events, NULL) == 0);
    CHECK(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, fds) == 0);
    p->group = (struct conn_group){.net = p->net, .limits = limits, .user = user};
    list_init(&p->group.conns);
    p->peer = fds[1];
    CHECK(conn_new(&p->conn, &p->group, fds[0], &unnamed) == 0);
    conn_open(p->conn);
}

// One iteration, which does not wait.
static inline void turn_at_once(struct net *net)
{
    net->restless = true;
    CHECK(loop_turn(net) == 0);
}

static inline void pair_turn(struct pair *p)
{
    turn_at_once(p->net);
}

#endif
