// For the fuzzer of connections: what the model knows of one connection, its client, and its filters.
//
// Bytes tell their place: the lower half of each is its number in its stream, modulo 13. The upper half has a bit for
// each filter that it went through. Three lower halves are no numbers: END and BREAK are orders to the first filter
// that sees them, HELLO is a handshake, and what is no part of the stream.
#ifndef FUZZ_CONN_PAIR_H
#define FUZZ_CONN_PAIR_H

#include "fuzz/fuzz.h"

#include "base/macros.h"
#include "net/stack.h"

#include <errno.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

enum { NUMBERS = 13, BREAK = 13, END = 14, HELLO = 15, LAYERS = 3, ANY_LAYERS = 0xff };

struct pair {
    struct conn *conn; // NULL before it is there and when its last event fired
    int client;        // its other end; negative when there is none
    bool local;        // a unix socket, where every byte can be accounted for
    bool used, opened, over;
    bool ending;   // it was closed, aborted or detached: no more input
    bool paused;
    bool plain;      // it gets no filters before it opens: new handlers came before, and they have none
    bool translated; // it has, or had, filters
    bool woken;      // a wake is due
    bool due;        // what is unread is to be handed up again
    bool forced;     // what is unread is handed up, whatever else
    bool ended;      // `eof` fired
    bool swapped;    // it has new handlers, or a filter, that get what came before, even then
    bool finished;   // the client sent its FIN
    bool finishing;  // FIN is to follow what was written
    bool cut;        // the client is gone, or did what may lose output
    bool aborted, clean; // how it ended
    bool got_end;    // the client got a FIN
    bool reset;      // or an error
    unsigned wakes;  // that may still come
    size_t sent, seen, taken; // by the client; of that what was handed up, and what the handler took
    size_t written, received; // the same to the client
    size_t total, extra;      // bytes that the client got in all, and those that are no numbers
    uint8_t mask;             // of the filters that there are
    uint8_t *masks;           // through which filters each byte that was written has to go
    size_t room;
};

// A filter. Its first byte from the client is HELLO, if it shakes hands.
enum layer_kind { SHAKES = 1, STARTS = 2, FINISHES = 4, KEEPS = 8, FAILS = 16 };

struct layer {
    struct filter filter;
    struct pair *pair;
    uint8_t bit;
    unsigned kind;
    struct buf held;
    bool over; // nothing follows what is held
};

static inline struct layer *layer_of(struct filter *f)
{
    return container_of(f, struct layer, filter);
}

static int layer_hello(struct filter *f)
{
    char hello = HELLO;
    layer_of(f)->pair->extra++;
    return filter_down(f, &hello, 1);
}

static int layer_start(struct filter *f)
{
    return layer_of(f)->kind & STARTS ? layer_hello(f) : 0;
}

// Hands up a part of what is held.
static int layer_resume(struct filter *f)
{
    struct layer *l = layer_of(f);
    size_t n = buf_length(&l->held), piece = n < 64 ? n : n / 2;
    char *bytes = fuzz_copy(buf_bytes(&l->held), piece);
    buf_consume(&l->held, piece);
    f->more = n > piece;
    if (!f->more && l->over)
        f->ended = true;
    int err = filter_up(f, bytes, piece);
    free(bytes);
    return err;
}

static int layer_take(struct filter *f, const char *bytes, size_t n)
{
    struct layer *l = layer_of(f);
    if (!(l->kind & KEEPS)) {
        f->ended = f->ended || l->over;
        return filter_up(f, bytes, n);
    }
    HOLDS(buf_append(&l->held, bytes, n) == 0);
    if (f->more)
        return 0;
    if (buf_length(&l->held) > 0)
        return layer_resume(f);
    f->ended = f->ended || l->over;
    return 0;
}

static int layer_receive(struct filter *f, const char *wire, size_t n)
{
    struct layer *l = layer_of(f);
    HOLDS(!f->ended);
    if (!wire) {
        l->over = true;
        return 0;
    }
    if (f->opening && (wire[0] & 15) != HELLO)
        return filter_fail(f, EPROTO, "no handshake");
    size_t from = f->opening, at = from;
    f->opening = false;
    if (l->over)
        return 0;
    char *plain = fuzz_copy(wire, n);
    for (; at < n && (wire[at] & 15) != END && (wire[at] & 15) != BREAK; at++)
        plain[at] = (char)(wire[at] ^ l->bit);
    l->over = at < n;
    int err = layer_take(f, plain + from, at - from);
    if (!err && at < n && (wire[at] & 15) == BREAK)
        err = filter_fail(f, EPROTO, "an order to break");
    free(plain);
    return err;
}

static int layer_send(struct filter *f, const char *plain, size_t n)
{
    HOLDS(!f->opening);
    if (layer_of(f)->kind & FAILS)
        return filter_fail(f, EPROTO, "it sends nothing");
    char *wire = fuzz_copy(plain, n);
    for (size_t i = 0; i < n; i++)
        wire[i] = (char)(plain[i] ^ ((plain[i] & 15) == HELLO ? 0 : layer_of(f)->bit));
    int err = filter_down(f, wire, n);
    free(wire);
    return err;
}

static int layer_finish(struct filter *f)
{
    return layer_of(f)->kind & FINISHES ? layer_hello(f) : 0;
}

static void layer_free(struct filter *f)
{
    struct layer *l = layer_of(f);
    l->pair->mask &= (uint8_t)~l->bit;
    buf_free(&l->held);
    free(l);
}

static const struct filter_ops layer_ops = {
    .start = layer_start, .receive = layer_receive, .resume = layer_resume, .send = layer_send,
    .finish = layer_finish, .free = layer_free,
};

// A new filter, or NULL when there are as many as can be told from each other.
static inline struct filter *layer_new(struct pair *p, unsigned kind)
{
    uint8_t bit = 0x10;
    while (p->mask & bit)
        bit = (uint8_t)(bit << 1);
    if (bit == 0x10 << LAYERS)
        return NULL;
    struct layer *l = calloc(1, sizeof(*l));
    *l = (struct layer){.filter = {.ops = &layer_ops, .name = "layer", .opening = kind & SHAKES}, .pair = p,
                        .bit = bit, .kind = kind};
    p->mask |= bit;
    p->translated = true;
    return &l->filter;
}

// Output: numbers are given out, and what has to become of them is kept.
static inline void pair_write(struct pair *p, char *bytes, size_t n)
{
    if (n == 0)
        return;
    if (p->written + n > p->room) {
        p->room = (p->written + n) * 2;
        p->masks = realloc(p->masks, p->room);
        HOLDS(p->masks != NULL);
    }
    memset(p->masks + p->written, p->opened ? p->mask : ANY_LAYERS, n);
    for (size_t i = 0; i < n && bytes; i++)
        bytes[i] = (char)((p->written + i) % NUMBERS);
    p->written += n;
}

// What the client got. Returns whether there was something.
static inline bool pair_receive(struct pair *p, size_t most)
{
    char bytes[16384];
    if (p->client < 0)
        return false;
    ssize_t n = recv(p->client, bytes, most < sizeof(bytes) ? most : sizeof(bytes), MSG_DONTWAIT);
    p->reset = p->reset || (n < 0 && errno != EAGAIN);
    for (ssize_t i = 0; i < n; i++) {
        if ((bytes[i] & 15) == HELLO)
            continue;
        HOLDS(p->received < p->written && (size_t)(bytes[i] & 15) == p->received % NUMBERS);
        uint8_t mask = p->masks[p->received++];
        HOLDS(mask == ANY_LAYERS || mask == (bytes[i] & 0xf0));
    }
    p->total += n > 0 ? (size_t)n : 0;
    bool news = n > 0 || (n == 0 && most > 0 && !p->got_end);
    HOLDS(n <= 0 || !p->got_end);
    p->got_end = p->got_end || (n == 0 && most > 0);
    return news;
}

// The client sends n numbers, as far as the kernel takes them.
static inline void pair_send(struct pair *p, size_t n)
{
    char bytes[8192];
    n = n < sizeof(bytes) ? n : sizeof(bytes);
    if (p->client < 0 || p->finished)
        return;
    p->cut = p->cut || p->over;
    for (size_t i = 0; i < n; i++)
        bytes[i] = (char)((p->sent + i) % NUMBERS);
    ssize_t sent = send(p->client, bytes, n, MSG_DONTWAIT | MSG_NOSIGNAL);
    p->sent += sent > 0 ? (size_t)sent : 0;
}

static inline void pair_send_order(struct pair *p, char order)
{
    if (p->client < 0 || p->finished)
        return;
    p->cut = p->cut || p->over;
    send(p->client, &order, 1, MSG_DONTWAIT | MSG_NOSIGNAL);
}

static inline void pair_finish(struct pair *p)
{
    if (p->client < 0)
        return;
    shutdown(p->client, SHUT_WR);
    p->finished = true;
}

// The client goes, with a reset or as close(2) does it.
static inline void pair_leave(struct pair *p, bool reset)
{
    struct linger none = {.l_onoff = 1};
    if (p->client < 0)
        return;
    if (reset)
        setsockopt(p->client, SOL_SOCKET, SO_LINGER, &none, sizeof(none));
    close(p->client);
    p->client = -1;
    p->finished = p->cut = true;
}

// Input: the first of n bytes is the one behind what was taken. `used` are taken.
static inline void pair_take(struct pair *p, const char *bytes, size_t n, size_t used)
{
    size_t number = p->taken;
    for (size_t i = 0; i < n; i++) {
        if (i == used)
            p->taken = number;
        if ((bytes[i] & 15) >= NUMBERS)
            continue;
        HOLDS(number < p->sent && (size_t)(bytes[i] & 15) == number % NUMBERS);
        HOLDS(((bytes[i] >> 4) & (p->mask >> 4)) == p->mask >> 4);
        number++;
    }
    if (used >= n)
        p->taken = number;
    p->seen = number > p->seen ? number : p->seen;
}

// On a unix socket nothing is lost between the connection and what its client has not read yet.
static inline void pair_account(const struct pair *p, size_t pending)
{
    int unread = 0;
    if (!p->local || p->client < 0 || p->cut || ioctl(p->client, FIONREAD, &unread) < 0)
        return;
    HOLDS(p->total + (size_t)unread + pending == p->written + p->extra);
}

// For those who look for what went wrong.
static inline void pair_tell(const struct pair *p, int i)
{
    const struct conn *c = p->conn;
    fprintf(stderr, "  %d: client %d%s, sent %zu seen %zu taken %zu, written %zu received %zu%s%s%s%s%s%s%s%s%s%s%s\n", i,
            p->client, p->local ? " local" : "", p->sent, p->seen, p->taken, p->written, p->received,
            p->opened ? " opened" : "", p->over ? " over" : "", p->clean ? " clean" : "", p->ending ? " ending" : "",
            p->paused ? " paused" : "", p->ended ? " ended" : "", p->finished ? " finished" : "", p->cut ? " cut" : "",
            p->got_end ? " got_end" : "", p->reset ? " reset" : "", p->translated ? " translated" : "");
    if (c)
        fprintf(stderr, "     state %d work %d pending %zu in %zu error %d %s%s%s%s%s\n", c->state, c->work, c->out.length,
                buf_length(&c->in), c->error, c->message ? c->message : "", c->shaking ? " shaking" : "",
                c->congested ? " congested" : "", c->blocked ? " blocked" : "", c->backlog ? " backlog" : "");
}

#endif
