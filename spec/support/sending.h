// A connection, its peer and the loop between them, for tests of what is sent.
#ifndef SUPPORT_SENDING_H
#define SUPPORT_SENDING_H

#include "net/send_file.h"

#include "net/stack.h"
#include "net/write.h"

#include "base/macros.h"
#include "support/check.h"
#include "support/pair.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <unistd.h>

enum { SIZE = 3 << 20, TURNS = 4000 };

static const struct limits limits = {
    .high = 1 << 20, .low = 1 << 18, .queue = 1 << 21, .input = 1 << 20, .linger = 1000000000,
};

struct world {
    struct pair pair;
    int detached, closed, drained, error, socket;
    size_t before, after; // amounts that prewrite and postwrite told of
    char *got;
    size_t length; // of what the peer got
    bool ended;    // the peer got a FIN
};

static inline struct world *world_of(struct conn *c)
{
    return c->group->user;
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
    .arrived = pair_no_filters, .opened = pair_ignore, .woken = pair_ignore, .eof = pair_ignore, .drained = drained, .stopping = pair_ignore,
    .prewrite = prewrite, .postwrite = postwrite, .closed = closed, .failed = closed, .detached = detached,
};

// A filter that changes each byte.
static int flip(struct filter *f, const char *bytes, size_t n)
{
    char *changed = malloc(n + 1);
    for (size_t i = 0; i < n; i++)
        changed[i] = (char)(bytes[i] ^ 1);
    int err = filter_down(f, changed, n);
    free(changed);
    return err;
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

static void begin(struct world *w)
{
    signal(SIGPIPE, SIG_IGN);
    w->socket = -1;
    w->got = malloc(2 * SIZE);
    pair_open(&w->pair, &events, &limits, w);
}

static void end(struct world *w)
{
    close(w->pair.peer);
    if (w->socket >= 0)
        close(w->socket);
    if (w->pair.group.connections)
        conn_abort(w->pair.conn);
    for (int i = 0; i < TURNS && w->pair.group.connections; i++)
        pair_turn(&w->pair);
    CHECK(w->pair.group.connections == 0);
    net_close(w->pair.net);
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
        pair_turn(&w->pair);
        ssize_t n = read(w->pair.peer, w->got + w->length, most - w->length);
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

#endif
