#include "bind/ffi.h"

#include "base/hash.h"
#include "codec/scan.h"
#include "net/write.h"

const char ffi_declarations[] =
    "struct evio_stream {"
    "  const uint8_t *data;"
    "  int32_t pos, stop;"
    "  int32_t mark;"
    "  int32_t short_read;"
    "  int32_t searched_from, searched_to;"
    "  uint32_t searched_hash;"
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
    "};";

static int32_t find(struct evio_stream *s, const char *needle, int32_t n)
{
    uint32_t h = (uint32_t)hash_bytes(needle, (size_t)n);
    int32_t from = s->pos;
    if (h == s->searched_hash && s->searched_from <= s->pos && s->pos <= s->searched_to)
        from = s->searched_to;
    ssize_t at = scan_find((const char *)s->data + from, (size_t)(s->stop - from), needle,
                           (size_t)n);
    if (at >= 0)
        return from + (int32_t)at - s->pos;
    s->searched_from = s->pos;
    s->searched_to = s->stop - n + 1 > s->pos ? s->stop - n + 1 : s->pos;
    s->searched_hash = h;
    s->short_read = 1;
    return -1;
}

static void put(struct evio_live *live, const char *bytes, size_t n)
{
    struct conn *c = live->conn;
    ssize_t pending = conn_put(c, bytes, n);
    if (pending < 0 || (size_t)pending >= c->limits->high)
        live->halt = 1;
}

const struct evio_leaves ffi_leaves = {find, put};

void ffi_end_stream(struct evio_live *live, size_t used)
{
    struct evio_stream *s = live->stream;
    if (!s)
        return;
    live->stream = NULL;
    s->data = NULL;
    s->pos = s->stop = s->mark = 0;
    if ((int64_t)used > s->searched_to) {
        s->searched_to = -1; // no position is in the window
        return;
    }
    s->searched_from = (int64_t)used < s->searched_from ? s->searched_from - (int32_t)used : 0;
    s->searched_to -= (int32_t)used;
}
