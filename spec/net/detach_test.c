// net/: what a connection that leaves the loop takes along. (That its unread input is there can be
// read only by what waits, so not by a script on the loop.)
#include "net/read.h"
#include "net/reap.h"
#include "net/write.h"

#include "base/macros.h"
#include "support/check.h"
#include "support/pair.h"

#include <unistd.h>

static const struct limits limits = {
    .high = 1 << 20, .low = 1 << 18, .queue = 1 << 26, .input = 1 << 20, .linger = 1000000000,
};

// One connection and its peer, and what its handler is to do.
struct world {
    struct pair pair;
    size_t take;      // of each data event
    const char *rest; // for conn_swap in the data event, or NULL
    const char *out;  // the answer
    int detached, closed, socket;
    struct buf in;
    struct stack *stack;
};

static struct world *world_of(struct conn *c)
{
    return c->group->user;
}

static struct delivery data(struct conn *c, const char *bytes, size_t n)
{
    struct world *w = world_of(c);
    (void)bytes;
    if (w->rest)
        CHECK(conn_swap(c, NULL, &limits, w->rest, strlen(w->rest)) == 0);
    conn_detach(c);
    conn_flush(c, w->out, strlen(w->out));
    return (struct delivery){.used = n < w->take ? n : w->take, .more = true};
}

static void closed(struct conn *c)
{
    world_of(c)->closed++;
}

static void detached(struct conn *c)
{
    struct world *w = world_of(c);
    w->detached++;
    w->socket = conn_take_socket(c, &w->in, &w->stack);
}

static const struct net_events events = {
    .arrived = pair_no_filters, .opened = pair_ignore, .woken = pair_ignore, .data = data, .eof = pair_ignore,
    .drained = pair_ignore, .stopping = pair_ignore,
    .closed = closed, .failed = closed, .detached = detached,
};

static void begin(struct world *w)
{
    w->out = w->out ? w->out : "";
    w->socket = -1;
    pair_open(&w->pair, &events, &limits, w);
}

static void end(struct world *w)
{
    close(w->pair.peer);
    if (w->socket >= 0)
        close(w->socket);
    buf_free(&w->in);
    CHECK(w->pair.group.connections == 0);
    net_close(w->pair.net);
}

static bool has(const struct buf *in, const char *expected)
{
    size_t n = strlen(expected);
    return buf_length(in) == n && (n == 0 || memcmp(buf_bytes(in), expected, n) == 0);
}

// The peer sends, the loop turns: what the socket has got is as expected.
static void check_rest(struct world *w, const char *sent, const char *expected)
{
    char bytes[64];
    begin(w);
    CHECK(write(w->pair.peer, sent, strlen(sent)) == (ssize_t)strlen(sent));
    CHECK(loop_turn(w->pair.net) == 0);
    CHECK(w->detached == 1 && w->closed == 0 && w->socket >= 0);
    CHECK(has(&w->in, expected));
    CHECK(read(w->pair.peer, bytes, sizeof(bytes)) == (w->out[0] ? (ssize_t)strlen(w->out) : -1));
    CHECK(write(w->pair.peer, "later", 5) == 5);
    CHECK(read(w->socket, bytes, sizeof(bytes)) == 5);
    end(w);
}

static void takes_what_the_handler_left(void)
{
    check_rest(&(struct world){.take = 4}, "one\ntwo\nrest", "two\nrest");
}

static void takes_it_behind_an_answer(void)
{
    check_rest(&(struct world){.take = 4, .out = "bye\n"}, "one\ntwo\nrest", "two\nrest");
}

static void takes_nothing_where_nothing_is_left(void)
{
    check_rest(&(struct world){.take = 100}, "one\n", "");
}

static void takes_the_rest_of_a_swap_first(void)
{
    check_rest(&(struct world){.take = 4, .rest = "rest "}, "one\ntwo\n", "rest two\n");
}

static void takes_what_an_earlier_event_left(void)
{
    struct world w = {.take = 2};
    begin(&w);
    CHECK(buf_append(&w.pair.conn->in, "earlier ", 8) == 0);
    CHECK(write(w.pair.peer, "later", 5) == 5);
    CHECK(loop_turn(w.pair.net) == 0);
    CHECK(w.detached == 1 && has(&w.in, "rlier later"));
    end(&w);
}

static void takes_what_was_held_back(void)
{
    struct world w = {0};
    begin(&w);
    conn_pause(w.pair.conn);
    CHECK(buf_append(&w.pair.conn->in, "held back", 9) == 0);
    w.pair.conn->more = true;
    conn_detach(w.pair.conn);
    CHECK(loop_turn(w.pair.net) == 0);
    CHECK(w.detached == 1 && has(&w.in, "held back"));
    end(&w);
}

static void frees_it_where_nobody_takes_it(void)
{
    struct world w = {.take = 4};
    begin(&w);
    conn_finish(w.pair.conn);
    CHECK(write(w.pair.peer, "one\ntwo\n", 8) == 8);
    close(w.pair.peer);
    w.pair.peer = dup(0);
    w.out = "nobody reads this";
    for (int i = 0; i < 3 && !w.closed; i++)
        CHECK(loop_turn(w.pair.net) == 0);
    CHECK(w.closed == 1 && w.detached == 0);
    end(&w);
}

int main(void)
{
    static const struct check_test tests[] = {
        {"a socket takes along what the handler left", takes_what_the_handler_left},
        {"a socket takes it along behind an answer", takes_it_behind_an_answer},
        {"a socket takes nothing where nothing is left", takes_nothing_where_nothing_is_left},
        {"a socket takes the rest of a swap first", takes_the_rest_of_a_swap_first},
        {"a socket takes what an earlier event left", takes_what_an_earlier_event_left},
        {"a socket takes what was held back", takes_what_was_held_back},
        {"unread input is freed where nobody takes it", frees_it_where_nobody_takes_it},
    };
    return check_run(tests, ARRAY_LEN(tests));
}
