// net/reap: what the peer still sends behind a close is dropped, and resets nothing, when the loop is late, too.
#include "net/reap.h"
#include "net/write.h"

#include "base/macros.h"
#include "support/check.h"
#include "support/pair.h"

#include <time.h>
#include <unistd.h>

enum { TURNS = 1000 };

static const struct limits limits = {
    .high = 1 << 20, .low = 1 << 18, .queue = 1 << 26, .input = 1 << 20, .linger = 1000000000,
};

// It takes longer than the quiet after which the peer is taken to be done, and the peer is not.
static void closed(struct conn *c)
{
    struct pair *p = c->group->user;
    nanosleep(&(struct timespec){.tv_nsec = 250000000}, NULL);
    CHECK(write(p->peer, "late", 4) == 4);
}

static const struct net_events events = {
    .arrived = pair_no_filters, .opened = pair_ignore, .woken = pair_ignore, .eof = pair_ignore,
    .drained = pair_ignore, .stopping = pair_ignore, .closed = closed, .failed = pair_ignore, .detached = pair_ignore,
};

static void reads_before_it_takes_the_peer_to_be_done(void)
{
    struct pair p;
    char bytes[16];
    pair_open(&p, &events, &limits, &p);
    conn_close(p.conn, NULL);
    conn_flush(p.conn, "reply", 5);
    pair_turn(&p);
    CHECK(read(p.peer, bytes, sizeof(bytes)) == 5);
    pair_turn(&p);
    CHECK(read(p.peer, bytes, sizeof(bytes)) == 0);
    close(p.peer);
    for (int i = 0; i < TURNS && p.group.connections; i++)
        pair_turn(&p);
    CHECK(p.group.connections == 0);
    net_close(p.net);
}

int main(void)
{
    static const struct check_test tests[] = {
        {"what came while the loop was late is read before the close", reads_before_it_takes_the_peer_to_be_done},
    };
    return check_run(tests, ARRAY_LEN(tests));
}
