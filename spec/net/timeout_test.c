// net/timeout: when a quiet connection ends where nothing is set. (A spec cannot wait for an hour.)
#include "net/reap.h"

#include "base/macros.h"
#include "support/check.h"
#include "support/pair.h"

#include <unistd.h>

static const uint64_t hour = 3600000000000u;

static const struct net_events events = {.arrived = pair_no_filters, .opened = pair_ignore, .closed = pair_ignore};

// Nanoseconds from now until an open connection's time-out; -1 for none.
static int64_t time_out(uint64_t idle)
{
    struct pair p;
    struct limits limits = {.high = 1 << 20, .low = 1 << 18, .queue = 1 << 26, .idle = idle};
    pair_open(&p, &events, &limits, NULL);
    bool set = timer_is_set(&p.conn->timer);
    int64_t wait = (int64_t)(p.conn->timer.node.key - p.net->now);
    conn_free(p.conn);
    close(p.peer);
    net_close(p.net);
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
