#include "codec/websocket.h"

#include <stdbool.h>
#include <string.h>

enum { RESERVED = 0x70, MOST_CONTROL = 125 };
enum { PROTOCOL = 1002, NO_TEXT = 1007, TOO_BIG = 1009 }; // codes

// A frame's head.
struct head {
    bool fin, compressed;
    uint8_t opcode;
    int32_t size; // bytes
    int64_t length;
    char key[4];
};

static enum websocket_result refuse(struct websocket *w, int32_t code, const char *message)
{
    w->code = code;
    w->message = message;
    return WEBSOCKET_BAD;
}

void websocket_mask(char *to, const char *from, size_t n, const char *key)
{
    uint64_t mask, word;
    size_t i = 0;
    memcpy(&mask, key, 4);
    memcpy((char *)&mask + 4, key, 4);
    for (; n - i >= sizeof(word); i += sizeof(word)) {
        memcpy(&word, from + i, sizeof(word));
        word ^= mask;
        memcpy(to + i, &word, sizeof(word));
    }
    for (; i < n; i++)
        to[i] = (char)(from[i] ^ key[i % 4]);
}

size_t websocket_put_head(char head[WEBSOCKET_HEAD], int32_t first, size_t n, const char *key)
{
    size_t more = n <= MOST_CONTROL ? 0 : n <= UINT16_MAX ? 2 : 8;
    char masked = key ? (char)0x80 : 0;
    head[0] = (char)first;
    head[1] = (char)(masked | (more == 0 ? (char)n : more == 2 ? 126 : 127));
    for (size_t i = 0; i < more; i++)
        head[2 + i] = (char)((uint64_t)n >> 8 * (more - 1 - i));
    if (!key)
        return 2 + more;
    memcpy(head + 2 + more, key, 4);
    return 6 + more;
}

int32_t websocket_may_send(int32_t code)
{
    return (code >= 1000 && code <= 1014 && (code < 1004 || code > 1006)) || (code >= 3000 && code <= 4999);
}

// The first byte: what kind of frame may be here.
static enum websocket_result take_kind(struct websocket *w, struct head *h, unsigned char first)
{
    int reserved = first & RESERVED;
    h->fin = first & WEBSOCKET_FIN;
    h->compressed = reserved == WEBSOCKET_COMPRESSED;
    h->opcode = first & 0x0f;
    bool begins = h->opcode == WEBSOCKET_TEXT || h->opcode == WEBSOCKET_BINARY;
    if (reserved && !(h->compressed && w->compresses && begins))
        return refuse(w, PROTOCOL, "a frame has reserved bits that were not agreed on");
    if ((h->opcode > WEBSOCKET_BINARY && h->opcode < WEBSOCKET_CLOSE) || h->opcode > WEBSOCKET_PONG)
        return refuse(w, PROTOCOL, "a frame has an opcode that is reserved");
    if (h->opcode >= WEBSOCKET_CLOSE && !h->fin)
        return refuse(w, PROTOCOL, "a control frame is fragmented");
    if (h->opcode == WEBSOCKET_CONTINUATION && !w->kind)
        return refuse(w, PROTOCOL, "a continuation has no message in front of it");
    if (begins && w->kind)
        return refuse(w, PROTOCOL, "a message begins inside of another");
    return WEBSOCKET_WHOLE;
}

// The length, and the bytes of it that the second one announces.
static enum websocket_result take_length(struct websocket *w, struct head *h, const char *bytes, int32_t n)
{
    int announced = bytes[1] & 0x7f, more = announced < 126 ? 0 : announced == 126 ? 2 : 8;
    if (h->opcode >= WEBSOCKET_CLOSE && more)
        return refuse(w, PROTOCOL, "a control frame has more than 125 bytes");
    if (n < 2 + more)
        return WEBSOCKET_MORE;
    uint64_t length = more ? 0 : (uint64_t)announced;
    for (int i = 0; i < more; i++)
        length = length << 8 | (unsigned char)bytes[2 + i];
    if (length >> 63)
        return refuse(w, PROTOCOL, "a frame's length has its first bit set");
    if (more && length <= (more == 2 ? MOST_CONTROL : UINT16_MAX))
        return refuse(w, PROTOCOL, "a frame's length takes more bytes than it needs");
    h->length = (int64_t)length;
    h->size = 2 + more;
    return WEBSOCKET_WHOLE;
}

static enum websocket_result take_head(struct websocket *w, struct head *h, const char *bytes, int32_t n)
{
    enum websocket_result result = n < 1 ? WEBSOCKET_MORE : take_kind(w, h, (unsigned char)bytes[0]);
    if (result == WEBSOCKET_WHOLE && n < 2)
        result = WEBSOCKET_MORE;
    if (result != WEBSOCKET_WHOLE)
        return result;
    bool masked = bytes[1] & 0x80;
    if (masked != (w->masked != 0))
        return refuse(w, PROTOCOL, masked ? "a server's frame is masked" : "a client's frame is not masked");
    result = take_length(w, h, bytes, n);
    if (result != WEBSOCKET_WHOLE)
        return result;
    if (h->opcode < WEBSOCKET_CLOSE && h->length > w->most - (w->kind ? w->size : 0))
        return refuse(w, TOO_BIG, "a message is longer than it may be");
    memset(h->key, 0, sizeof(h->key));
    if (masked && n < h->size + 4)
        return WEBSOCKET_MORE;
    if (masked) {
        memcpy(h->key, bytes + h->size, 4);
        h->size += 4;
    }
    return WEBSOCKET_WHOLE;
}

static enum websocket_result check_close(struct websocket *w)
{
    struct utf8 text = {0};
    if (w->length == 0) {
        w->code = WEBSOCKET_NO_CODE;
        return WEBSOCKET_CONTROL;
    }
    if (w->length == 1)
        return refuse(w, PROTOCOL, "a close frame has half a code");
    w->code = (unsigned char)w->data[0] << 8 | (unsigned char)w->data[1];
    if (!websocket_may_send(w->code))
        return refuse(w, PROTOCOL, "a close frame has a code that may not be sent");
    if (utf8_check(&text, w->data + 2, (size_t)w->length - 2) >= 0 || text.left)
        return refuse(w, NO_TEXT, "a close frame's reason is not UTF-8");
    return WEBSOCKET_CONTROL;
}

// A control frame, which may be inside of a message. It is taken when it is whole.
static enum websocket_result take_control(struct websocket *w, const struct head *h, char *bytes, int32_t n)
{
    if (n - h->size < h->length)
        return WEBSOCKET_MORE;
    w->opcode = h->opcode;
    w->data = bytes + h->size;
    w->length = (int32_t)h->length;
    w->used = h->size + w->length;
    if (w->masked)
        websocket_mask(w->data, w->data, (size_t)w->length, h->key);
    return h->opcode == WEBSOCKET_CLOSE ? check_close(w) : WEBSOCKET_CONTROL;
}

// The key for what comes behind n bytes.
static void turn(uint8_t key[4], int32_t n)
{
    uint8_t old[4];
    memcpy(old, key, 4);
    for (int i = 0; i < 4; i++)
        key[i] = old[(i + n) % 4];
}

static enum websocket_result take_payload(struct websocket *w, char *bytes, int32_t n, bool begins)
{
    w->opcode = w->kind;
    w->data = bytes;
    w->length = n < w->left ? n : (int32_t)w->left;
    w->used += w->length;
    w->left -= w->length;
    if (w->masked) {
        websocket_mask(bytes, bytes, (size_t)w->length, (char *)w->key);
        turn(w->key, w->length);
    }
    bool text = w->kind == WEBSOCKET_TEXT && !w->compressed;
    if (text && utf8_check(&w->text, bytes, (size_t)w->length) >= 0)
        return refuse(w, NO_TEXT, "a text is not UTF-8");
    w->inside = w->left > 0;
    if (w->inside || !w->fin)
        return WEBSOCKET_PART;
    if (text && w->text.left)
        return refuse(w, NO_TEXT, "a text ends inside of a character");
    w->kind = 0;
    return begins ? WEBSOCKET_WHOLE : WEBSOCKET_LAST;
}

enum websocket_result websocket_scan(struct websocket *w, char *bytes, int32_t n)
{
    struct head h;
    w->used = 0;
    if (w->inside)
        return n > 0 ? take_payload(w, bytes, n, false) : WEBSOCKET_MORE;
    enum websocket_result result = take_head(w, &h, bytes, n);
    if (result != WEBSOCKET_WHOLE)
        return result;
    if (h.opcode >= WEBSOCKET_CLOSE)
        return take_control(w, &h, bytes, n);
    bool begins = h.opcode != WEBSOCKET_CONTINUATION;
    if (begins) {
        w->kind = h.opcode;
        w->compressed = h.compressed;
        w->text = (struct utf8){0};
        w->size = 0;
    }
    w->fin = h.fin;
    w->size += h.length;
    w->left = h.length;
    w->used = h.size;
    memcpy(w->key, h.key, 4);
    return take_payload(w, bytes + h.size, n - h.size, begins);
}
