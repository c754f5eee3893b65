#include "codec/http.h"

#include "codec/http_target.h"

#include <stdbool.h>
#include <stddef.h>
#include <string.h>

enum { MOST_CHUNK_LINE = 4096, MOST_CHUNK_DIGITS = 13, MOST_LENGTH_DIGITS = 15 }; // below 2^53

// What a byte may be in: a token, a target, a field's value.
enum { TOKEN = 1, TARGET = 2, TEXT = 4 };

static const unsigned char classes[256] = {
    0, 0, 0, 0, 0, 0, 0, 0, 0, 4, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,
    4, 7, 6, 5, 7, 7, 7, 7, 6, 6, 7, 7, 6, 7, 7, 6, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 6, 6, 6, 6, 6, 6,
    6, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 6, 6, 6, 7, 7,
    7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 6, 7, 6, 7, 0,
    6, 6, 6, 6, 6, 6, 6, 6, 6, 6, 6, 6, 6, 6, 6, 6, 6, 6, 6, 6, 6, 6, 6, 6, 6, 6, 6, 6, 6, 6, 6, 6,
    6, 6, 6, 6, 6, 6, 6, 6, 6, 6, 6, 6, 6, 6, 6, 6, 6, 6, 6, 6, 6, 6, 6, 6, 6, 6, 6, 6, 6, 6, 6, 6,
    6, 6, 6, 6, 6, 6, 6, 6, 6, 6, 6, 6, 6, 6, 6, 6, 6, 6, 6, 6, 6, 6, 6, 6, 6, 6, 6, 6, 6, 6, 6, 6,
    6, 6, 6, 6, 6, 6, 6, 6, 6, 6, 6, 6, 6, 6, 6, 6, 6, 6, 6, 6, 6, 6, 6, 6, 6, 6, 6, 6, 6, 6, 6, 6,
};

static inline bool is(char c, int class)
{
    return classes[(unsigned char)c] & class;
}

static inline const char *skip(const char *at, const char *end, int class)
{
    while (at < end && is(*at, class))
        at++;
    return at;
}

static struct http_part part(const struct http_head *h, const char *from, const char *to)
{
    return (struct http_part){(int32_t)(from - h->data), (int32_t)(to - from)};
}

static enum http_result refuse(struct http_head *h, int status, const char *message)
{
    h->status = status;
    h->message = message;
    return HTTP_BAD;
}

// Whether `text`, in small letters, is what stands there, in any case.
static bool is_text(const char *at, size_t n, const char *text)
{
    for (size_t i = 0; i < n; i++)
        if ((at[i] | (at[i] >= 'A' && at[i] <= 'Z' ? 0x20 : 0)) != text[i])
            return false;
    return text[n] == '\0';
}

// The line's end, CR LF, at `at`: HTTP_COMPLETE with *at behind it; HTTP_BAD for anything else.
static enum http_result take_line_end(const char **at, const char *end)
{
    if (end - *at < 2)
        return *at < end && **at != '\r' ? HTTP_BAD : HTTP_MORE;
    if ((*at)[0] != '\r' || (*at)[1] != '\n')
        return HTTP_BAD;
    *at += 2;
    return HTTP_COMPLETE;
}

// "HTTP/1.1"
static enum http_result take_version(struct http_head *h, const char **at, const char *end)
{
    static const char name[] = "HTTP/";
    const char *p = *at;
    size_t there = (size_t)(end - p) < 5 ? (size_t)(end - p) : 5;
    if (memcmp(p, name, there) != 0)
        return refuse(h, 400, "the first line has no version of HTTP");
    if (end - p < 8)
        return HTTP_MORE;
    if (p[5] < '0' || p[5] > '9' || p[6] != '.' || p[7] < '0' || p[7] > '9')
        return refuse(h, 400, "the first line has no version of HTTP");
    if (p[5] != '1')
        return refuse(h, 505, "the version of HTTP is not 1.0 or 1.1");
    h->minor = p[7] == '0' ? 0 : 1; // higher ones are understood as 1.1
    *at = p + 8;
    return HTTP_COMPLETE;
}

static enum http_result take_request_line(struct http_head *h, const char **at, const char *end)
{
    const char *method = *at, *p = skip(method, end, TOKEN);
    h->method = part(h, method, p);
    if (p == end)
        return HTTP_MORE;
    if (p == method || *p != ' ')
        return refuse(h, 400, "the first line has no method");
    const char *target = p + 1;
    p = skip(target, end, TARGET);
    h->target = part(h, target, p);
    if (p == end)
        return HTTP_MORE;
    if (p == target)
        return refuse(h, 400, "the first line has no target");
    if (*p != ' ')
        return refuse(h, 400, "the first line has bytes that it must not have, or no version");
    if (!http_is_target(target, (size_t)h->target.length, method, (size_t)h->method.length))
        return refuse(h, 400, "the target is none of its four forms");
    p++;
    enum http_result result = take_version(h, &p, end);
    if (result != HTTP_COMPLETE)
        return result;
    *at = p;
    return HTTP_COMPLETE;
}

static enum http_result take_status_line(struct http_head *h, const char **at, const char *end)
{
    const char *p = *at;
    enum http_result result = take_version(h, &p, end);
    if (result != HTTP_COMPLETE)
        return result;
    if (end - p < 5)
        return HTTP_MORE;
    bool digits = p[1] >= '1' && p[1] <= '9' && p[2] >= '0' && p[2] <= '9' && p[3] >= '0' && p[3] <= '9';
    if (p[0] != ' ' || !digits || (p[4] != ' ' && p[4] != '\r'))
        return refuse(h, 400, "the first line has no status");
    h->status = (p[1] - '0') * 100 + (p[2] - '0') * 10 + (p[3] - '0');
    const char *reason = p[4] == ' ' ? p + 5 : p + 4;
    *at = skip(reason, end, TEXT);
    h->reason = part(h, reason, *at);
    return HTTP_COMPLETE;
}

// Zeros in front are no digits of the limit, behind which the number could be too large.
static bool read_length(const char *at, size_t n, int64_t *length)
{
    const char *end = at + n;
    if (n == 0)
        return false;
    while (at < end && *at == '0')
        at++;
    if (end - at > MOST_LENGTH_DIGITS)
        return false;
    for (*length = 0; at < end && *at >= '0' && *at <= '9'; at++)
        *length = *length * 10 + (*at - '0');
    return at == end;
}

// Whether one of the tokens in n bytes is this one, in small letters.
static bool has_word(const char *at, size_t n, const char *word)
{
    for (const char *end = at + n; at < end; at++) {
        const char *token = at;
        at = skip(at, end, TOKEN);
        if (at > token && is_text(token, (size_t)(at - token), word))
            return true;
    }
    return false;
}

// The tokens of Connection.
static void take_connection(struct http_head *h, const char *at, const char *end, bool *keeps)
{
    while (at < end) {
        const char *token = at;
        at = skip(at, end, TOKEN);
        size_t n = (size_t)(at - token);
        if (is_text(token, n, "close"))
            h->flags |= HTTP_CLOSE;
        else if (is_text(token, n, "keep-alive"))
            *keeps = true;
        else if (is_text(token, n, "upgrade"))
            h->flags |= HTTP_UPGRADE;
        while (at < end && !is(*at, TOKEN))
            at++;
    }
}

// What is told of a head while it is taken.
struct meaning {
    enum http_kind kind;
    bool keeps; // Connection: keep-alive
};

// What a field says of the message's framing and the connection. Host and Expect say nothing in a response.
static enum http_result take_meaning(struct http_head *h, const struct http_field *f, struct meaning *m)
{
    const char *name = h->data + f->name.at, *value = h->data + f->value.at;
    size_t n = (size_t)f->name.length, length = (size_t)f->value.length;
    if (n == 4 && m->kind == HTTP_REQUEST && is_text(name, n, "host")) {
        if (h->flags & HTTP_HAS_HOST)
            return refuse(h, 400, "there are two Host fields");
        if (!http_is_authority(value, length))
            return refuse(h, 400, "the Host field is no host");
        h->flags |= HTTP_HAS_HOST;
    } else if (n == 14 && is_text(name, n, "content-length")) {
        if (h->length >= 0)
            return refuse(h, 400, "there are two Content-Length fields");
        if (!read_length(value, length, &h->length))
            return refuse(h, 400, "the Content-Length field is no length");
    } else if (n == 17 && is_text(name, n, "transfer-encoding")) {
        if (h->flags & HTTP_CHUNKED)
            return refuse(h, 400, "there are two Transfer-Encoding fields");
        if (length < 7 || !is_text(value + length - 7, 7, "chunked") || (length > 7 && is(value[length - 8], TOKEN)))
            return refuse(h, 400, "the last Transfer-Encoding is not \"chunked\"");
        if (has_word(value, length - 7, "chunked"))
            return refuse(h, 400, "the Transfer-Encoding is \"chunked\" twice");
        if (length > 7)
            return refuse(h, 501, "the Transfer-Encoding is more than \"chunked\"");
        h->flags |= HTTP_CHUNKED;
    } else if (n == 10 && is_text(name, n, "connection")) {
        take_connection(h, value, value + length, &m->keeps);
    } else if (n == 6 && m->kind == HTTP_REQUEST && is_text(name, n, "expect")) {
        if (length != 12 || !is_text(value, 12, "100-continue"))
            return refuse(h, 417, "the Expect field is not \"100-continue\"");
        h->flags |= HTTP_CONTINUE;
    }
    return HTTP_COMPLETE;
}

// One field, whose line begins at *at.
static enum http_result take_field(struct http_head *h, const char **at, const char *end)
{
    const char *name = *at, *p = skip(name, end, TOKEN);
    struct http_field *f = &h->fields[h->count];
    if (p == end)
        return HTTP_MORE;
    if (p == name && (*p == ' ' || *p == '\t'))
        return refuse(h, 400, "a field goes on in a second line");
    if (p == name || *p != ':')
        return refuse(h, 400, "a field's name has bytes that it must not have");
    f->name = part(h, name, p);
    const char *value = p + 1;
    while (value < end && (*value == ' ' || *value == '\t'))
        value++;
    const char *line_end = skip(value, end, TEXT);
    for (p = line_end; p > value && (p[-1] == ' ' || p[-1] == '\t');)
        p--;
    f->value = part(h, value, p);
    *at = line_end;
    enum http_result result = take_line_end(at, end);
    return result == HTTP_BAD ? refuse(h, 400, "a field's value has bytes that it must not have") : result;
}

// The fields up to the empty line; without `m`, trailers, they mean nothing.
static enum http_result take_fields(struct http_head *h, const char **at, const char *end, struct meaning *m)
{
    for (;;) {
        if (*at < end && **at == '\r') {
            enum http_result result = take_line_end(at, end);
            return result == HTTP_BAD ? refuse(h, 400, "a CR has no LF behind it") : result;
        }
        if (*at == end)
            return HTTP_MORE; // it may be the empty line
        if (h->count == h->size)
            return refuse(h, 431, "there are too many fields");
        enum http_result result = take_field(h, at, end);
        if (result == HTTP_COMPLETE && m)
            result = take_meaning(h, &h->fields[h->count], m);
        if (result != HTTP_COMPLETE)
            return result;
        h->count++;
    }
}

static enum http_result check(struct http_head *h, const struct meaning *m)
{
    if ((h->flags & HTTP_CHUNKED) && h->length >= 0)
        return refuse(h, 400, "there are both Content-Length and Transfer-Encoding");
    if ((h->flags & HTTP_CHUNKED) && h->minor == 0)
        return refuse(h, 400, "there is a Transfer-Encoding in HTTP/1.0");
    if (m->kind == HTTP_REQUEST && h->minor == 1 && !(h->flags & HTTP_HAS_HOST))
        return refuse(h, 400, "there is no Host field");
    if (h->minor == 0 && !m->keeps)
        h->flags |= HTTP_CLOSE;
    return HTTP_COMPLETE;
}

static enum http_result take_first_line(struct http_head *h, enum http_kind kind, const char **at, const char *end)
{
    enum http_result result =
        kind == HTTP_REQUEST ? take_request_line(h, at, end) : take_status_line(h, at, end);
    if (result == HTTP_COMPLETE) {
        result = take_line_end(at, end);
        if (result == HTTP_BAD)
            refuse(h, 400, "the first line has bytes that it must not have");
    }
    return result;
}

enum http_result http_scan(struct http_head *h, enum http_kind kind, const char *bytes, int32_t n)
{
    const char *at = bytes, *end = bytes + n;
    struct meaning m = {.kind = kind};
    h->data = bytes;
    h->count = h->flags = 0;
    h->length = -1;
    h->method = h->target = (struct http_part){0};
    while (end - at >= 2 && at[0] == '\r' && at[1] == '\n')
        at += 2;
    const char *first = at;
    if (at == end || (end - at == 1 && *at == '\r'))
        return n > h->most_head ? refuse(h, 431, "the head is too long") : HTTP_MORE;
    enum http_result result = take_first_line(h, kind, &at, end);
    bool has_line = result == HTTP_COMPLETE;
    if (has_line ? at - 2 - first > h->most_line : result == HTTP_MORE && end - 1 - first > h->most_line)
        return h->method.length > h->most_line ? refuse(h, 501, "the method is too long")
                                               : refuse(h, 414, "the first line is too long");
    if (has_line)
        result = take_fields(h, &at, end, &m);
    if (result == HTTP_BAD)
        return result;
    if ((result == HTTP_COMPLETE ? at - bytes : n) > h->most_head)
        return refuse(h, 431, "the head is too long");
    if (result == HTTP_MORE)
        return result;
    h->used = (int32_t)(at - bytes);
    return check(h, &m);
}

static int hex_digit(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    c |= 0x20;
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

enum http_result http_scan_chunk(struct http_chunk *chunk, const char *bytes, int32_t n)
{
    const char *at = bytes, *end = bytes + n;
    chunk->message = "a chunk has no size";
    chunk->size = 0;
    for (; at < end && hex_digit(*at) >= 0; at++) {
        if (chunk->size >> (4 * (MOST_CHUNK_DIGITS - 1)) || at - bytes == MOST_CHUNK_LINE)
            return HTTP_BAD;
        chunk->size = chunk->size * 16 + hex_digit(*at);
    }
    if (at == end)
        return HTTP_MORE;
    if (at == bytes || (*at != ';' && *at != '\r' && *at != ' ' && *at != '\t'))
        return HTTP_BAD;
    const char *extension = at;
    while (at < end && (*at == ' ' || *at == '\t')) // RFC 9112, 7.1.1: "bad" white space
        at++;
    if (at < end && *at != ';' && at > extension)
        return HTTP_BAD;
    at = skip(at, end, TEXT);
    if (at - bytes > MOST_CHUNK_LINE)
        return HTTP_BAD;
    enum http_result result = take_line_end(&at, end);
    chunk->used = (int32_t)(at - bytes);
    return result;
}

enum http_result http_scan_trailers(struct http_head *h, const char *bytes, int32_t n)
{
    const char *at = bytes, *end = bytes + n;
    h->data = bytes;
    h->count = 0;
    enum http_result result = take_fields(h, &at, end, NULL);
    if (result != HTTP_BAD && (result == HTTP_COMPLETE ? at - bytes : n) > h->most_head)
        return refuse(h, 431, "the trailers are too long");
    h->used = (int32_t)(at - bytes);
    return result;
}
