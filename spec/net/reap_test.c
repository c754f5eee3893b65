// net/reap: what the peer still sends behind a close is dropped, and resets nothing, when the loop is late, too.
#include "net/loop.h"
#include "net/open.h"
#include "net/reap.h"
#include "net/write.h"

#include "base/macros.h"
#include "support/check.h"

#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum { TURNS = 1000 };

static const struct limits limits = {
    .high = 1 << 20, .low = 1 << 18, .queue = 1 << 26, .input = 1 << 20, .linger = 1000000000,
};

struct world {
    struct net *net;
    struct conn_group group;
    struct conn *conn;
    int peer;
};

static bool no_filters(struct conn *c)
{
    (void)c;
    return false;
}

static void ignore(struct conn *c)
{
    (void)c;
}

// It takes longer than the quiet after which the peer is taken to be done, and the peer is not.
static void closed(struct conn *c)
{
    struct world *w = c->group->user;
    nanosleep(&(struct timespec){.tv_nsec = 250000000}, NULL);
    CHECK(write(w->peer, "late", 4) == 4);
}

static const struct net_events events = {
    .arrived = no_filters, .opened = ignore, .woken = ignore, .eof = ignore, .drained = ignore, .closed = closed,
    .failed = ignore, .detached = ignore,
};

static void turn(struct world *w)
{
    w->net->restless = true;
    CHECK(loop_turn(w->net) == 0);
}

static void reads_before_it_takes_the_peer_to_be_done(void)
{
    struct world w = {0};
    struct endpoint unnamed = {.family = AF_UNIX};
    int fds[2];
    char bytes[16];
    CHECK(net_open(&w.net, NULL, &events, NULL) == 0);
    CHECK(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, fds) == 0);
    w.group = (struct conn_group){.net = w.net, .limits = &limits, .user = &w};
    list_init(&w.group.conns);
    w.peer = fds[1];
    CHECK(conn_new(&w.conn, &w.group, fds[0], &unnamed) == 0);
    conn_open(w.conn);
    conn_close(w.conn, NULL);
    conn_flush(w.conn, "reply", 5);
    turn(&w);
    CHECK(read(w.peer, bytes, sizeof(bytes)) == 5);
    turn(&w);
    CHECK(read(w.peer, bytes, sizeof(bytes)) == 0);
    close(w.peer);
    for (int i = 0; i < TURNS && w.group.connections; i++)
        turn(&w);
    CHECK(w.group.connections == 0);
    net_close(w.net);
}

int main(void)
{
    static const struct check_test tests[] = {
        {"what came while the loop was late is read before the close", reads_before_it_takes_the_peer_to_be_done},
    };
    return check_run(tests, ARRAY_LEN(tests));
}
