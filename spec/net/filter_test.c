// net/filter: a stack of filters by itself, without a connection.
#include "net/filter.h"

#include "base/error.h"
#include "base/macros.h"
#include "support/check.h"

#include <errno.h>
#include <stdlib.h>

// Puts its tag in front of each piece, takes it away again; its handshake is one "?".
struct tagger {
    struct filter filter;
    char tag;
    bool shy; // sends "?" when it is started, and waits for the peer's
    int *freed;
};

struct world {
    struct filters filters;
    char wire[256];
    size_t length;
    int freed;
};

static struct tagger *of(struct filter *f)
{
    return container_of(f, struct tagger, filter);
}

static int start(struct filter *f)
{
    return of(f)->shy ? filter_down(f, "?", 1) : 0;
}

static int receive(struct filter *f, const char *wire, size_t n)
{
    if (!wire)
        return 0;
    if (f->opening) {
        if (wire[0] != '?')
            return filter_fail(f, EPROTO, "no question");
        f->opening = false;
        return n > 1 ? receive(f, wire + 1, n - 1) : 0;
    }
    if (wire[0] == '.') {
        f->ended = true;
        return 0;
    }
    if (wire[0] != of(f)->tag)
        return filter_fail(f, EPROTO, "a wrong tag");
    return filter_up(f, wire + 1, n - 1);
}

static int send_down(struct filter *f, const char *plain, size_t n)
{
    char piece[128] = {of(f)->tag};
    memcpy(piece + 1, plain, n);
    return filter_down(f, piece, n + 1);
}

static int finish(struct filter *f)
{
    return filter_down(f, ".", 1);
}

static void discard(struct filter *f)
{
    ++*of(f)->freed;
    free(of(f));
}

static const struct filter_ops ops = {
    .start = start, .receive = receive, .send = send_down, .finish = finish, .free = discard,
};

static int keep(struct filters *filters, const char *bytes, size_t n)
{
    struct world *w = filters->owner;
    CHECK(w->length + n < sizeof(w->wire));
    memcpy(w->wire + w->length, bytes, n);
    w->length += n;
    return 0;
}

static int push(struct world *w, char tag, bool shy)
{
    struct tagger *t = calloc(1, sizeof(*t));
    *t = (struct tagger){
        .filter = {.ops = &ops, .name = "tagger", .opening = shy},
        .tag = tag, .shy = shy, .freed = &w->freed,
    };
    w->filters.owner = w;
    w->filters.wire = keep;
    return filters_push(&w->filters, &t->filter);
}

static bool wire_is(struct world *w, const char *text)
{
    bool same = w->length == strlen(text) && memcmp(w->wire, text, w->length) == 0;
    w->length = 0;
    return same;
}

static bool plain_is(struct world *w, const char *text)
{
    struct buf *plain = &w->filters.plain;
    bool same = buf_length(plain) == strlen(text) &&
                (buf_length(plain) == 0 || memcmp(buf_bytes(plain), text, buf_length(plain)) == 0);
    buf_free(plain);
    *plain = (struct buf){0};
    return same;
}

static void passes_through_all(void)
{
    struct world w = {0};
    CHECK(push(&w, 'a', false) == 0 && push(&w, 'b', false) == 0);
    CHECK(filters_open(&w.filters));
    CHECK(filters_send(&w.filters, "hi", 2) == 0 && wire_is(&w, "abhi"));
    CHECK(filters_receive(&w.filters, "abyo", 4) == 0 && plain_is(&w, "yo"));
    CHECK(filters_finish(&w.filters) == 0 && wire_is(&w, "a.."));
    filters_free(&w.filters);
    CHECK(w.freed == 2);
}

static void opens_from_the_bottom_up(void)
{
    struct world w = {0};
    CHECK(push(&w, 'a', true) == 0 && push(&w, 'b', true) == 0);
    CHECK(wire_is(&w, "?") && !filters_open(&w.filters));
    CHECK(filters_receive(&w.filters, "?", 1) == 0);
    CHECK(wire_is(&w, "a?") && !filters_open(&w.filters));
    CHECK(filters_receive(&w.filters, "a?", 2) == 0 && filters_open(&w.filters));
    CHECK(filters_receive(&w.filters, "abx", 3) == 0 && plain_is(&w, "x"));
    filters_free(&w.filters);
}

static void keeps_what_comes_with_a_handshake(void)
{
    struct world w = {0};
    CHECK(push(&w, 'a', true) == 0 && push(&w, 'b', true) == 0);
    // The first filter's handshake and the start of what it lets through, at once.
    CHECK(filters_receive(&w.filters, "?a?bz", 5) == 0);
    CHECK(filters_open(&w.filters) && plain_is(&w, "z"));
    CHECK(wire_is(&w, "?a?"));
    filters_free(&w.filters);
}

static void tells_the_end_once(void)
{
    struct world w = {0};
    CHECK(push(&w, 'a', false) == 0 && push(&w, 'b', false) == 0);
    CHECK(filters_receive(&w.filters, ".", 1) == 0 && w.filters.ended);
    CHECK(filters_receive(&w.filters, "abx", 3) == 0 && plain_is(&w, ""));
    CHECK(filters_receive(&w.filters, NULL, 0) == 0 && w.filters.ended);
    filters_free(&w.filters);
}

static void names_what_fails(void)
{
    struct world w = {0};
    CHECK(push(&w, 'a', false) == 0 && push(&w, 'b', false) == 0);
    CHECK(filters_receive(&w.filters, "axx", 3) == -EPROTO);
    CHECK(w.filters.reason && strcmp(w.filters.reason, "tagger: a wrong tag") == 0);
    CHECK(!w.filters.busy);
    filters_free(&w.filters);
}

static void pops_the_top(void)
{
    struct world w = {0};
    CHECK(push(&w, 'a', false) == 0 && push(&w, 'b', false) == 0);
    filters_pop(&w.filters);
    CHECK(w.freed == 1);
    CHECK(filters_send(&w.filters, "x", 1) == 0 && wire_is(&w, "ax"));
    filters_pop(&w.filters);
    CHECK(w.freed == 2 && !w.filters.top && !w.filters.bottom && filters_open(&w.filters));
    filters_free(&w.filters);
}

// Gives each byte twice, one byte at a time.
struct doubler {
    struct filter filter;
    char rest[16];
    size_t length;
    bool over;
};

static int double_one(struct filter *f)
{
    struct doubler *d = container_of(f, struct doubler, filter);
    char twice[2] = {d->rest[0], d->rest[0]};
    size_t n = d->length > 0 ? 2 : 0;
    d->length -= n / 2;
    memmove(d->rest, d->rest + 1, d->length);
    f->more = d->length > 0;
    if (!f->more && d->over)
        f->ended = true;
    return filter_up(f, twice, n);
}

static int double_all(struct filter *f, const char *wire, size_t n)
{
    struct doubler *d = container_of(f, struct doubler, filter);
    d->over = !wire;
    memcpy(d->rest + d->length, wire ? wire : "", n);
    d->length += n;
    return f->more ? 0 : double_one(f);
}

static void discard_doubler(struct filter *f)
{
    free(container_of(f, struct doubler, filter));
}

static const struct filter_ops doubling = {
    .receive = double_all, .resume = double_one, .send = send_down, .free = discard_doubler,
};

static int push_doubler(struct world *w)
{
    struct doubler *d = calloc(1, sizeof(*d));
    d->filter = (struct filter){.ops = &doubling, .name = "doubler"};
    return filters_push(&w->filters, &d->filter);
}

static void holds_input_back(void)
{
    struct world w = {0};
    CHECK(push_doubler(&w) == 0 && push_doubler(&w) == 0);
    CHECK(filters_receive(&w.filters, "xy", 2) == 0);
    CHECK(filters_more(&w.filters) && plain_is(&w, "xx"));
    CHECK(filters_resume(&w.filters) == 0 && plain_is(&w, "xx") && filters_more(&w.filters));
    CHECK(filters_resume(&w.filters) == 0 && plain_is(&w, "yy") && filters_more(&w.filters));
    CHECK(filters_resume(&w.filters) == 0 && plain_is(&w, "yy") && !filters_more(&w.filters));
    CHECK(filters_resume(&w.filters) == 0 && plain_is(&w, "") && !w.filters.ended);
    CHECK(filters_receive(&w.filters, NULL, 0) == 0 && w.filters.ended);
    filters_free(&w.filters);
}

static void holds_the_end_back(void)
{
    struct world w = {0};
    CHECK(push(&w, 'a', false) == 0 && push_doubler(&w) == 0);
    CHECK(filters_receive(&w.filters, "axy", 3) == 0 && plain_is(&w, "xx"));
    CHECK(filters_receive(&w.filters, ".", 1) == 0 && !w.filters.ended);
    CHECK(filters_resume(&w.filters) == 0 && plain_is(&w, "yy") && w.filters.ended);
    filters_free(&w.filters);
}

static void makes_up_for_a_late_push(void)
{
    struct world w = {0};
    CHECK(push(&w, 'a', true) == 0);
    CHECK(filters_receive(&w.filters, "?abz", 4) == 0 && filters_open(&w.filters));
    CHECK(push(&w, 'b', false) == 0 && plain_is(&w, "z"));
    CHECK(filters_receive(&w.filters, ".", 1) == 0 && w.filters.ended);
    CHECK(push(&w, 'c', true) == -ERROR_CUT); // its handshake has nobody to be with
    filters_free(&w.filters);
    CHECK(w.freed == 3);
}

int main(void)
{
    static const struct check_test tests[] = {
        {"bytes pass through all filters", passes_through_all},
        {"filters open from the bottom up", opens_from_the_bottom_up},
        {"what comes with a handshake is kept", keeps_what_comes_with_a_handshake},
        {"the end is told once", tells_the_end_once},
        {"a failure has a name and a reason", names_what_fails},
        {"the top filter can be popped", pops_the_top},
        {"one that is pushed late gets what came before", makes_up_for_a_late_push},
        {"a filter may hold input back", holds_input_back},
        {"the end comes behind input that is held back", holds_the_end_back},
    };
    return check_run(tests, ARRAY_LEN(tests));
}
