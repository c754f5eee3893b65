// net/send_file: files among a connection's output, with and without filters.
#include "net/send_file.h"

#include "net/loop.h"
#include "net/open.h"
#include "net/stack.h"
#include "net/write.h"

#include "base/macros.h"
#include "support/check.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

enum { SIZE = 3 << 20, TURNS = 4000 };

static const struct limits limits = {
    .high = 1 << 20, .low = 1 << 18, .queue = 1 << 21, .input = 1 << 20, .linger = 1000000000,
};

struct world {
    struct net *net;
    struct conn_group group;
    struct conn *conn;
    int peer;
    int detached, closed, drained, error, socket;
    size_t before, after; // amounts that prewrite and postwrite told of
    char *got;
    size_t length; // of what the peer got
    bool ended;    // the peer got a FIN
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

static void drained(struct conn *c)
{
    world_of(c)->drained++;
}

static void closed(struct conn *c)
{
    world_of(c)->closed++;
    world_of(c)->error = c->error;
}

static void detached(struct conn *c)
{
    struct buf in;
    struct stack *stack;
    world_of(c)->detached++;
    world_of(c)->socket = conn_take_socket(c, &in, &stack);
    buf_free(&in);
    stack_free(stack);
}

static void prewrite(struct conn *c, size_t amount)
{
    (void)amount;
    world_of(c)->before++;
}

static void postwrite(struct conn *c, size_t amount, size_t remaining)
{
    world_of(c)->after += amount;
    CHECK(remaining == conn_pending(c));
}

static const struct net_events events = {
    .arrived = no_filters, .opened = ignore, .woken = ignore, .eof = ignore, .drained = drained,
    .prewrite = prewrite, .postwrite = postwrite, .closed = closed, .failed = closed, .detached = detached,
};

// A filter that changes each byte.
static int flip(struct filter *f, const char *bytes, size_t n)
{
    char piece[65536];
    CHECK(n <= sizeof(piece));
    for (size_t i = 0; i < n && i < sizeof(piece); i++)
        piece[i] = (char)(bytes[i] ^ 1);
    return filter_down(f, piece, n);
}

static int receive(struct filter *f, const char *wire, size_t n)
{
    return wire ? filter_up(f, wire, n) : 0;
}

static int finish(struct filter *f)
{
    return filter_down(f, "END", 3);
}

static void discard(struct filter *f)
{
    free(f);
}

static const struct filter_ops flips = {.receive = receive, .send = flip, .finish = finish, .free = discard};

static struct filter *flipper(void)
{
    struct filter *f = calloc(1, sizeof(*f));
    *f = (struct filter){.ops = &flips, .name = "flip"};
    return f;
}

// One iteration, which does not wait.
static void turn(struct world *w)
{
    w->net->restless = true;
    CHECK(loop_turn(w->net) == 0);
}

static void begin(struct world *w)
{
    int fds[2];
    struct endpoint unnamed = {.family = AF_UNIX};
    signal(SIGPIPE, SIG_IGN);
    w->socket = -1;
    w->got = malloc(2 * SIZE);
    CHECK(net_open(&w->net, NULL, &events, NULL) == 0);
    CHECK(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, fds) == 0);
    w->group = (struct conn_group){.net = w->net, .limits = &limits, .user = w};
    w->peer = fds[1];
    CHECK(conn_new(&w->conn, &w->group, fds[0], &unnamed) == 0);
    conn_open(w->conn);
}

static void end(struct world *w)
{
    close(w->peer);
    if (w->socket >= 0)
        close(w->socket);
    if (w->group.connections)
        conn_abort(w->conn);
    for (int i = 0; i < TURNS && w->group.connections; i++)
        turn(w);
    CHECK(w->group.connections == 0);
    net_close(w->net);
    free(w->got);
}

// A file without a name, whose bytes are told by their offset.
static char byte_at(size_t offset)
{
    return (char)(offset * 7 + offset / 251);
}

static int make_file(size_t size)
{
    char name[] = "/tmp/evio-file-XXXXXX";
    int fd = mkstemp(name);
    char *bytes = malloc(size);
    for (size_t i = 0; i < size; i++)
        bytes[i] = byte_at(i);
    CHECK(fd >= 0 && unlink(name) == 0 && write(fd, bytes, size) == (ssize_t)size);
    free(bytes);
    return fd;
}

static bool is_closed(int fd)
{
    return fcntl(fd, F_GETFD) < 0 && errno == EBADF;
}

// The peer takes up to `most` bytes in all, while the loop turns.
static void receive_all(struct world *w, size_t most)
{
    for (int i = 0; i < TURNS && !w->ended && w->length < most; i++) {
        turn(w);
        ssize_t n = read(w->peer, w->got + w->length, most - w->length);
        w->ended = n == 0;
        w->length += n > 0 ? (size_t)n : 0;
    }
}

static bool has_file(const struct world *w, size_t at, size_t offset, size_t n, char change)
{
    for (size_t i = 0; i < n; i++)
        if (w->got[at + i] != (char)(byte_at(offset + i) ^ change))
            return false;
    return true;
}

static void keeps_order(void)
{
    struct world w = {0};
    begin(&w);
    int one = make_file(SIZE), two = make_file(200000);
    w.conn->observed = true;
    CHECK(conn_write(w.conn, "head", 4) == 4);
    CHECK(conn_send_file(w.conn, one, 10, SIZE - 10) == SIZE - 6);
    CHECK(conn_write(w.conn, "between", 7) == SIZE + 1);
    CHECK(conn_send_file(w.conn, two, 0, 200000) == SIZE + 200001);
    conn_flush(w.conn, "tail", 4);
    size_t all = SIZE + 200005;
    CHECK(w.conn->congested && !w.drained);
    receive_all(&w, all);
    CHECK(w.length == all && w.after == all && w.before > 4);
    CHECK(memcmp(w.got, "head", 4) == 0 && has_file(&w, 4, 10, SIZE - 10, 0));
    CHECK(memcmp(w.got + SIZE - 6, "between", 7) == 0 && has_file(&w, SIZE + 1, 0, 200000, 0));
    CHECK(memcmp(w.got + all - 4, "tail", 4) == 0);
    CHECK(w.drained == 1 && conn_pending(w.conn) == 0 && is_closed(one) && is_closed(two));
    end(&w);
}

static void queues_small_ones(void)
{
    struct world w = {0};
    begin(&w);
    int fd = make_file(60000);
    CHECK(conn_send_file(w.conn, fd, 1, 59999) == 59999);
    CHECK(is_closed(fd));
    CHECK(conn_send_file(w.conn, make_file(1), 0, 0) == 59999);
    receive_all(&w, 59999);
    CHECK(has_file(&w, 0, 1, 59999, 0));
    end(&w);
}

static void waits_for_a_slow_peer(void)
{
    struct world w = {0};
    begin(&w);
    int fd = make_file(SIZE);
    CHECK(conn_send_file(w.conn, fd, 0, SIZE) == SIZE);
    conn_close(w.conn, NULL);
    for (int i = 0; i < 20; i++)
        turn(&w);
    CHECK(conn_pending(w.conn) > SIZE / 2 && w.conn->out.length == 0 && !w.closed);
    receive_all(&w, SIZE + 1);
    CHECK(w.length == SIZE && w.ended && has_file(&w, 0, 0, SIZE, 0));
    CHECK(w.closed == 1 && w.error == 0 && is_closed(fd));
    end(&w);
}

static void gives_a_silent_peer_up(void)
{
    struct world w = {0};
    begin(&w);
    int fd = make_file(SIZE);
    CHECK(conn_send_file(w.conn, fd, 0, SIZE) == SIZE);
    conn_close(w.conn, NULL);
    for (int i = 0; i < TURNS && !w.closed; i++)
        CHECK(loop_turn(w.net) == 0);
    CHECK(w.closed == 1 && w.error == ETIMEDOUT && is_closed(fd));
    end(&w);
}

static void goes_in_front_of_a_detach(void)
{
    struct world w = {0};
    begin(&w);
    int fd = make_file(SIZE);
    CHECK(conn_send_file(w.conn, fd, 0, SIZE) == SIZE);
    conn_detach(w.conn);
    turn(&w);
    CHECK(!w.detached);
    receive_all(&w, SIZE);
    turn(&w);
    CHECK(w.detached == 1 && has_file(&w, 0, 0, SIZE, 0) && is_closed(fd));
    CHECK(write(w.socket, "x", 1) == 1 && read(w.peer, w.got, 2) == 1);
    end(&w);
}

static void ends_where_it_shrinks(bool filtered)
{
    struct world w = {0};
    begin(&w);
    int fd = make_file(SIZE);
    if (filtered)
        CHECK(stack_push(w.conn, flipper()) == 0);
    CHECK(conn_send_file(w.conn, fd, 0, SIZE) == SIZE);
    turn(&w);
    CHECK(ftruncate(fd, 1000000) == 0);
    receive_all(&w, SIZE);
    CHECK(w.closed == 1 && w.error == EIO && is_closed(fd) && w.length <= 1000000);
    end(&w);
}

static void ends_where_a_file_shrinks(void)
{
    ends_where_it_shrinks(false);
    ends_where_it_shrinks(true);
    struct world w = {0};
    begin(&w);
    int fd = make_file(100);
    CHECK(conn_send_file(w.conn, fd, 0, 101) == -EIO);
    turn(&w);
    CHECK(w.closed == 1 && w.error == EIO && is_closed(fd));
    end(&w);
}

static void is_closed_at_an_end(void)
{
    struct world w = {0};
    begin(&w);
    int fd = make_file(SIZE), other = make_file(SIZE);
    CHECK(conn_send_file(w.conn, fd, 0, SIZE) == SIZE);
    CHECK(conn_send_file(w.conn, other, 0, SIZE) == 2 * SIZE);
    turn(&w);
    close(w.peer); // it is reset
    w.peer = dup(0);
    for (int i = 0; i < TURNS && !w.closed; i++)
        turn(&w);
    CHECK(w.closed == 1 && w.error != 0 && is_closed(fd) && is_closed(other));
    end(&w);
    struct world v = {0};
    begin(&v);
    fd = make_file(SIZE);
    CHECK(conn_send_file(v.conn, fd, 0, SIZE) == SIZE);
    conn_abort(v.conn);
    other = make_file(SIZE);
    CHECK(conn_send_file(v.conn, other, 0, SIZE) == -EPIPE && is_closed(other));
    turn(&v);
    CHECK(v.closed == 1 && is_closed(fd));
    end(&v);
}

static void passes_filters(void)
{
    struct world w = {0};
    begin(&w);
    CHECK(stack_push(w.conn, flipper()) == 0);
    int fd = make_file(SIZE);
    CHECK(conn_write(w.conn, "head", 4) == 4);
    CHECK(conn_send_file(w.conn, fd, 5, SIZE - 5) == SIZE - 1);
    CHECK(stack_push(w.conn, flipper()) == -EBUSY && stack_pop(w.conn) == -EBUSY);
    conn_flush(w.conn, "tail", 4);
    CHECK(w.conn->out.length < 300000 && !is_closed(fd));
    conn_finish(w.conn);
    size_t all = SIZE + 3;
    receive_all(&w, all + 4);
    CHECK(w.ended && w.length == all + 3 && is_closed(fd) && conn_pending(w.conn) == 0);
    CHECK(memcmp(w.got, "id`e", 4) == 0 && has_file(&w, 4, 5, SIZE - 5, 1));
    CHECK(memcmp(w.got + SIZE - 1, "u`hmEND", 7) == 0);
    CHECK(w.drained == 1);
    end(&w);
}

static void refuses_what_cannot_be(void)
{
    struct world w = {0};
    begin(&w);
    int fd = make_file(SIZE), other = make_file(SIZE);
    CHECK(conn_send_file(w.conn, fd, 0, SIZE) == SIZE);
    CHECK(stack_push(w.conn, flipper()) == -EBUSY && !w.conn->stack);
    receive_all(&w, SIZE);
    CHECK(w.length == SIZE && has_file(&w, 0, 0, SIZE, 0));
    w.conn->datagram = true;
    CHECK(conn_send_file(w.conn, other, 0, SIZE) == -EOPNOTSUPP && is_closed(other));
    w.conn->datagram = false;
    end(&w);
}

int main(void)
{
    static const struct check_test tests[] = {
        {"bytes before and behind a file keep their order", keeps_order},
        {"small files are queued at once", queues_small_ones},
        {"a file waits for a slow peer, and the close for the file", waits_for_a_slow_peer},
        {"a peer that takes nothing of a file is given up", gives_a_silent_peer_up},
        {"a file goes in front of a detach", goes_in_front_of_a_detach},
        {"a connection ends where a file shrinks", ends_where_a_file_shrinks},
        {"a file's descriptor is closed at every end", is_closed_at_an_end},
        {"a file passes filters piece by piece", passes_filters},
        {"datagrams and changes of filters are refused", refuses_what_cannot_be},
    };
    return check_run(tests, ARRAY_LEN(tests));
}
