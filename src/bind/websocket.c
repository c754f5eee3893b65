#include "bind/websocket.h"

#include "bind/ffi.h"
#include "codec/websocket.h"
#include "net/net.h"
#include "tls/digest.h"
#include "zip/zip.h"

#include <string.h>

struct websocket_leaves {
    // Goes on in the input that the event has not used yet, and uses what it takes. See codec/websocket.h.
    int32_t (*next)(struct evio_live *, struct websocket *);
    int32_t (*scan)(struct websocket *, char *bytes, int32_t n);
    int32_t (*may_send)(int32_t code);
    // The offset of the first byte that is no UTF-8, n where the last character is cut, -1 for none.
    int64_t (*find_no_text)(const char *bytes, size_t n);
    // Queues a frame for the live connection: `first` is its first byte, `key` that of its mask, or NULL.
    void (*put)(struct evio_live *, int32_t first, const char *bytes, size_t n, const char *key);
    // Writes it, at most n + WEBSOCKET_HEAD bytes. Returns their number.
    int64_t (*pack)(char *to, int32_t first, const char *bytes, size_t n, const char *key);
    // At most 256 bytes that nobody can foretell. Returns 0 or a negative errno.
    int32_t (*random)(char *to, size_t n);
    // SHA-1 and base64, as text.
    void (*sha1)(const char *bytes, size_t n, char *text);
    void (*base64)(const char *bytes, size_t n, char *text);
    // See codec/utf8.h: the text under way goes on. Returns 0 where it cannot.
    int32_t (*goes_on)(struct websocket *, const char *bytes, size_t n);
    // See zip/zip.h. NULL when there is no memory.
    struct deflater *(*deflater_new)(int32_t level, int32_t window, int32_t memory);
    void (*deflater_free)(struct deflater *);
    void (*deflater_reset)(struct deflater *);
    void (*deflater_feed)(struct deflater *, const char *bytes, size_t n);
    int64_t (*deflater_read)(struct deflater *, char *bytes, size_t n);
    struct inflater *(*inflater_new)(void);
    void (*inflater_free)(struct inflater *);
    void (*inflater_feed)(struct inflater *, const char *bytes, size_t n);
    int64_t (*inflater_read)(struct inflater *, char *bytes, size_t n);
    bool (*inflater_whole)(const struct inflater *);
};

static const char declarations[] =
    "struct evio_websocket {"
    "  int64_t most;"
    "  uint8_t masked, compresses;"
    "  uint8_t kind, compressed;"
    "  struct { uint8_t left, from, to; } text;"
    "  int64_t size;"
    "  uint8_t inside, fin, key[4];"
    "  int64_t left;"
    "  uint8_t opcode;"
    "  int32_t used;"
    "  char *data;"
    "  int32_t length, code;"
    "  const char *message;"
    "};"
    "struct evio_websocket_leaves {"
    "  int32_t (*next)(struct evio_live *, struct evio_websocket *);"
    "  int32_t (*scan)(struct evio_websocket *, char *, int32_t);"
    "  int32_t (*may_send)(int32_t);"
    "  int64_t (*find_no_text)(const char *, size_t);"
    "  void (*put)(struct evio_live *, int32_t, const char *, size_t, const char *);"
    "  int64_t (*pack)(char *, int32_t, const char *, size_t, const char *);"
    "  int32_t (*random)(char *, size_t);"
    "  void (*sha1)(const char *, size_t, char *);"
    "  void (*base64)(const char *, size_t, char *);"
    "  int32_t (*goes_on)(struct evio_websocket *, const char *, size_t);"
    "  struct evio_deflater *(*deflater_new)(int32_t, int32_t, int32_t);"
    "  void (*deflater_free)(struct evio_deflater *);"
    "  void (*deflater_reset)(struct evio_deflater *);"
    "  void (*deflater_feed)(struct evio_deflater *, const char *, size_t);"
    "  int64_t (*deflater_read)(struct evio_deflater *, char *, size_t);"
    "  struct evio_inflater *(*inflater_new)(void);"
    "  void (*inflater_free)(struct evio_inflater *);"
    "  void (*inflater_feed)(struct evio_inflater *, const char *, size_t);"
    "  int64_t (*inflater_read)(struct evio_inflater *, char *, size_t);"
    "  bool (*inflater_whole)(const struct evio_inflater *);"
    "};";

enum { PIECE = 4096 }; // bytes, a multiple of the key's

// The input lies in buffers of our own: it is no other's before the event used it.
static int32_t next(struct evio_live *live, struct websocket *w)
{
    int32_t result = websocket_scan(w, (char *)live->data + live->used, live->length - live->used);
    if (result != WEBSOCKET_BAD)
        live->used += w->used;
    return result;
}

static int32_t scan(struct websocket *w, char *bytes, int32_t n)
{
    return websocket_scan(w, bytes, n);
}

static int64_t find_no_text(const char *bytes, size_t n)
{
    struct utf8 state = {0};
    ssize_t at = utf8_check(&state, bytes, n);
    return at >= 0 ? at : state.left ? (int64_t)n : -1;
}

static int64_t pack(char *to, int32_t first, const char *bytes, size_t n, const char *key)
{
    size_t head = websocket_put_head(to, first, n, key);
    if (key)
        websocket_mask(to + head, bytes, n, key);
    else
        memcpy(to + head, bytes, n);
    return (int64_t)(head + n);
}

static void put_masked(struct evio_live *live, const char *bytes, size_t n, const char *key)
{
    char piece[PIECE];
    for (size_t at = 0; at < n; at += PIECE) {
        size_t m = n - at < PIECE ? n - at : PIECE;
        websocket_mask(piece, bytes + at, m, key);
        ffi_put(live, piece, m);
    }
}

static void put(struct evio_live *live, int32_t first, const char *bytes, size_t n, const char *key)
{
    char *at = ffi_reserve(live, WEBSOCKET_HEAD + n);
    if (at) {
        live->out_length = (int32_t)(at + pack(at, first, bytes, n, key) - live->out);
        return;
    }
    char head[WEBSOCKET_HEAD];
    ffi_put(live, head, websocket_put_head(head, first, n, key));
    if (key)
        put_masked(live, bytes, n, key);
    else
        ffi_put(live, bytes, n);
}

static int32_t fill_random(char *to, size_t n)
{
    return net_random(to, n);
}

static void base64(const char *bytes, size_t n, char *text)
{
    digest_base64((const unsigned char *)bytes, n, text);
}

static void sha1(const char *bytes, size_t n, char *text)
{
    unsigned char digest[DIGEST_SHA1];
    digest_sha1(bytes, n, digest);
    digest_base64(digest, sizeof(digest), text);
}

static int32_t goes_on(struct websocket *w, const char *bytes, size_t n)
{
    return utf8_check(&w->text, bytes, n) < 0;
}

static struct deflater *new_deflater(int32_t level, int32_t window, int32_t memory)
{
    struct zip_settings settings = {.format = ZIP_RAW, .level = level, .window = window, .memory = memory};
    struct deflater *d = NULL;
    deflater_new(&d, &settings);
    return d;
}

static int64_t read_deflater(struct deflater *d, char *bytes, size_t n)
{
    return (int64_t)deflater_read(d, bytes, n);
}

static struct inflater *new_inflater(void)
{
    struct inflater *i = NULL;
    inflater_new(&i, ZIP_BLOCKS);
    return i;
}

static int64_t read_inflater(struct inflater *i, char *bytes, size_t n)
{
    return inflater_read(i, bytes, n);
}

static const struct websocket_leaves leaves = {
    next, scan, websocket_may_send, find_no_text, put, pack, fill_random, sha1, base64, goes_on,
    new_deflater, deflater_free, deflater_reset, deflater_feed, read_deflater,
    new_inflater, inflater_free, inflater_feed, read_inflater, inflater_whole,
};

void websocket_register(lua_State *L)
{
    lua_pushlightuserdata(L, (void *)&leaves);
    lua_setfield(L, -2, "websocket_leaves");
    lua_pushstring(L, declarations);
    lua_setfield(L, -2, "websocket_declarations");
}
