// For the fuzzer of connections: what a byte of the input does.
#ifndef FUZZ_CONN_ACTS_H
#define FUZZ_CONN_ACTS_H

#include "fuzz/conn_world.h"

#include "net/read.h"
#include "net/send_file.h"
#include "net/timeout.h"
#include "net/write.h"

#define SECOND UINT64_C(1000000000)

static const struct limits limits[] = {
    {.high = 3000, .low = 1000, .queue = 20000, .input = 4000, .linger = SECOND, .handshake = 2 * SECOND},
    {.high = 3000, .low = 1000, .queue = 20000, .input = 4000, .linger = SECOND, .handshake = SECOND, .duplex = true,
     .idle = 3 * SECOND, .read = 2 * SECOND, .write = SECOND},
};

static struct world *world_of(const struct conn *c)
{
    return c->group->net->user;
}

static struct pair *pair_of(const struct conn *c)
{
    return c->user.handle;
}

// Puts a filter on top; -ENOENT where there are as many as can be told from each other.
static int push(struct conn *c)
{
    struct filter *f = layer_new(pair_of(c), input_byte(world_of(c)->in));
    return f ? stack_push(c, f) : -ENOENT;
}

// One iteration, behind which everything is where it should be.
static void turn(struct world *w)
{
    HOLDS(loop_turn(w->net) == 0);
    adopt(w);
    for (int i = 0; i < PAIRS; i++) {
        const struct pair *p = &w->pairs[i];
        const struct conn *c = p->conn;
        if (c && p->opened && c->state < CONN_ENDED && !c->error)
            pair_account(p, conn_pending(c));
    }
}

// Whether a script may still call methods of it that need it to be in this state at most.
static bool is_there(const struct pair *p, enum conn_state last)
{
    return p->conn && p->conn->state <= last;
}

static void close_conn(struct pair *p)
{
    if (!is_there(p, CONN_OPEN))
        return;
    p->ending = true;
    conn_close(p->conn, NULL);
}

static bool take_conn(struct pair *p, struct conn *c)
{
    c->user.handle = p;
    p->conn = c;
    return true;
}

static bool dial(struct world *w, struct pair *p, bool tcp, bool nobody)
{
    int i = (int)(p - w->pairs);
    struct addr addr;
    struct conn *c;
    char text[96], name[64], error[ADDR_ERROR_SIZE];
    if (tcp)
        snprintf(text, sizeof(text), "tcp4://127.0.0.1:%u", ntohs(fixed.tcp_address[i].sin_port));
    else
        snprintf(text, sizeof(text), "unix://%s", local_name(name, nobody ? PAIRS + 1 : i));
    HOLDS(addr_parse(&addr, text, error) == 0);
    HOLDS(dial_open(&c, w->net, &addr, text, &limits[input_byte(w->in) & 1]) == 0);
    return take_conn(p, c);
}

static bool join_server(struct world *w, struct pair *p)
{
    struct sockaddr_un sa;
    socklen_t length = local_address(&sa, PAIRS);
    char name[64], address[80], error[ADDR_ERROR_SIZE];
    const char *list = address;
    snprintf(address, sizeof(address), "unix://%s", local_name(name, PAIRS));
    struct server_options options = {.addresses = &list, .address_count = 1, .limits = &limits[0], .user = w};
    if (!w->server && server_open(&w->server, w->net, &options, error) < 0)
        return false;
    p->client = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    shrink(p->client);
    if (connect(p->client, (struct sockaddr *)&sa, length) == 0) {
        w->queue[w->waiting++] = p;
        return true;
    }
    close(p->client);
    p->client = -1;
    return false;
}

// A connection begins: of a pair of sockets, accepted, or dialed.
static void begin(struct world *w, struct pair *p)
{
    struct endpoint unnamed = {.family = AF_UNIX};
    unsigned kind = input_byte(w->in) % 8;
    int fds[2];
    if (p->used)
        return;
    p->local = kind != 3 && kind != 6;
    if (kind == 4) {
        p->used = join_server(w, p);
    } else if (kind > 4) {
        p->used = dial(w, p, kind == 6, kind == 7);
    } else if (connect_pair(fds, kind == 3, (int)(p - w->pairs))) {
        struct conn *c;
        HOLDS(conn_new(&c, &w->group, fds[0], &unnamed) == 0);
        p->used = take_conn(p, c);
        p->client = fds[1];
        c->observed = input_byte(w->in) & 1;
        conn_open(c);
    }
}

static size_t amount(struct world *w)
{
    unsigned byte = input_byte(w->in);
    return byte < 128 ? byte : (size_t)(byte - 126) * 64;
}

static void write_conn(struct world *w, struct pair *p)
{
    char bytes[130 * 64];
    size_t n = amount(w);
    if (!is_there(p, CONN_CLOSING) || p->conn->state > CONN_OPEN || p->conn->finishing)
        return;
    pair_write(p, bytes, n);
    ssize_t pending = conn_write(p->conn, bytes, n);
    HOLDS(pending < 0 ? p->conn->state >= CONN_ENDED : (size_t)pending >= n);
}

static void send_file(struct world *w, struct pair *p)
{
    size_t at = p->written % NUMBERS, n = amount(w);
    n = n < 128 ? 65530 + n : n;
    if (!is_there(p, CONN_OPEN) || p->conn->finishing)
        return;
    pair_write(p, NULL, n);
    conn_send_file(p->conn, fcntl(fixed.file, F_DUPFD_CLOEXEC, 0), at, n);
}

// Half of the filters get first what was read before they were there.
static void push_layer(struct world *w, struct pair *p)
{
    static const char early[] = {HELLO, HELLO};
    size_t n = input_byte(w->in) % 4;
    struct conn *c = p->conn;
    if (!is_there(p, CONN_OPEN) || !p->opened)
        return;
    int err = push(c);
    if (err == -EBUSY || err == -ENOENT)
        return;
    if (err == -EPROTO && !c->stack->filters.reason)
        conn_fail(c, EPROTO, STACK_EARLY);
    else if (err && c->state <= CONN_OPEN)
        stack_fail(c, err);
    if (err || c->state != CONN_OPEN)
        return;
    if (n == 1 || n == 2) {
        p->swapped = true;
        HOLDS(stack_feed(c, early, n) == 0);
    } else {
        c->stack->expects = true;
        conn_add_work(c, WORK_FLUSH | WORK_SETTLE);
    }
    timeout_arm(c);
}

static void pop_layer(struct pair *p)
{
    if (!is_there(p, CONN_OPEN) || !p->opened)
        return;
    int err = stack_pop(p->conn);
    if (err && err != -EBUSY && err != -ENOENT)
        stack_fail(p->conn, err);
    else if (!err)
        conn_add_work(p->conn, WORK_FLUSH);
}

static void swap(struct world *w, struct pair *p)
{
    char rest[16];
    unsigned byte = input_byte(w->in);
    memset(rest, HELLO | 0xf0, sizeof(rest));
    if (!is_there(p, CONN_OPEN) || (!p->opened && p->conn->state == CONN_OPEN))
        return;
    p->swapped = true;
    p->plain = p->plain || !p->opened;
    HOLDS(conn_swap(p->conn, NULL, &limits[byte & 1], rest, byte >> 4) == 0);
    p->due = !p->paused && buf_length(&p->conn->in) > 0;
    p->conn->observed = byte >> 1 & 1;
    timeout_arm(p->conn);
}

static void set_limits(struct world *w, struct pair *p)
{
    unsigned byte = input_byte(w->in);
    if (!is_there(p, CONN_OPEN))
        return;
    struct limits *own = conn_own_limits(p->conn);
    HOLDS(own != NULL);
    own->idle = (byte & 3) * SECOND;
    own->read = (byte >> 2 & 3) * SECOND;
    own->write = (byte >> 4 & 3) * SECOND;
    timeout_restart(p->conn);
}

static void end_early(struct world *w, struct pair *p)
{
    unsigned how = input_byte(w->in) % 4;
    if (!is_there(p, how == 0 ? CONN_CLOSING : CONN_OPEN))
        return;
    bool detaches = p->opened && !p->conn->shaking;
    if (how == 3 && !detaches)
        return;
    p->ending = true;
    p->aborted = p->aborted || how == 0;
    if (how == 0)
        conn_abort(p->conn);
    else if (how == 1)
        conn_break(p->conn, EPROTO, "it said so");
    else if (how == 2)
        conn_close(p->conn, "an error in a script");
    else
        conn_detach(p->conn);
}

static void hold(struct pair *p, bool on)
{
    if (!is_there(p, CONN_OPEN))
        return;
    p->due = !on && (p->due || (p->paused && buf_length(&p->conn->in) > 0));
    p->paused = on;
    if (on)
        conn_pause(p->conn);
    else
        conn_resume(p->conn);
}

static void wake(struct world *w, struct pair *p)
{
    if (!is_there(p, CONN_GONE))
        return;
    bool there = mailbox_wake(w->net->mailbox, p->conn->slot.id);
    HOLDS(there == (p->opened && p->conn->state == CONN_OPEN));
    p->woken = p->woken || there;
    p->wakes += there;
}

// Those that nobody accepts any more.
static void turn_away(struct world *w)
{
    for (int i = 0; i < w->waiting; i++)
        w->queue[i]->over = w->queue[i]->cut = true;
    w->waiting = 0;
}

static void stop(struct world *w)
{
    unsigned how = input_byte(w->in) % 4;
    if (how == 3)
        shutdown_all(w->net);
    else if (w->server && how == 0)
        server_close(w->server);
    else if (w->server)
        server_shutdown(w->server);
    if (w->server)
        turn_away(w);
}

static void pass_time(struct world *w)
{
    unsigned byte = input_byte(w->in);
    fixed.now += byte < 128 ? byte * (SECOND / 50) : w->asked > 0 ? (uint64_t)w->asked : 0;
}

static void set_timer(struct world *w)
{
    unsigned byte = input_byte(w->in);
    if (byte & 1)
        timer_cancel(w->net, &w->timer);
    else
        HOLDS(timer_set(w->net, &w->timer, w->net->now + byte * (SECOND / 50)) == 0);
}

// What a client does.
static void act_client(struct world *w, struct pair *p, unsigned what)
{
    switch (what) {
    case 0: pair_send(p, amount(w)); break;
    case 1: pair_send_order(p, HELLO); break;
    case 2: pair_send_order(p, input_byte(w->in) & 1 ? END : BREAK); break;
    case 3: pair_finish(p); break;
    case 4: pair_leave(p, false); break;
    case 5: pair_leave(p, true); break;
    default: pair_receive(p, amount(w)); break;
    }
}

// What a script does with a connection.
static void act_conn(struct world *w, struct pair *p, unsigned what)
{
    switch (what) {
    case 0: write_conn(w, p); break;
    case 1:
        if (is_there(p, CONN_OPEN)) {
            p->finishing = true;
            conn_finish(p->conn);
        }
        break;
    case 2: close_conn(p); break;
    case 3: end_early(w, p); break;
    case 4: hold(p, true); break;
    case 5: hold(p, false); break;
    case 6: wake(w, p); break;
    case 7: push_layer(w, p); break;
    case 8: pop_layer(p); break;
    case 9: swap(w, p); break;
    case 10: set_limits(w, p); break;
    default: send_file(w, p); break;
    }
}

// Two bits say with whom, six what; in a callback the first one is who called.
static void act(struct world *w, struct pair *own)
{
    unsigned byte = input_byte(w->in), what = byte & 31;
    struct pair *p = own && byte >> 6 == 0 ? own : &w->pairs[byte >> 6];
    if (fixed.tells)
        fprintf(stderr, "%*sact %u with %d\n", 2 * w->depth, "", what, (int)(p - w->pairs));
    if (what < 7)
        act_client(w, p, what);
    else if (what < 19)
        act_conn(w, p, what - 7);
    else if (what < 22)
        begin(w, p);
    else if (what == 22)
        stop(w);
    else if (what == 23)
        pass_time(w);
    else if (what == 24)
        set_timer(w);
    else if (w->depth == 0)
        turn(w);
}

#endif
