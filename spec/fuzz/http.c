// Heads, chunks and trailers of HTTP: a prefix is understood as the whole is, parts lie where they should, limits hold,
// and what was understood is understood again when it is written anew.
#include "fuzz/fuzz.h"

#include "codec/http.h"

enum { ROOM = 32 };

enum mode { REQUEST, RESPONSE, CHUNK, TRAILERS, MODES };

struct limits {
    int32_t fields, line, head;
};

// What a scan said.
struct found {
    enum http_result result;
    struct http_head head;
    struct http_field fields[ROOM];
    struct http_chunk chunk;
};

struct whole {
    enum mode mode;
    struct limits limits;
    struct found *found;
};

static void scan(struct found *f, enum mode mode, const struct limits *l, const char *bytes, size_t n)
{
    struct http_field *fields = malloc((size_t)l->fields * sizeof(*fields));
    memset(f, 0, sizeof(*f));
    f->head = (struct http_head){.fields = fields, .size = l->fields, .most_line = l->line, .most_head = l->head};
    if (mode == CHUNK)
        f->result = http_scan_chunk(&f->chunk, bytes, (int32_t)n);
    else if (mode == TRAILERS)
        f->result = http_scan_trailers(&f->head, bytes, (int32_t)n);
    else
        f->result = http_scan(&f->head, mode == REQUEST ? HTTP_REQUEST : HTTP_RESPONSE, bytes, (int32_t)n);
    if (f->result == HTTP_COMPLETE && mode != CHUNK)
        memcpy(f->fields, fields, (size_t)f->head.count * sizeof(*fields));
    free(fields);
}

static int32_t used(const struct found *f, enum mode mode)
{
    return mode == CHUNK ? f->chunk.used : f->head.used;
}

static bool same_part(struct http_part a, struct http_part b)
{
    return a.at == b.at && a.length == b.length;
}

static bool same(const struct found *a, const struct found *b, enum mode mode)
{
    if (mode == CHUNK)
        return a->chunk.size == b->chunk.size && a->chunk.used == b->chunk.used;
    bool fields = a->head.count == b->head.count && a->head.used == b->head.used;
    for (int32_t i = 0; fields && i < a->head.count; i++)
        fields = same_part(a->fields[i].name, b->fields[i].name) && same_part(a->fields[i].value, b->fields[i].value);
    return fields && (mode == TRAILERS ||
                      (a->head.flags == b->head.flags && a->head.length == b->head.length &&
                       a->head.minor == b->head.minor && same_part(a->head.method, b->head.method) &&
                       same_part(a->head.target, b->head.target) && a->head.status == b->head.status));
}

static void check_prefix(void *data, const char *bytes, size_t n)
{
    const struct whole *w = data;
    struct found f;
    scan(&f, w->mode, &w->limits, bytes, n);
    if (f.result != HTTP_MORE)
        HOLDS(f.result == w->found->result);
    if (w->found->result == HTTP_COMPLETE)
        HOLDS((f.result == HTTP_COMPLETE) == (n >= (size_t)used(w->found, w->mode)));
    if (f.result == HTTP_COMPLETE)
        HOLDS(same(&f, w->found, w->mode));
}

static void check_part(struct http_part part, int32_t from, int32_t to)
{
    HOLDS(part.at >= from && part.length >= 0 && part.at + part.length <= to);
}

static bool is_clean(const char *bytes, struct http_part part)
{
    for (int32_t i = part.at; i < part.at + part.length; i++)
        if (bytes[i] == '\r' || bytes[i] == '\n' || bytes[i] == '\0')
            return false;
    return true;
}

static void check_fields(const struct found *f, const char *bytes)
{
    int32_t at = 0;
    for (int32_t i = 0; i < f->head.count; i++) {
        struct http_part name = f->fields[i].name, value = f->fields[i].value;
        check_part(name, at, f->head.used);
        check_part(value, name.at + name.length + 1, f->head.used - 4);
        HOLDS(name.length > 0 && bytes[name.at + name.length] == ':');
        HOLDS(is_clean(bytes, name) && is_clean(bytes, value));
        if (value.length > 0)
            HOLDS(!strchr(" \t", bytes[value.at]) && !strchr(" \t", bytes[value.at + value.length - 1]));
        at = value.at + value.length;
    }
}

static void check_head(const struct whole *w, const char *bytes, size_t n)
{
    const struct http_head *h = &w->found->head;
    HOLDS(h->count <= w->limits.fields && h->used >= 2 && (size_t)h->used <= n && h->used <= w->limits.head);
    HOLDS(memcmp(bytes + h->used - 2, "\r\n", 2) == 0);
    check_fields(w->found, bytes);
    if (w->mode == TRAILERS)
        return;
    HOLDS(h->length >= -1 && h->length < INT64_C(1) << 53 && (h->minor == 0 || h->minor == 1));
    HOLDS(!(h->flags & HTTP_CHUNKED) || (h->length == -1 && h->minor == 1));
    if (w->mode == RESPONSE) {
        HOLDS(h->status >= 100 && h->status <= 999);
        check_part(h->reason, 12, h->used - 4);
        return;
    }
    check_part(h->method, 0, h->used);
    check_part(h->target, h->method.at + h->method.length + 1, h->used);
    HOLDS(h->method.length > 0 && h->target.length > 0);
    HOLDS(h->minor == 0 || (h->flags & HTTP_HAS_HOST));
}

static char *put(char *to, const char *bytes, struct http_part part)
{
    memcpy(to, bytes + part.at, (size_t)part.length);
    return to + part.length;
}

// Written anew, with one space where there may be several, it means the same.
static void check_again(const struct whole *w, const char *bytes)
{
    const struct found *f = w->found;
    size_t room = (size_t)f->head.used + (size_t)f->head.count * 4 + 32;
    char *text = malloc(room), *at = text;
    if (w->mode == REQUEST) {
        at = put(at, bytes, f->head.method);
        *at++ = ' ';
        at = put(at, bytes, f->head.target);
        at += sprintf(at, " HTTP/1.%d\r\n", f->head.minor);
    } else if (w->mode == RESPONSE) {
        at += sprintf(at, "HTTP/1.%d %d ", f->head.minor, f->head.status);
        at = put(at, bytes, f->head.reason);
        at += sprintf(at, "\r\n");
    }
    for (int32_t i = 0; i < f->head.count; i++) {
        at = put(at, bytes, f->fields[i].name);
        at += sprintf(at, ": ");
        at = put(at, bytes, f->fields[i].value);
        at += sprintf(at, "\r\n");
    }
    at += sprintf(at, "\r\n");
    struct found again;
    char *own = fuzz_copy(text, (size_t)(at - text));
    struct limits wide = {.fields = ROOM, .line = 1 << 20, .head = 1 << 20};
    scan(&again, w->mode, &wide, own, (size_t)(at - text));
    HOLDS(again.result == HTTP_COMPLETE && again.head.used == at - text && again.head.count == f->head.count);
    HOLDS(again.head.flags == f->head.flags && again.head.length == f->head.length);
    free(own);
    free(text);
}

static void check_chunk(const struct found *f, const char *bytes, size_t n)
{
    HOLDS(f->chunk.used >= 3 && (size_t)f->chunk.used <= n);
    HOLDS(f->chunk.size >= 0 && f->chunk.size < INT64_C(1) << 53);
    HOLDS(f->chunk.size == strtoll(bytes, NULL, 16) && memcmp(bytes + f->chunk.used - 2, "\r\n", 2) == 0);
}

// The first byte: what it is, and whether the limits are small ones, which the next three bytes tell.
int LLVMFuzzerTestOneInput(const uint8_t *given, size_t size)
{
    struct input in = {given, size};
    unsigned first = input_byte(&in);
    struct whole w = {.mode = first % MODES, .limits = {.fields = ROOM, .line = 1 << 16, .head = 1 << 18}};
    if (first & 0x80) {
        w.limits.fields = (int32_t)input_byte(&in) % ROOM;
        w.limits.line = (int32_t)input_byte(&in);
        w.limits.head = (int32_t)input_byte(&in) * 2;
    }
    struct found found;
    size_t n = in.left;
    char *bytes = fuzz_copy(input_rest(&in), n);
    w.found = &found;
    scan(&found, w.mode, &w.limits, bytes, n);
    if (found.result == HTTP_COMPLETE && w.mode == CHUNK) {
        check_chunk(&found, bytes, n);
    } else if (found.result == HTTP_COMPLETE) {
        check_head(&w, bytes, n);
        check_again(&w, bytes);
    } else if (found.result == HTTP_MORE && w.mode != CHUNK) {
        HOLDS((int64_t)n <= w.limits.head);
    } else if (found.result == HTTP_BAD) {
        HOLDS(w.mode == CHUNK ? found.chunk.message != NULL : found.head.message && found.head.status >= 400);
    }
    fuzz_prefixes(bytes, n, check_prefix, &w);
    free(bytes);
    return 0;
}
