// codec/http: heads at every split point, how bodies are framed, and what is refused with which status. Every text
// has memory of exactly its size, so that a sanitizer sees a look beyond it.
#include "codec/http.h"

#include "base/macros.h"
#include "support/check.h"

#include <stdlib.h>

#define LITERAL(text) text, sizeof(text) - 1
#define HOST "Host: a\r\n"

enum { ROOM = 8, MOST_LINE = 100, MOST_HEAD = 300 };

static struct http_field fields[ROOM];
static struct http_head head;

static enum http_result scan(enum http_kind kind, const char *bytes, size_t n)
{
    char *own = malloc(n + !n);
    memcpy(own, bytes, n);
    head = (struct http_head){.fields = fields, .size = ROOM, .most_line = MOST_LINE, .most_head = MOST_HEAD};
    enum http_result result = http_scan(&head, kind, own, (int32_t)n);
    free(own);
    return result;
}

static bool part_is(const char *bytes, struct http_part part, const char *text)
{
    return (size_t)part.length == strlen(text) && memcmp(bytes + part.at, text, strlen(text)) == 0;
}

// Whether a head is complete with its last byte, no sooner and whatever is behind it.
static bool is_complete(enum http_kind kind, const char *bytes, size_t n)
{
    for (size_t split = 0; split < n; split++)
        if (scan(kind, bytes, split) != HTTP_MORE)
            return false;
    char *longer = malloc(n + 4);
    memcpy(longer, bytes, n);
    memcpy(longer + n, "\0x\r\n", 4);
    bool found = scan(kind, longer, n + 4) == HTTP_COMPLETE && head.used == (int32_t)n;
    free(longer);
    return found && scan(kind, bytes, n) == HTTP_COMPLETE && head.used == (int32_t)n;
}

static void finds_requests(void)
{
    static const char get[] = "GET /a?b=%20 HTTP/1.1\r\n" HOST "X-Y:\t v w \t\r\nEmpty:\r\n\r\n";
    CHECK(is_complete(HTTP_REQUEST, LITERAL(get)));
    CHECK(part_is(get, head.method, "GET") && part_is(get, head.target, "/a?b=%20") && head.minor == 1);
    CHECK(head.count == 3 && head.length == -1 && head.flags == HTTP_HAS_HOST);
    CHECK(part_is(get, fields[1].name, "X-Y") && part_is(get, fields[1].value, "v w"));
    CHECK(part_is(get, fields[2].name, "Empty") && part_is(get, fields[2].value, ""));
    CHECK(is_complete(HTTP_REQUEST, LITERAL("\r\n\r\nOPTIONS * HTTP/1.1\r\n" HOST "\r\n")));
    CHECK(is_complete(HTTP_REQUEST, LITERAL("GET / HTTP/1.0\r\n\r\n")) && head.minor == 0 && head.flags == HTTP_CLOSE);
    CHECK(is_complete(HTTP_REQUEST, LITERAL("M-SEARCH / HTTP/1.9\r\nHost:\r\n\r\n")) && head.minor == 1);
}

static void finds_responses(void)
{
    static const char ok[] = "HTTP/1.1 200 All right\r\nContent-Length: 5\r\n\r\n";
    CHECK(is_complete(HTTP_RESPONSE, LITERAL(ok)));
    CHECK(head.status == 200 && part_is(ok, head.reason, "All right") && head.length == 5 && head.flags == 0);
    CHECK(is_complete(HTTP_RESPONSE, LITERAL("HTTP/1.0 304 \r\n\r\n")) && head.status == 304 && head.flags == HTTP_CLOSE);
    CHECK(is_complete(HTTP_RESPONSE, LITERAL("HTTP/1.1 999\r\n\r\n")) && head.status == 999 && head.reason.length == 0);
    CHECK(is_complete(HTTP_RESPONSE, LITERAL("HTTP/1.1 200 OK\r\nHost: a/b\r\nHost: c\r\nExpect: x\r\n\r\n")));
    CHECK(head.flags == 0 && head.count == 3);
}

static void knows_what_fields_mean(void)
{
    static const struct {
        const char *fields;
        int32_t flags;
        int64_t length;
    } cases[] = {
        {"Content-Length: 0\r\n", 0, 0},
        {"content-LENGTH:  999999999999999 \r\n", 0, 999999999999999},
        {"Content-Length: 0000000000000000000005\r\n", 0, 5},
        {"Transfer-Encoding: Chunked\r\n", HTTP_CHUNKED, -1},
        {"Connection: close\r\n", HTTP_CLOSE, -1},
        {"Connection: Keep-Alive, , CLOSE;x\r\n", HTTP_CLOSE, -1},
        {"Connection: keep-alive\r\nConnection: Upgrade\r\n", HTTP_UPGRADE, -1},
        {"Connection: closed, close-x, xclose\r\n", 0, -1},
        {"Expect: 100-Continue\r\n", HTTP_CONTINUE, -1},
    };
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        char text[256];
        int n = snprintf(text, sizeof(text), "POST / HTTP/1.1\r\n" HOST "%s\r\n", cases[i].fields);
        CHECK(is_complete(HTTP_REQUEST, text, (size_t)n));
        CHECK(head.flags == (HTTP_HAS_HOST | cases[i].flags) && head.length == cases[i].length);
    }
    CHECK(is_complete(HTTP_REQUEST, LITERAL("GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n")) && head.flags == 0);
}

static void refuses(void)
{
    static const struct {
        const char *bytes;
        size_t n;
        int status;
    } cases[] = {
        {LITERAL(" GET / HTTP/1.1\r\n"), 400}, {LITERAL("\nGET / HTTP/1.1\r\n"), 400}, {LITERAL("\x16\x03\x01"), 400},
        {LITERAL("G@T / HTTP/1.1\r\n"), 400}, {LITERAL("GET  / HTTP/1.1\r\n"), 400}, {LITERAL("GET\t/ HTTP/1.1"), 400},
        {LITERAL("GET /\r\n"), 400}, {LITERAL("GET / \r\n"), 400}, {LITERAL("GET / HTTP/1.1 \r\n"), 400},
        {LITERAL("GET /#a HTTP/1.1"), 400}, {LITERAL("GET http://a:b/ HTTP/1.1"), 400}, {LITERAL("GET a HTTP/1.1"), 400},
        {LITERAL("GET /\x7f HTTP/1.1"), 400}, {LITERAL("GET /\0 HTTP/1.1"), 400}, {LITERAL("GET / http/1.1"), 400},
        {LITERAL("GET / HTTP/11\r\n"), 400}, {LITERAL("GET / HTTP/1.1\n"), 400}, {LITERAL("GET / HTTP/1.1\r\r"), 400},
        {LITERAL("GET / HTTP/2.0\r\n"), 505}, {LITERAL("GET / HTTP/0.9\r\n"), 505},
        {LITERAL("GET / HTTP/1.1\r\n\r\n"), 400}, {LITERAL("GET / HTTP/1.1\r\n" HOST "host: b\r\n"), 400},
        {LITERAL("GET / HTTP/1.1\r\nHost: a b\r\n"), 400}, {LITERAL("GET / HTTP/1.1\r\nHost: a/b\r\n"), 400},
        {LITERAL("GET / HTTP/1.1\r\nHost: a, b\r\n"), 400}, {LITERAL("GET / HTTP/1.1\r\nHost: u@a\r\n"), 400},
        {LITERAL("GET / HTTP/1.1\r\n Host: a\r\n"), 400}, {LITERAL("GET / HTTP/1.1\r\n" HOST "X: a\r\n b"), 400},
        {LITERAL("GET / HTTP/1.1\r\n" HOST "X : a\r\n"), 400}, {LITERAL("GET / HTTP/1.1\r\n" HOST ": a\r\n"), 400},
        {LITERAL("GET / HTTP/1.1\r\n" HOST "X\r\n"), 400}, {LITERAL("GET / HTTP/1.1\r\n" HOST "X\0: a\r\n"), 400},
        {LITERAL("GET / HTTP/1.1\r\n" HOST "X: a\nY"), 400}, {LITERAL("GET / HTTP/1.1\r\n" HOST "X: a\rY"), 400},
        {LITERAL("GET / HTTP/1.1\r\n" HOST "X: \0"), 400}, {LITERAL("GET / HTTP/1.1\r\n" HOST "X: \x7f"), 400},
        {LITERAL("GET / HTTP/1.1\r\n" HOST "\n"), 400}, {LITERAL("GET / HTTP/1.1\r\n" HOST "\rX"), 400},
        {LITERAL("GET / HTTP/1.1\r\n" HOST "Content-Length: 5\r\nContent-Length: 6\r\n"), 400},
        {LITERAL("GET / HTTP/1.1\r\n" HOST "Content-Length: 5\r\nContent-Length: 5\r\n"), 400},
        {LITERAL("GET / HTTP/1.1\r\n" HOST "Content-Length: 5, 5\r\n"), 400},
        {LITERAL("GET / HTTP/1.1\r\n" HOST "Content-Length: -1\r\n"), 400},
        {LITERAL("GET / HTTP/1.1\r\n" HOST "Content-Length: +1\r\n"), 400},
        {LITERAL("GET / HTTP/1.1\r\n" HOST "Content-Length: 1 1\r\n"), 400},
        {LITERAL("GET / HTTP/1.1\r\n" HOST "Content-Length: 0x1\r\n"), 400},
        {LITERAL("GET / HTTP/1.1\r\n" HOST "Content-Length:\r\n"), 400},
        {LITERAL("GET / HTTP/1.1\r\n" HOST "Content-Length: 9999999999999999\r\n"), 400},
        {LITERAL("GET / HTTP/1.1\r\n" HOST "Content-Length: 99999999999999999999\r\n"), 400},
        {LITERAL("GET / HTTP/1.1\r\n" HOST "Content-Length: 0000000000000000000x\r\n"), 400},
        {LITERAL("GET / HTTP/1.1\r\n" HOST "Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n"), 400},
        {LITERAL("GET / HTTP/1.1\r\n" HOST "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n"), 400},
        {LITERAL("GET / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n"), 400},
        {LITERAL("GET / HTTP/1.1\r\n" HOST "Transfer-Encoding: chunked, identity\r\n"), 400},
        {LITERAL("GET / HTTP/1.1\r\n" HOST "Transfer-Encoding: xchunked\r\n"), 400},
        {LITERAL("GET / HTTP/1.1\r\n" HOST "Transfer-Encoding: Chunked, chunked\r\n"), 400},
        {LITERAL("GET / HTTP/1.1\r\n" HOST "Transfer-Encoding: gzip, chunked\r\n"), 501},
        {LITERAL("GET / HTTP/1.1\r\n" HOST "Expect: 200-ok\r\n"), 417},
    };
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        bool refused = scan(HTTP_REQUEST, cases[i].bytes, cases[i].n) == HTTP_BAD;
        if (!refused || head.status != cases[i].status || !head.message)
            printf("# case %zu: %d\n", i, head.status);
        CHECK(refused && head.status == cases[i].status && head.message);
    }
    CHECK(scan(HTTP_RESPONSE, LITERAL("HTTP/1.1 20 OK")) == HTTP_BAD && scan(HTTP_RESPONSE, LITERAL("HTTP/1.1 099 ")) == HTTP_BAD);
    CHECK(scan(HTTP_RESPONSE, LITERAL("HTTX")) == HTTP_BAD && scan(HTTP_RESPONSE, LITERAL("HTTP/1.1 2000")) == HTTP_BAD);
}

static void has_limits(void)
{
    char text[600];
    int n = snprintf(text, sizeof(text), "GET /%086d HTTP/1.1\r\n" HOST "\r\n", 0); // a line of 100 bytes
    CHECK(is_complete(HTTP_REQUEST, text, (size_t)n));
    snprintf(text, sizeof(text), "GET /%087d HTTP/1.1\r\n", 0);
    CHECK(scan(HTTP_REQUEST, text, 101) == HTTP_MORE);
    for (size_t k = 102; k <= 103; k++)
        CHECK(scan(HTTP_REQUEST, text, k) == HTTP_BAD && head.status == 414);
    snprintf(text, sizeof(text), "GET%0200d / HTTP/1.1\r\n", 0);
    CHECK(scan(HTTP_REQUEST, text, 102) == HTTP_BAD && head.status == 501); // RFC 9112, 3
    n = snprintf(text, sizeof(text), "GET / HTTP/1.1\r\n" HOST "X: %0300d", 0);
    CHECK(scan(HTTP_REQUEST, text, 300) == HTTP_MORE);
    CHECK(scan(HTTP_REQUEST, text, 301) == HTTP_BAD && head.status == 431);
    n = snprintf(text, sizeof(text), "GET / HTTP/1.1\r\n" HOST);
    for (int i = 1; i < ROOM; i++)
        n += snprintf(text + n, sizeof(text) - (size_t)n, "A: b\r\n");
    snprintf(text + n, sizeof(text) - (size_t)n, "\r\n");
    CHECK(is_complete(HTTP_REQUEST, text, (size_t)n + 2) && head.count == ROOM);
    n += snprintf(text + n, sizeof(text) - (size_t)n, "A: b\r\n");
    snprintf(text + n, sizeof(text) - (size_t)n, "\r\n");
    CHECK(scan(HTTP_REQUEST, text, (size_t)n + 2) == HTTP_BAD && head.status == 431);
    memset(text, '\r', sizeof(text));
    for (size_t i = 1; i < sizeof(text); i += 2)
        text[i] = '\n';
    CHECK(scan(HTTP_REQUEST, text, 300) == HTTP_MORE && scan(HTTP_REQUEST, text, 302) == HTTP_BAD && head.status == 431);
}

static enum http_result chunk_of(const char *bytes, size_t n, struct http_chunk *chunk)
{
    char *own = malloc(n + !n);
    memcpy(own, bytes, n);
    enum http_result result = http_scan_chunk(chunk, own, (int32_t)n);
    free(own);
    return result;
}

static void finds_chunks(void)
{
    static const struct {
        const char *line;
        int64_t size;
    } good[] = {
        {"5\r\n", 5}, {"0\r\n", 0}, {"000a\r\n", 10}, {"fFfF\r\n", 65535}, {"1fffffffffff\r\n", 0x1fffffffffff},
        {"00000000000000000005\r\n", 5}, {"5;a=b;c=\"d;\"\r\n", 5}, {"5 ;a\r\n", 5}, {"5;\r\n", 5},
    };
    struct http_chunk chunk;
    for (size_t i = 0; i < ARRAY_LEN(good); i++) {
        size_t n = strlen(good[i].line);
        for (size_t split = 0; split < n; split++)
            CHECK(chunk_of(good[i].line, split, &chunk) == HTTP_MORE);
        CHECK(chunk_of(good[i].line, n, &chunk) == HTTP_COMPLETE && chunk.size == good[i].size && chunk.used == (int32_t)n);
    }
    static const char *bad[] = {"\r\n", "g\r\n", "-1\r\n", "+1\r\n", "0x1\r\n", "5\n", "5\rx", "5 \r\n", "5 5\r\n", "5;\x01", "11111111111111\r\n"};
    for (size_t i = 0; i < ARRAY_LEN(bad); i++)
        CHECK(chunk_of(bad[i], strlen(bad[i]), &chunk) == HTTP_BAD && chunk.message);
    char zeros[4097];
    memset(zeros, '0', sizeof(zeros));
    CHECK(chunk_of(zeros, 4096, &chunk) == HTTP_MORE && chunk_of(zeros, 4097, &chunk) == HTTP_BAD);
}

static enum http_result trailers_of(const char *bytes, size_t n)
{
    char *own = malloc(n + !n);
    memcpy(own, bytes, n);
    head = (struct http_head){.fields = fields, .size = ROOM, .most_head = MOST_HEAD};
    enum http_result result = http_scan_trailers(&head, own, (int32_t)n);
    free(own);
    return result;
}

static void finds_trailers(void)
{
    static const char two[] = "A: b\r\nContent-Length: x\r\n\r\n";
    for (size_t split = 0; split < sizeof(two) - 1; split++)
        CHECK(trailers_of(two, split) == HTTP_MORE);
    CHECK(trailers_of(LITERAL(two)) == HTTP_COMPLETE && head.count == 2 && head.used == sizeof(two) - 1);
    CHECK(trailers_of(LITERAL("\r\n")) == HTTP_COMPLETE && head.count == 0 && head.used == 2);
    CHECK(trailers_of(LITERAL("A : b\r\n")) == HTTP_BAD && head.status == 400);
}

int main(void)
{
    static const struct check_test tests[] = {
        {"requests are found, at every split point", finds_requests},
        {"responses are found, at every split point", finds_responses},
        {"fields say how a body is framed", knows_what_fields_mean},
        {"what could be understood in two ways is refused", refuses},
        {"limits hold", has_limits},
        {"chunks are found, at every split point", finds_chunks},
        {"trailers are found, at every split point", finds_trailers},
    };
    return check_run(tests, ARRAY_LEN(tests));
}
