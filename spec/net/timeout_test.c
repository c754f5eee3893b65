// net/timeout: when a quiet connection ends where nothing is set. (A spec cannot wait for an hour.)
#include "net/loop.h"
#include "net/open.h"
#include "net/reap.h"

#include "base/macros.h"
#include "support/check.h"

#include <sys/socket.h>
#include <unistd.h>

static const uint64_t hour = 3600000000000u;

static bool no_filters(struct conn *c)
{
    (void)c;
    return false;
}

static void ignore(struct conn *c)
{
    (void)c;
}

static const struct net_events events = {.arrived = no_filters, .opened = ignore, .closed = ignore};

// Nanoseconds from now until an open connection's time-out; -1 for none.
static int64_t time_out(uint64_t idle)
{
    int fds[2];
    struct net *net;
    struct conn *c;
    struct endpoint unnamed = {.family = AF_UNIX};
    struct limits limits = {.high = 1 << 20, .low = 1 << 18, .queue = 1 << 26, .idle = idle};
    CHECK(net_open(&net, NULL, &events, NULL) == 0);
    CHECK(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, fds) == 0);
    struct conn_group group = {.net = net, .limits = &limits};
    list_init(&group.conns);
    CHECK(conn_new(&c, &group, fds[0], &unnamed) == 0);
    conn_open(c);
    bool set = timer_is_set(&c->timer);
    int64_t wait = (int64_t)(c->timer.node.key - net->now);
    conn_free(c);
    close(fds[1]);
    net_close(net);
    return set ? wait : -1;
}

static void is_an_hour_where_nothing_is_set(void)
{
    int64_t wait = time_out(0);
    CHECK(wait > (int64_t)hour - 1000000000 && wait <= (int64_t)hour + 1000000000);
}

static void is_none_where_it_is_off(void)
{
    CHECK(time_out(LIMIT_OFF) == -1);
}

int main(void)
{
    static const struct check_test tests[] = {
        {"the idle time is an hour where nothing is set", is_an_hour_where_nothing_is_set},
        {"there is no idle time where it is off", is_none_where_it_is_off},
    };
    return check_run(tests, ARRAY_LEN(tests));
}
