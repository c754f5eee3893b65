// codec/resp_reply: where values end, in any pieces, and what is refused. Every text has memory of exactly its
// size, so that a sanitizer sees a look beyond it.
#include "codec/resp_reply.h"

#include "base/macros.h"
#include "support/check.h"

#include <stdlib.h>

#define LITERAL(text) text, sizeof(text) - 1

struct text {
    const char *bytes;
    size_t n;
};

static const struct text values[] = {
    {LITERAL("+OK\r\n")}, {LITERAL("-ERR no\r\n")}, {LITERAL(":-12\r\n")}, {LITERAL("_\r\n")},
    {LITERAL("#t\r\n")}, {LITERAL(",1.5\r\n")}, {LITERAL("(12345678901234567890\r\n")}, {LITERAL("+\r\n")},
    {LITERAL("$0\r\n\r\n")}, {LITERAL("$-1\r\n")}, {LITERAL("$5\r\na\r\nbc\r\n")}, {LITERAL("!3\r\nERR\r\n")},
    {LITERAL("=7\r\ntxt:abc\r\n")}, {LITERAL("*0\r\n")}, {LITERAL("*-1\r\n")}, {LITERAL("~1\r\n:1\r\n")},
    {LITERAL("*2\r\n$3\r\nfoo\r\n*2\r\n:1\r\n$-1\r\n")}, {LITERAL("%2\r\n+a\r\n:1\r\n+b\r\n*1\r\n_\r\n")},
    {LITERAL(">2\r\n+message\r\n$1\r\nx\r\n")}, {LITERAL("|1\r\n+ttl\r\n:10\r\n*1\r\n+x\r\n")},
    {LITERAL("*1\r\n|1\r\n+a\r\n+b\r\n:5\r\n")}, {LITERAL("*2\r\n|0\r\n*0\r\n*1\r\n*1\r\n%0\r\n")},
};

static enum resp_reply_result scan(struct resp_reply *reply, const char *bytes, size_t n)
{
    char *own = malloc(n + !n);
    memcpy(own, bytes, n);
    enum resp_reply_result result = resp_reply_scan(reply, own, (int32_t)n);
    free(own);
    return result;
}

// With more and more bytes of it, from `first` on, each `step` more.
static bool ends_at(struct text value, size_t first, size_t step)
{
    struct resp_reply reply = {0, 1};
    for (size_t n = first; n < value.n; n += step)
        if (scan(&reply, value.bytes, n) != RESP_REPLY_MORE)
            return false;
    return scan(&reply, value.bytes, value.n) == RESP_REPLY_COMPLETE && (size_t)reply.at == value.n;
}

static void finds_ends(void)
{
    for (size_t i = 0; i < ARRAY_LEN(values); i++) {
        for (size_t first = 0; first <= values[i].n; first++)
            for (size_t step = 1; step < 5; step++)
                CHECK(ends_at(values[i], first, step));
        char longer[64];
        memcpy(longer, values[i].bytes, values[i].n);
        memcpy(longer + values[i].n, "*9\r\n", 4);
        struct resp_reply reply = {0, 1};
        CHECK(scan(&reply, longer, values[i].n + 4) == RESP_REPLY_COMPLETE && (size_t)reply.at == values[i].n);
    }
}

static void refuses(void)
{
    static const struct text bad[] = {
        {LITERAL("x")}, {LITERAL("\0")}, {LITERAL("HTTP/1.1")}, {LITERAL("\r\n")}, {LITERAL("+a\rb")},
        {LITERAL("$\r\n")}, {LITERAL("$x\r\n")}, {LITERAL("$-2\r\n")}, {LITERAL("$1x\r\n")}, {LITERAL("$ 1\r\n")},
        {LITERAL("$536870913\r\n")}, {LITERAL("$99999999999\r\n")}, {LITERAL("*\r\n")}, {LITERAL("*+1\r\n")},
        {LITERAL("*-2\r\n")}, {LITERAL("*2147483647\r\n")}, {LITERAL("%536870912\r\n%536870912\r\n")},
        {LITERAL("*1\r\nx")}, {LITERAL("*2\r\n:1\r\n\r")},
    };
    for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
        struct resp_reply reply = {0, 1};
        CHECK(scan(&reply, bad[i].bytes, bad[i].n) == RESP_REPLY_BAD && (size_t)reply.at < bad[i].n);
    }
    static char line[64 * 1024 + 1];
    memset(line, 'x', sizeof(line));
    line[0] = '+';
    struct resp_reply reply = {0, 1};
    CHECK(scan(&reply, line, sizeof(line) - 2) == RESP_REPLY_MORE && scan(&reply, line, sizeof(line)) == RESP_REPLY_BAD);
}

// What is announced and not there is no reason to look at anything again.
static void waits_for_what_is_announced(void)
{
    struct resp_reply reply = {0, 1};
    CHECK(scan(&reply, LITERAL("$536870912\r\nabc")) == RESP_REPLY_MORE && reply.at == 536870912 + 14 && reply.left == 0);
    reply = (struct resp_reply){0, 1};
    CHECK(scan(&reply, LITERAL("*3\r\n:1\r\n:2\r\n:")) == RESP_REPLY_MORE && reply.at == 12 && reply.left == 1);
}

// Random bytes of RESP's own: never beyond the end, whatever comes.
static void bears_anything(void)
{
    static const char alphabet[] = "+-:_#,($!=*~>%|0123459\r\n\r\n";
    for (int round = 0; round < 100000; round++) {
        char bytes[24];
        size_t n = check_random(sizeof(bytes));
        for (size_t i = 0; i < n; i++)
            bytes[i] = alphabet[check_random(sizeof(alphabet) - 1)];
        struct resp_reply whole = {0, 1}, pieces = {0, 1};
        enum resp_reply_result at_once = scan(&whole, bytes, n), last = RESP_REPLY_MORE;
        for (size_t i = 0; i <= n && last == RESP_REPLY_MORE; i++)
            last = scan(&pieces, bytes, i);
        CHECK(last == at_once && whole.at == pieces.at);
    }
}

int main(void)
{
    static const struct check_test tests[] = {
        {"values end where they do, in any pieces", finds_ends},
        {"what is no RESP is refused", refuses},
        {"strings that are announced are waited for", waits_for_what_is_announced},
        {"bytes of any kind are the same whole and in pieces", bears_anything},
    };
    return check_run(tests, ARRAY_LEN(tests));
}
