#include "bind/ffi.h"

#include "base/hash.h"
#include "base/table.h"
#include "codec/http.h"
#include "codec/resp.h"
#include "codec/resp_reply.h"
#include "codec/scan.h"
#include "net/net.h"
#include "net/write.h"

#include <errno.h>
#include <string.h>

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
    "  int32_t need;"
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
    "  char *out;"
    "  int32_t out_length, room;"
    "  const uint64_t *hash_key;"
    "};"
    "struct evio_view { const char *data; size_t length; };"
    "struct evio_part { int32_t at, length; };"
    "struct evio_names {"
    "  uint32_t mask;"
    "  struct evio_name {"
    "    uint64_t first;"
    "    int16_t id;"
    "    uint8_t length;"
    "    char rest[21];"
    "  } slots[?];"
    "};"
    "struct evio_request {"
    "  const char *data;"
    "  struct evio_part *parts;"
    "  int32_t size, count, id, used, need;"
    "};"
    "struct evio_reply { int32_t at, left; };"
    "struct evio_field { struct evio_part name, value; };"
    "struct evio_head {"
    "  const char *data;"
    "  struct evio_field *fields;"
    "  int32_t size, most_line, most_head, count;"
    "  struct evio_part method, target, reason;"
    "  int32_t status, minor, flags, used;"
    "  int64_t length;"
    "  const char *message;"
    "};"
    "struct evio_chunk { int64_t size; int32_t used; const char *message; };"
    "struct evio_leaves {"
    "  int32_t (*find)(struct evio_stream *, const char *, int32_t);"
    "  void (*put)(struct evio_live *, const char *, size_t);"
    "  void (*fail)(struct evio_live *, const char *);"
    "  double (*time)(void);"
    "  int32_t (*resp_scan)(const struct evio_names *, struct evio_request *, const char *, int32_t);"
    "  int32_t (*resp_next)(struct evio_live *, const struct evio_names *, struct evio_request *);"
    "  void (*resp_add_name)(struct evio_names *, const char *, size_t, int16_t);"
    "  int32_t (*resp_reply)(struct evio_reply *, const char *, int32_t);"
    "  void (*resp_bulk)(struct evio_live *, const char *, size_t);"
    "  void (*resp_integer)(struct evio_live *, double);"
    "  int32_t (*http_next)(struct evio_live *, struct evio_head *, int32_t);"
    "  int32_t (*http_chunk)(struct evio_live *, struct evio_chunk *);"
    "  int32_t (*http_trailers)(struct evio_live *, struct evio_head *);"
    "  struct evio_table *(*table_new)(struct evio_live *);"
    "  void (*table_free)(struct evio_table *);"
    "  int32_t (*table_find)(const struct evio_table *, const char *, size_t, struct evio_view *);"
    "  int32_t (*table_set)(struct evio_table *, const char *, size_t, const char *, size_t);"
    "  bool (*table_remove)(struct evio_table *, const char *, size_t);"
    "  int32_t (*table_next)(const struct evio_table *, size_t *, struct evio_view *);"
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

void ffi_begin(struct evio_live *live, struct conn *c)
{
    live->conn = c;
    live->finished = c && c->finishing;
    live->out_length = live->room = 0;
    if (!c || c->datagram || c->finishing) // each datagram is one put; behind FIN there is none
        return;
    size_t pending = conn_pending(c), high = c->limits->high;
    if (pending < high)
        live->room = high - pending < FFI_ROOM ? (int32_t)(high - pending) : FFI_ROOM;
}

static void queue(struct evio_live *live, const char *bytes, size_t n)
{
    struct conn *c = live->conn;
    ssize_t pending = live->finished ? -EPIPE : conn_put(c, bytes, n);
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

void ffi_queue_output(struct evio_live *live)
{
    int32_t n = live->out_length;
    live->out_length = 0;
    if (n > 0)
        queue(live, live->out, (size_t)n);
}

// Where n bytes of output are to be written; NULL when they are too many to be gathered.
static inline char *reserve(struct evio_live *live, size_t n)
{
    if (n >= (size_t)(live->room - live->out_length))
        return NULL;
    char *at = live->out + live->out_length;
    live->out_length += (int32_t)n;
    return at;
}

static void put(struct evio_live *live, const char *bytes, size_t n)
{
    char *at = reserve(live, n);
    if (!bytes)
        bytes = ""; // an empty string.buffer
    if (at) {
        memcpy(at, bytes, n);
        return;
    }
    ffi_queue_output(live);
    queue(live, bytes, n);
}

char *ffi_reserve(struct evio_live *live, size_t n)
{
    return reserve(live, n);
}

void ffi_put(struct evio_live *live, const char *bytes, size_t n)
{
    put(live, bytes, n);
}

static double wall_time(void)
{
    return (double)net_time() / 1e9;
}

static int32_t resp_find(const struct resp_names *names, struct resp_request *r, const char *bytes,
                         int32_t n)
{
    return resp_scan(names, r, bytes, n);
}

// The input that the event has not used yet.
static const char *unused(const struct evio_live *live, int32_t *n)
{
    *n = live->length - live->used;
    return (const char *)live->data + live->used;
}

// Uses what a scan found: all scanners say so with 1.
static int32_t use(struct evio_live *live, int32_t result, int32_t used)
{
    if (result == 1)
        live->used += used;
    return result;
}

static int32_t resp_next(struct evio_live *live, const struct resp_names *names, struct resp_request *r)
{
    int32_t n;
    const char *bytes = unused(live, &n);
    int32_t result = resp_scan(names, r, bytes, n);
    return use(live, result, r->used);
}

static int32_t resp_reply(struct resp_reply *reply, const char *bytes, int32_t n)
{
    return resp_reply_scan(reply, bytes, n);
}

static void resp_bulk(struct evio_live *live, const char *bytes, size_t n)
{
    char *at = reserve(live, RESP_HEAD + n + 2);
    if (at) {
        at += resp_put_head(at, '$', (int64_t)n);
        memcpy(at, bytes, n);
        at += n;
        *at++ = '\r';
        *at++ = '\n';
        live->out_length = (int32_t)(at - live->out);
        return;
    }
    char head[RESP_HEAD];
    put(live, head, resp_put_head(head, '$', (int64_t)n));
    put(live, bytes, n);
    put(live, "\r\n", 2);
}

static void resp_integer(struct evio_live *live, double number)
{
    char text[RESP_HEAD];
    put(live, text, resp_put_head(text, ':', (int64_t)number));
}

static int32_t http_next(struct evio_live *live, struct http_head *h, int32_t kind)
{
    int32_t n;
    const char *bytes = unused(live, &n);
    int32_t result = http_scan(h, (enum http_kind)kind, bytes, n);
    return use(live, result, h->used);
}

static int32_t http_chunk(struct evio_live *live, struct http_chunk *chunk)
{
    int32_t n;
    const char *bytes = unused(live, &n);
    int32_t result = http_scan_chunk(chunk, bytes, n);
    return use(live, result, chunk->used);
}

static int32_t http_trailers(struct evio_live *live, struct http_head *h)
{
    int32_t n;
    const char *bytes = unused(live, &n);
    int32_t result = http_scan_trailers(h, bytes, n);
    return use(live, result, h->used);
}

static struct table *new_table(struct evio_live *live)
{
    return table_new(live->hash_key);
}

static int32_t find_value(const struct table *t, const char *key, size_t n, struct evio_view *value)
{
    const struct table_entry *e = table_find(t, key, n);
    if (!e)
        return 0;
    *value = (struct evio_view){e->bytes + e->key_length, e->value_length};
    return 1;
}

static int32_t next_key(const struct table *t, size_t *place, struct evio_view *key)
{
    const struct table_entry *e = table_next(t, place);
    if (!e)
        return 0;
    *key = (struct evio_view){e->bytes, e->key_length};
    return 1;
}

const struct evio_leaves ffi_leaves = {
    find, put, fail, wall_time, resp_find, resp_next, resp_add_name, resp_reply, resp_bulk, resp_integer,
    http_next, http_chunk, http_trailers,
    new_table, table_free, find_value, table_set, table_remove, next_key,
};

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
