// net/: what a connection that leaves the loop takes along. (That its unread input is there can be
// read only by what waits, so not by a script on the loop.)
#include "net/loop.h"
#include "net/open.h"
#include "net/read.h"
#include "net/reap.h"
#include "net/write.h"

#include "base/macros.h"
#include "support/check.h"

#include <sys/socket.h>
#include <unistd.h>

static const struct limits limits = {
    .high = 1 << 20, .low = 1 << 18, .queue = 1 << 26, .input = 1 << 20, .linger = 1000000000,
};

// One connection and its peer, and what its handler is to do.
struct world {
    struct net *net;
    struct conn_group group;
    struct conn *conn;
    int peer;
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

static bool no_filters(struct conn *c)
{
    (void)c;
    return false;
}

static void ignore(struct conn *c)
{
    (void)c;
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
    .arrived = no_filters, .opened = ignore, .woken = ignore, .data = data, .eof = ignore,
    .drained = ignore,
    .closed = closed, .failed = closed, .detached = detached,
};

static void begin(struct world *w)
{
    int fds[2];
    struct endpoint unnamed = {.family = AF_UNIX};
    w->out = w->out ? w->out : "";
    w->socket = -1;
    CHECK(net_open(&w->net, NULL, &events, NULL) == 0);
    CHECK(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, fds) == 0);
    w->group = (struct conn_group){.net = w->net, .limits = &limits, .user = w};
    list_init(&w->group.conns);
    w->peer = fds[1];
    CHECK(conn_new(&w->conn, &w->group, fds[0], &unnamed) == 0);
    conn_open(w->conn);
}

static void end(struct world *w)
{
    close(w->peer);
    if (w->socket >= 0)
        close(w->socket);
    buf_free(&w->in);
    CHECK(w->group.connections == 0);
    net_close(w->net);
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
    CHECK(write(w->peer, sent, strlen(sent)) == (ssize_t)strlen(sent));
    CHECK(loop_turn(w->net) == 0);
    CHECK(w->detached == 1 && w->closed == 0 && w->socket >= 0);
    CHECK(has(&w->in, expected));
    CHECK(read(w->peer, bytes, sizeof(bytes)) == (w->out[0] ? (ssize_t)strlen(w->out) : -1));
    CHECK(write(w->peer, "later", 5) == 5);
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
    CHECK(buf_append(&w.conn->in, "earlier ", 8) == 0);
    CHECK(write(w.peer, "later", 5) == 5);
    CHECK(loop_turn(w.net) == 0);
    CHECK(w.detached == 1 && has(&w.in, "rlier later"));
    end(&w);
}

static void takes_what_was_held_back(void)
{
    struct world w = {0};
    begin(&w);
    conn_pause(w.conn);
    CHECK(buf_append(&w.conn->in, "held back", 9) == 0);
    w.conn->more = true;
    conn_detach(w.conn);
    CHECK(loop_turn(w.net) == 0);
    CHECK(w.detached == 1 && has(&w.in, "held back"));
    end(&w);
}

static void frees_it_where_nobody_takes_it(void)
{
    struct world w = {.take = 4};
    begin(&w);
    conn_finish(w.conn);
    CHECK(write(w.peer, "one\ntwo\n", 8) == 8);
    close(w.peer);
    w.peer = dup(0);
    w.out = "nobody reads this";
    for (int i = 0; i < 3 && !w.closed; i++)
        CHECK(loop_turn(w.net) == 0);
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
