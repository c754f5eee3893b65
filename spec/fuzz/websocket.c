// Frames of WebSocket: in pieces they tell the same as in one; what is taken was there; what is written is read back.
#include "fuzz/fuzz.h"

#include "codec/websocket.h"

enum { EVENTS = 512 };

// What a connection told: whole messages and control frames, in order.
struct told {
    struct event {
        uint8_t opcode;
        bool compressed;
        int32_t code;
        size_t length;
        uint64_t sum; // of its bytes
    } events[EVENTS];
    size_t count;
    struct event under_way;
    bool begun;
    enum websocket_result last;
    int32_t code;
    size_t used;
};

static uint64_t add(uint64_t sum, const char *bytes, size_t n)
{
    for (size_t i = 0; i < n; i++)
        sum = (sum ^ (uint8_t)bytes[i]) * 1099511628211u;
    return sum;
}

static void keep(struct told *t, struct event e)
{
    if (t->count < EVENTS)
        t->events[t->count++] = e;
}

static void note(struct told *t, const struct websocket *w, enum websocket_result result)
{
    if (result == WEBSOCKET_CONTROL) {
        HOLDS(w->opcode >= WEBSOCKET_CLOSE && w->length <= 125);
        keep(t, (struct event){w->opcode, false, w->opcode == WEBSOCKET_CLOSE ? w->code : 0, (size_t)w->length,
                               add(0, w->data, (size_t)w->length)});
        return;
    }
    HOLDS(w->opcode == WEBSOCKET_TEXT || w->opcode == WEBSOCKET_BINARY);
    HOLDS(result != WEBSOCKET_WHOLE || !t->begun);
    if (!t->begun)
        t->under_way = (struct event){.opcode = w->opcode, .compressed = w->compressed};
    t->begun = result == WEBSOCKET_PART;
    t->under_way.length += (size_t)w->length;
    t->under_way.sum = add(t->under_way.sum, w->data, (size_t)w->length);
    HOLDS(w->most < 0 || t->under_way.length <= (size_t)w->most);
    if (!t->begun)
        keep(t, t->under_way);
}

// Takes what is there of n bytes, the first of which are new ones. Returns how many it took.
static size_t take(struct told *t, struct websocket *w, const char *bytes, size_t n)
{
    size_t at = 0;
    for (;;) {
        char *own = fuzz_copy(bytes + at, n - at);
        t->last = websocket_scan(w, own, (int32_t)(n - at));
        HOLDS(w->used >= 0 && (size_t)w->used <= n - at);
        if (t->last == WEBSOCKET_MORE)
            HOLDS(memcmp(own, bytes + at, n - at) == 0);
        if (t->last > WEBSOCKET_MORE) {
            HOLDS(w->used > 0 && w->data >= own && w->data + w->length <= own + w->used && w->length >= 0);
            note(t, w, t->last);
        }
        free(own);
        if (t->last == WEBSOCKET_BAD) {
            t->code = w->code;
            HOLDS(w->message != NULL && (w->code == 1002 || w->code == 1007 || w->code == 1009));
        }
        if (t->last <= WEBSOCKET_MORE)
            return at;
        at += (size_t)w->used;
    }
}

static void feed(struct told *t, struct websocket w, const char *bytes, size_t n, size_t most)
{
    struct dice d = dice_of(bytes, n);
    memset(t, 0, sizeof(*t));
    for (size_t there = 0; there < n && t->last != WEBSOCKET_BAD;) {
        there += 1 + dice_roll(&d, most);
        there = there < n ? there : n;
        t->used += take(t, &w, bytes + t->used, there - t->used);
    }
}

static void check_same(const struct told *a, const struct told *b)
{
    HOLDS(a->count == b->count && a->last == b->last && a->code == b->code);
    for (size_t i = 0; i < a->count; i++) {
        const struct event *x = &a->events[i], *y = &b->events[i];
        HOLDS(x->opcode == y->opcode && x->compressed == y->compressed && x->code == y->code &&
              x->length == y->length && x->sum == y->sum);
    }
    // A text's bytes in front of the wrong ones are told of only where they came alone.
    HOLDS(a->last == WEBSOCKET_BAD || (a->used == b->used && a->begun == b->begun &&
                                       (!a->begun || a->under_way.sum == b->under_way.sum)));
}

// A message and a control frame of ours.
static void check_again(const char *bytes, size_t n, bool masked)
{
    char key[4] = {0}, *frame = malloc(WEBSOCKET_HEAD + n);
    memcpy(key, bytes, n < 4 ? n : 4);
    size_t head = websocket_put_head(frame, WEBSOCKET_FIN | WEBSOCKET_BINARY, n, masked ? key : NULL);
    HOLDS(head <= WEBSOCKET_HEAD);
    if (masked)
        websocket_mask(frame + head, bytes, n, key);
    else
        memcpy(frame + head, bytes, n);
    char *own = fuzz_copy(frame, head + n);
    struct websocket w = {.most = (int64_t)n, .masked = masked};
    HOLDS(websocket_scan(&w, own, (int32_t)(head + n)) == WEBSOCKET_WHOLE);
    HOLDS((size_t)w.used == head + n && (size_t)w.length == n && memcmp(w.data, bytes, n) == 0);
    free(own);
    free(frame);
}

// The first byte: how the connection is, and how long a message may be.
int LLVMFuzzerTestOneInput(const uint8_t *given, size_t size)
{
    static struct told whole, pieces;
    struct input in = {given, size};
    unsigned first = input_byte(&in);
    struct websocket w = {.masked = first & 1, .compresses = first >> 1 & 1, .most = first & 4 ? 64 : 1 << 24};
    feed(&whole, w, input_rest(&in), in.left, in.left + 1);
    for (size_t most = 1; most <= 64; most *= 4) {
        feed(&pieces, w, input_rest(&in), in.left, most);
        check_same(&whole, &pieces);
    }
    check_again(input_rest(&in), in.left, first & 1);
    return 0;
}
