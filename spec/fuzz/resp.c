// Requests of RESP: a prefix is understood as the whole is, `need` promises nothing false, parts lie where they should,
// names are found in any case, and what was understood is understood again when it is written as an array.
#include "fuzz/fuzz.h"

#include "base/macros.h"
#include "codec/resp.h"

#include <strings.h>

enum { CHEAP = 16 * 1024, ROOM = 64, SLOTS = 32 };

static const char *const commands[] = {
    "GET", "SET", "PING", "SUBSCRIBE", "PSUBSCRIBE", "INCRBYFLOAT", "ABCDEFGH", "ABCDEFGI", "Z",
    "GEORADIUSBYMEMBER_RO_VERY_LON",
};

// What a scan said; parts that a request has no room for are not kept.
struct found {
    enum resp_result result;
    struct resp_request request;
    struct resp_part parts[ROOM];
};

struct whole {
    struct found found;
    int32_t size; // parts that there is room for
};

static struct resp_names *all_names(void)
{
    struct resp_names *names = calloc(1, sizeof(*names) + SLOTS * sizeof(struct resp_name));
    names->mask = SLOTS - 1;
    for (size_t i = 0; i < ARRAY_LEN(commands); i++)
        resp_add_name(names, commands[i], strlen(commands[i]), (int16_t)i);
    return names;
}

static void scan(struct found *f, int32_t size, const char *bytes, size_t n)
{
    static struct resp_names *names;
    if (!names)
        names = all_names();
    struct resp_part *parts = malloc((size_t)size * sizeof(*parts));
    f->request = (struct resp_request){.parts = parts, .size = size};
    f->result = resp_scan(names, &f->request, bytes, (int32_t)n);
    memcpy(f->parts, parts, (size_t)size * sizeof(*parts));
    free(parts);
}

static bool same(const struct found *a, const struct found *b)
{
    if (a->result != b->result)
        return false;
    if (a->result == RESP_NO_BULK || a->result == RESP_QUOTED)
        return memcmp(a->parts, b->parts, sizeof(*a->parts)) == 0;
    if (a->result != RESP_COMPLETE)
        return true;
    return a->request.used == b->request.used && a->request.count == b->request.count &&
           a->request.id == b->request.id &&
           memcmp(a->parts, b->parts, (size_t)a->request.count * sizeof(*a->parts)) == 0;
}

// Errors are errors of the same kind when more bytes follow, but for those of lines that are too long: their ends may
// come, and then something else is wrong with them.
static void check_prefix(void *data, const char *bytes, size_t n)
{
    const struct whole *w = data;
    struct found f;
    scan(&f, w->size, bytes, n);
    if (f.result == RESP_LONG_COUNT || f.result == RESP_LONG_BULK || f.result == RESP_LONG_LINE)
        HOLDS(w->found.result != RESP_COMPLETE || f.result == RESP_LONG_LINE);
    else if (f.result != RESP_MORE)
        HOLDS(same(&f, &w->found));
    else
        HOLDS(w->found.result != RESP_COMPLETE || n < (size_t)w->found.request.used);
    if (f.result != RESP_MORE)
        return;
    HOLDS(f.request.need > (int32_t)n);
}

// Nothing is there before as many bytes are there as are needed, but for errors far behind, and for a part that there is
// no room for.
static void check_need(const struct whole *w, const char *bytes, size_t n)
{
    struct dice d = dice_of(bytes, n);
    struct found f, later;
    size_t at = dice_roll(&d, n + 1);
    char *own = fuzz_copy(bytes, at);
    scan(&f, w->size, own, at);
    free(own);
    if (f.result != RESP_MORE)
        return;
    size_t need = (size_t)f.request.need, most = need <= n ? need - 1 : n;
    if (most <= at)
        return;
    size_t then = at + 1 + dice_roll(&d, most - at);
    own = fuzz_copy(bytes, then);
    scan(&later, w->size, own, then);
    free(own);
    HOLDS(later.result == RESP_MORE || later.result == RESP_FULL || (later.result < 0 && at >= CHEAP));
}

static int32_t id_of(const char *name, size_t n)
{
    for (size_t i = 0; i < ARRAY_LEN(commands); i++)
        if (strlen(commands[i]) == n && strncasecmp(commands[i], name, n) == 0)
            return (int32_t)i;
    return RESP_UNKNOWN;
}

static void check_complete(const struct found *f, const char *bytes, size_t n)
{
    const struct resp_request *r = &f->request;
    int32_t at = 0;
    HOLDS(r->used > 0 && (size_t)r->used <= n && r->count >= 0 && r->count <= r->size);
    for (int32_t i = 0; i < r->count; i++) {
        HOLDS(f->parts[i].at >= at && f->parts[i].length >= 0);
        at = f->parts[i].at + f->parts[i].length;
        HOLDS(at < r->used);
    }
    const struct resp_part *name = f->parts;
    HOLDS(r->id == (r->count == 0 ? RESP_EMPTY : id_of(bytes + name->at, (size_t)name->length)));
}

// The same as an array.
static void check_again(const struct found *f, const char *bytes)
{
    const struct resp_request *r = &f->request;
    char *text = malloc((size_t)r->used + (size_t)(r->count + 1) * (RESP_HEAD + 2));
    size_t at = resp_put_head(text, '*', r->count);
    for (int32_t i = 0; i < r->count; i++) {
        at += resp_put_head(text + at, '$', f->parts[i].length);
        memcpy(text + at, bytes + f->parts[i].at, (size_t)f->parts[i].length);
        at += (size_t)f->parts[i].length;
        text[at++] = '\r';
        text[at++] = '\n';
    }
    char *own = fuzz_copy(text, at);
    struct found again;
    scan(&again, r->size, own, at);
    HOLDS(again.result == RESP_COMPLETE && again.request.used == (int32_t)at && again.request.id == r->id);
    HOLDS(again.request.count == r->count);
    for (int32_t i = 0; i < r->count; i++)
        HOLDS(again.parts[i].length == f->parts[i].length);
    free(own);
    free(text);
}

// With more room it is anything but full, and else the same.
static void check_room(const struct whole *w, const char *bytes, size_t n)
{
    struct found wide;
    scan(&wide, ROOM, bytes, n);
    if (w->found.result == RESP_FULL)
        HOLDS(w->size < ROOM ? wide.result != RESP_QUOTED || w->size > 0 : wide.result == RESP_FULL);
    else
        HOLDS(same(&wide, &w->found));
}

// The first byte: the room, and with its highest bit a run of one byte that is put into what follows, so that lines
// become too long; where, which byte and how often in the next four.
int LLVMFuzzerTestOneInput(const uint8_t *given, size_t size)
{
    struct input in = {given, size};
    unsigned first = input_byte(&in);
    struct whole w = {.size = 1 + (int32_t)(first & 0x7f) % ROOM};
    size_t place = 0, run = 0;
    unsigned filler = 0;
    if (first & 0x80) {
        place = input_byte(&in);
        filler = input_byte(&in);
        run = (input_byte(&in) << 8 | input_byte(&in)) * 2;
    }
    place = place < in.left ? place : in.left;
    size_t n = in.left + run;
    char *bytes = malloc(n + !n);
    memcpy(bytes, input_rest(&in), place);
    memset(bytes + place, (int)filler, run);
    memcpy(bytes + place + run, input_rest(&in) + place, in.left - place);
    scan(&w.found, w.size, bytes, n);
    if (w.found.result == RESP_COMPLETE) {
        check_complete(&w.found, bytes, n);
        check_again(&w.found, bytes);
    } else if (w.found.result == RESP_QUOTED || w.found.result == RESP_NO_BULK) {
        HOLDS(w.found.parts->at >= 0 && (size_t)(w.found.parts->at + w.found.parts->length) <= n);
    }
    check_room(&w, bytes, n);
    check_need(&w, bytes, n);
    fuzz_prefixes(bytes, n, check_prefix, &w);
    free(bytes);
    return 0;
}
