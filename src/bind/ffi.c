#include "bind/ffi.h"

#include "base/hash.h"
#include "codec/scan.h"
#include "net/write.h"

#include <errno.h>

const char ffi_declarations[] =
    "struct evio_stream {"
    "  const uint8_t *data;"
    "  int32_t pos, stop;"
    "  int32_t mark;"
    "  int32_t short_read;"
    "  struct evio_window {"
    "    int32_t from, to;"
    "    uint32_t hash;"
    "  } searched[2];"
    "  int32_t oldest;"
    "};"
    "struct evio_live {"
    "  void *conn;"
    "  struct evio_stream *stream;"
    "  const uint8_t *data;"
    "  int32_t length;"
    "  int32_t halt;"
    "  int32_t shifted;"
    "  int32_t finished;"
    "  int32_t used;"
    "  int32_t more;"
    "};"
    "struct evio_leaves {"
    "  int32_t (*find)(struct evio_stream *, const char *, int32_t);"
    "  void (*put)(struct evio_live *, const char *, size_t);"
    "  void (*fail)(struct evio_live *, const char *);"
    "};";

static struct evio_window *window_of(struct evio_stream *s, uint32_t hash)
{
    for (int i = 0; i < 2; i++)
        if (s->searched[i].hash == hash)
            return &s->searched[i];
    struct evio_window *w = &s->searched[s->oldest];
    s->oldest = !s->oldest;
    *w = (struct evio_window){.to = -1, .hash = hash};
    return w;
}

static int32_t find(struct evio_stream *s, const char *needle, int32_t n)
{
    struct evio_window *w = window_of(s, (uint32_t)hash_bytes(needle, (size_t)n));
    bool known = w->from <= s->pos && s->pos <= w->to;
    int32_t from = known ? w->to : s->pos;
    ssize_t at = scan_find((const char *)s->data + from, (size_t)(s->stop - from), needle,
                           (size_t)n);
    if (at >= 0)
        return from + (int32_t)at - s->pos;
    if (!known)
        w->from = s->pos;
    w->to = s->stop - n + 1 > s->pos ? s->stop - n + 1 : s->pos;
    s->short_read = 1;
    return -1;
}

static void put(struct evio_live *live, const char *bytes, size_t n)
{
    struct conn *c = live->conn;
    ssize_t pending = conn_put(c, bytes ? bytes : "", n);
    if (pending < 0 || (size_t)pending >= c->limits->high)
        live->halt = 1;
}

static void fail(struct evio_live *live, const char *message)
{
    struct conn *c = live->conn;
    live->halt = 1;
    if (c->state == CONN_OPEN) // else the script ended it otherwise
        conn_break(c, EPROTO, message);
}

const struct evio_leaves ffi_leaves = {find, put, fail};

void ffi_end_stream(struct evio_live *live, size_t used)
{
    struct evio_stream *s = live->stream;
    if (!s)
        return;
    live->stream = NULL;
    s->data = NULL;
    s->pos = s->stop = s->mark = 0;
    for (int i = 0; i < 2; i++) {
        struct evio_window *w = &s->searched[i];
        if ((int64_t)used > w->to) {
            w->to = -1; // no position is in it
        } else {
            w->from = (int64_t)used < w->from ? w->from - (int32_t)used : 0;
            w->to -= (int32_t)used;
        }
    }
}
