// Connections: each byte of the input is something that a script, a client or the time does, from outside or from
// inside of callbacks. A model beside them says what has to hold.
#include "fuzz/conn_acts.h"

enum { QUIET = 6000, LATE = 20000, DEEP = 3, END_TURNS = 600 };

// What a script does in a callback.
static void inside(struct world *w, struct pair *p)
{
    if (w->depth == DEEP)
        return;
    w->depth++;
    for (unsigned n = input_byte(w->in) % 4; n > 0; n--)
        act(w, p);
    w->depth--;
}

// An event that may be answered.
static void answer(struct conn *c)
{
    struct world *w = world_of(c);
    struct pair *p = pair_of(c);
    char out[256 * 16];
    bool finished = c->finishing;
    inside(w, p);
    unsigned given = input_byte(w->in);
    size_t n = finished || c->state >= CONN_ENDED ? 0 : given < 128 ? given / 8 : (given - 127) * 16;
    pair_write(p, out, n);
    conn_flush(c, out, n);
}

static void expect_open(const struct conn *c)
{
    const struct pair *p = pair_of(c);
    HOLDS(p->opened && !p->over && !p->ending && c->state == CONN_OPEN);
}

static void accepted(struct conn *c)
{
    struct world *w = world_of(c);
    HOLDS(w->waiting > 0);
    c->user.handle = w->queue[0];
    memmove(w->queue, w->queue + 1, (size_t)--w->waiting * sizeof(*w->queue));
    pair_of(c)->conn = c;
    c->observed = input_byte(w->in) & 1;
}

static bool arrived(struct conn *c)
{
    struct pair *p = pair_of(c);
    unsigned more = input_byte(world_of(c)->in);
    HOLDS(!p->opened && !p->over && c->state == CONN_OPEN);
    inside(world_of(c), p);
    if (!(more & 1) || p->plain || c->state > CONN_OPEN)
        return false;
    int err = push(c);
    if (!err && (more & 4) && c->state == CONN_OPEN)
        err = push(c); // it waits for the one below
    if (err && err != -ENOENT && c->state <= CONN_OPEN)
        stack_fail(c, err);
    return !err && (more & 2);
}

static void opened(struct conn *c)
{
    struct pair *p = pair_of(c);
    HOLDS(!p->opened && !p->over && !p->ending && c->state == CONN_OPEN && !c->shaking);
    p->opened = true;
    answer(c);
}

static void ready(struct conn *c)
{
    expect_open(c);
    answer(c);
}

static void woken(struct conn *c)
{
    expect_open(c);
    struct pair *p = pair_of(c);
    HOLDS(p->wakes > 0);
    p->wakes--;
    p->woken = false;
    p->forced = input_byte(world_of(c)->in) & 1;
    if (p->forced)
        conn_deliver(c); // as for a stream's handler
    else
        answer(c);
    p->forced = false;
}

static struct delivery data(struct conn *c, const char *bytes, size_t n)
{
    struct pair *p = pair_of(c);
    expect_open(c);
    HOLDS(p->forced || (!p->paused && (!p->ended || p->swapped || p->due) && (!c->congested || c->limits->duplex)));
    p->forced = p->due = false;
    unsigned given = input_byte(world_of(c)->in);
    size_t used = given < 128 ? n : n * (given & 63) / 64;
    pair_take(p, bytes, n, used);
    bool more = used > 0 && !(given & 64);
    answer(c);
    p->due = p->due || (more && used < n);
    return (struct delivery){.used = used, .more = more};
}

static void eof(struct conn *c)
{
    struct pair *p = pair_of(c);
    expect_open(c);
    HOLDS(!p->ended && !p->paused && (p->finished || p->translated) && (p->translated || p->seen == p->sent));
    HOLDS(!p->due);
    p->ended = true;
    unsigned keep = input_byte(world_of(c)->in) & 1;
    if (!keep) {
        p->ending = true;
        conn_close(c, NULL);
    }
    answer(c);
}

static void prewrite(struct conn *c, size_t amount)
{
    HOLDS(amount > 0 && pair_of(c)->opened && !pair_of(c)->over && c->state < CONN_ENDED);
    inside(world_of(c), pair_of(c));
}

static void postwrite(struct conn *c, size_t amount, size_t remaining)
{
    HOLDS(pair_of(c)->opened && !pair_of(c)->over && c->state < CONN_ENDED);
    HOLDS(amount + remaining > 0 && remaining <= conn_pending(c));
    inside(world_of(c), pair_of(c));
}

static void drained(struct conn *c)
{
    expect_open(c);
    answer(c);
}

static void stopping(struct conn *c)
{
    expect_open(c);
    answer(c);
}

static void end(struct conn *c, bool was_opened)
{
    struct pair *p = pair_of(c);
    HOLDS(!p->over && p->opened == was_opened && !conn_find(c->group->net, c->slot.id));
    inside(world_of(c), p);
    p->over = true;
    p->clean = was_opened && !c->error && !c->message && !p->aborted;
    p->conn = NULL;
}

static void closed(struct conn *c)
{
    end(c, true);
}

static void failed(struct conn *c)
{
    HOLDS(c->error || c->message);
    end(c, false);
}

// What was not read goes with the socket, and behind it nothing is missing.
static void detached(struct conn *c)
{
    struct pair *p = pair_of(c);
    struct buf in;
    struct stack *stack;
    HOLDS(p->ending && !c->error && !c->message && conn_pending(c) == 0);
    end(c, true);
    p->clean = true;
    int fd = conn_take_socket(c, &in, &stack);
    char bytes[4096];
    if (buf_length(&in) > 0)
        pair_take(p, buf_bytes(&in), buf_length(&in), buf_length(&in));
    for (ssize_t n; (n = recv(fd, bytes, sizeof(bytes), MSG_DONTWAIT)) > 0;)
        if (!stack)
            pair_take(p, bytes, (size_t)n, (size_t)n);
    HOLDS(p->translated || p->cut || !p->local || p->taken == p->sent);
    p->cut = p->cut || p->taken != p->sent; // what is still on its way resets what is closed here
    buf_free(&in);
    stack_free(stack);
    close(fd);
}

static void serving(struct server *s)
{
    inside(s->group.user, NULL);
}

static int64_t tick(struct server *s)
{
    struct world *w = s->group.user;
    inside(w, NULL);
    return input_byte(w->in) & 1 ? (int64_t)SECOND : -1;
}

static void stopped(struct server *s)
{
    struct world *w = s->group.user;
    HOLDS(s->group.connections == 0 && w->server == s);
    w->server = NULL;
}

static void ending(struct net *net)
{
    (void)net;
}

static void notice(struct net *net, const char *where, const char *text)
{
    (void)net;
    HOLDS(where && text);
}

static const struct net_events events = {
    .serving = serving, .tick = tick, .stopped = stopped, .accepted = accepted, .arrived = arrived, .opened = opened,
    .ready = ready, .woken = woken, .data = data, .eof = eof, .prewrite = prewrite, .postwrite = postwrite,
    .drained = drained, .stopping = stopping, .closed = closed, .failed = failed, .detached = detached, .ending = ending, .notice = notice,
};

static void fire(struct timer *t)
{
    inside(container_of(t, struct world, timer), NULL);
}

// Turns the loop until it would wait; it has to come to that, with clients that read and with others.
static void calm(struct world *w, bool reads)
{
    int i = 0;
    for (bool news = true; news; i++) {
        turn(w);
        news = !w->idle;
        for (int k = 0; k < PAIRS && reads; k++)
            while (pair_receive(&w->pairs[k], SIZE_MAX))
                news = true;
        HOLDS(i < QUIET);
    }
}

// Everything came where it should while clients read and no time passed.
static bool is_settled(const struct pair *p)
{
    const struct conn *c = p->conn;
    if (!p->used || p->cut || p->client < 0)
        return true;
    if (!c)
        return !p->clean || (p->received == p->written && p->got_end && !p->reset);
    if (c->state != CONN_OPEN || !p->opened || c->shaking)
        return c->state != CONN_CLOSING || c->shaking;
    bool sent = conn_pending(c) == 0 && p->received == p->written && (!p->finishing || p->got_end);
    bool got = p->translated || p->paused || p->ended || (p->seen == p->sent && !p->finished);
    return sent && got && !p->woken && (!p->due || p->paused);
}

// TCP takes a moment on the loopback, too.
static void check_all(struct world *w)
{
    calm(w, false);
    calm(w, true);
    for (int i = 0; i < PAIRS; i++) {
        for (int late = 0; late < LATE && !is_settled(&w->pairs[i]) && !w->pairs[i].local; late++) {
            usleep(50);
            calm(w, true);
        }
        if (!is_settled(&w->pairs[i]))
            pair_tell(&w->pairs[i], i);
        HOLDS(is_settled(&w->pairs[i]));
    }
}

// Everything is closed, and ends: with clients that read at once, and then with time.
static void finish(struct world *w)
{
    check_all(w);
    for (int i = 0; i < PAIRS; i++)
        if (w->pairs[i].conn)
            close_conn(&w->pairs[i]);
    if (w->server)
        server_shutdown(w->server);
    turn_away(w);
    check_all(w);
    for (int i = 0; i < PAIRS; i++) {
        HOLDS(w->pairs[i].over || w->pairs[i].cut || !w->pairs[i].used || w->pairs[i].client < 0);
        pair_leave(&w->pairs[i], true);
    }
    timer_cancel(w->net, &w->timer);
    for (int i = 0; i < END_TURNS && (w->server || w->group.connections || w->net->dialed.connections); i++) {
        turn(w);
        fixed.now += w->idle && w->asked > 0 ? (uint64_t)w->asked : 0;
    }
    HOLDS(!w->server && !w->group.connections && !w->net->dialed.connections);
    HOLDS(list_empty(&w->net->work) && list_empty(&w->net->ended) && w->net->timers.count == 0);
    for (int i = 0; i < PAIRS; i++)
        HOLDS(!w->pairs[i].used || w->pairs[i].over);
}

// The loop goes with everything in it, and nothing is told any more.
static void drop(struct world *w)
{
    timer_cancel(w->net, &w->timer);
    group_free(&w->group);
    for (int i = 0; i < PAIRS; i++)
        pair_leave(&w->pairs[i], true);
}

// The first byte: the poller, and whether the loop goes in the middle of everything at the end.
int LLVMFuzzerTestOneInput(const uint8_t *given, size_t size)
{
    struct input in = {given, size};
    struct world w = {.in = &in, .timer.fire = fire};
    if (!fixed.file)
        open_fixed(getenv("FUZZ_TELLS") != NULL);
    int descriptors = count_descriptors();
    unsigned first = input_byte(&in);
    fixed.world = &w;
    fixed.now = SECOND;
    HOLDS(net_open(&w.net, first & 1 ? "poll" : "epoll", &events, &w) == 0);
    use_backend(w.net);
    w.group = (struct conn_group){.net = w.net, .limits = &limits[0], .user = &w};
    list_init(&w.group.conns);
    for (int i = 0; i < PAIRS; i++)
        w.pairs[i].client = -1;
    while (in.left > 0)
        act(&w, NULL);
    if (first & 2)
        drop(&w);
    else
        finish(&w);
    loop_free(w.net);
    clear_listeners();
    for (int i = 0; i < PAIRS; i++)
        free(w.pairs[i].masks);
    HOLDS(count_descriptors() == descriptors);
    return 0;
}
