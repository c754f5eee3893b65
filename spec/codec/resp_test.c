// codec/resp: requests at every split point, names, and what is refused when. Every text has memory of
// exactly its size, so that a sanitizer sees a look beyond it.
#include "codec/resp.h"

#include "base/macros.h"
#include "support/check.h"

#include <stdlib.h>

#define LITERAL(text) text, sizeof(text) - 1
#define PING "*1\r\n$4\r\nPING\r\n"

enum { ROOM = 64 };

static struct resp_part parts[ROOM];
static struct resp_request request;

static enum resp_result scan(const struct resp_names *names, const char *bytes, size_t n)
{
    char *own = malloc(n + !n);
    memcpy(own, bytes, n);
    memset(parts, 0xff, sizeof(parts));
    request = (struct resp_request){.parts = parts, .size = ROOM};
    enum resp_result result = resp_scan(names, &request, own, (int32_t)n);
    free(own);
    return result;
}

static bool part_is(int i, const char *bytes, const char *text)
{
    return (size_t)parts[i].length == strlen(text) && memcmp(bytes + parts[i].at, text, strlen(text)) == 0;
}

// Whether the text gives a result with its last byte, no sooner and no later: what is missing is never
// said to be more than is.
static bool decides(const char *bytes, size_t n, enum resp_result result)
{
    char *longer = malloc(n + 5);
    for (size_t split = 0; split < n; split++)
        if (scan(NULL, bytes, split) != RESP_MORE || request.need <= (int32_t)split || request.need > (int32_t)n)
            return false;
    memcpy(longer, bytes, n);
    memcpy(longer + n, "*1\r\n$", 5);
    bool same = scan(NULL, longer, n + 5) == result;
    free(longer);
    return same && scan(NULL, bytes, n) == result;
}

static bool is_request(const char *bytes, size_t n, int count)
{
    return decides(bytes, n, RESP_COMPLETE) && request.count == count && request.used == (int32_t)n;
}

static void finds_arrays(void)
{
    static const char set[] = "*3\r\n$3\r\nSET\r\n$0\r\n\r\n$6\r\na\r\nb\r\n\r\n";
    CHECK(is_request(LITERAL(PING), 1) && part_is(0, PING, "PING"));
    CHECK(is_request(LITERAL(set), 3));
    CHECK(part_is(0, set, "SET") && part_is(1, set, "") && part_is(2, set, "a\r\nb\r\n"));
    CHECK(is_request(LITERAL("*1\r\n$12\r\n0123456789ab\r\n"), 1));
    CHECK(is_request(LITERAL("*1\rx$4\rxPINGxx"), 1)); // nobody looks at these
    CHECK(is_request(LITERAL("*0\r\n"), 0) && request.id == RESP_EMPTY);
    CHECK(is_request(LITERAL("*-1\r\n"), 0) && request.id == RESP_EMPTY);
    CHECK(is_request(LITERAL("*-9223372036854775808\r\n"), 0));
}

static void finds_lines(void)
{
    static const char get[] = " get \t a\vb\v\v c\r\r\n";
    CHECK(is_request(LITERAL("PING\r\n"), 1) && is_request(LITERAL("PING\n"), 1));
    CHECK(is_request(LITERAL("\r\n"), 0) && request.id == RESP_EMPTY);
    CHECK(is_request(LITERAL("\n"), 0) && is_request(LITERAL("  \r\n"), 0));
    CHECK(is_request(LITERAL(get), 3) && part_is(0, get, "get"));
    CHECK(part_is(1, get, "a\vb\v\v") && part_is(2, get, "c"));
    CHECK(decides(LITERAL("SET k \"a b\"\r\n"), RESP_QUOTED));
    CHECK(request.used == 13 && parts[0].at == 0 && parts[0].length == 11);
    CHECK(decides(LITERAL("'\n"), RESP_QUOTED));
    CHECK(scan(NULL, LITERAL("PI\0NG\r\n")) == RESP_MORE && request.need == 8);
    char line[65537];
    memset(line, 'x', sizeof(line));
    CHECK(scan(NULL, line, 65536) == RESP_MORE && scan(NULL, line, 65537) == RESP_LONG_LINE);
}

static void refuses_at_once(void)
{
    static const char *const counts[] = {
        "*\r\n", "*x\r\n", "*1x\r\n", "*01\r\n", "*+1\r\n", "* 1\r\n", "*1 \r\n", "*--1\r\n", "*-0\r\n", "*-01\r\n",
        "*2147483648\r\n", "*99999999999999999999999\r\n", "*-9223372036854775809\r\n", "*1\n\r\n",
    };
    static const char *const lengths[] = {
        "*1\r\n$\r\n", "*1\r\n$x\r\n", "*1\r\n$-1\r\n", "*1\r\n$-0\r\n", "*1\r\n$04\r\n", "*1\r\n$4x\r\n",
        "*1\r\n$536870913\r\n", "*9\r\n$1\r\na\r\n$99999999999999999999\r\n", "*1\r\n$4\n\r\n",
    };
    static const char *const others[] = {
        "*1\r\nPING\r\n", "*1\r\n:4\r\n", "*2\r\n$1\r\na\r\n*1\r\n", "*1\r\n\r\n", "*1\r\n_\r\n", "*1000\r\n\n\r\n",
    };
    for (size_t i = 0; i < ARRAY_LEN(counts); i++)
        CHECK(decides(counts[i], strlen(counts[i]), RESP_BAD_COUNT));
    for (size_t i = 0; i < ARRAY_LEN(lengths); i++)
        CHECK(decides(lengths[i], strlen(lengths[i]), RESP_BAD_BULK));
    for (size_t i = 0; i < ARRAY_LEN(others); i++)
        CHECK(decides(others[i], strlen(others[i]), RESP_NO_BULK) && parts[0].length == 1);
    char text[4 + 65538] = "*1\r\n$";
    memset(text + 5, '1', sizeof(text) - 5);
    CHECK(scan(NULL, text, 4 + 65536) == RESP_MORE && scan(NULL, text, 4 + 65537) == RESP_LONG_BULK);
    text[1] = '*', text[2] = '1';
    CHECK(scan(NULL, text + 1, 65537) == RESP_LONG_COUNT);
}

static void asks_for_what_is_missing(void)
{
    CHECK(scan(NULL, LITERAL("*2147483647\r\n")) == RESP_MORE && request.need == 15);
    CHECK(scan(NULL, LITERAL("*1\r\n$536870912\r\n")) == RESP_MORE && request.need == 16 + (512 << 20) + 2);
    CHECK(scan(NULL, LITERAL("*1\r\n$536870912\r\nabc")) == RESP_MORE && request.need == 16 + (512 << 20) + 2);
    CHECK(scan(NULL, LITERAL("*2147483647\r\n$536870912\r\n")) == RESP_MORE && request.need == INT32_MAX);
    CHECK(scan(NULL, LITERAL("*2\r\n$4\r\nECHO\r")) == RESP_MORE && request.need == 16);
}

// How often a request that comes in pieces is looked at.
static int count_scans(const char *bytes, size_t n, size_t piece)
{
    int scans = 0;
    int32_t need = 0;
    for (size_t here = piece; ; here = here + piece < n ? here + piece : n) {
        if (here >= (size_t)need || here == n) {
            scans++;
            enum resp_result result = resp_scan(NULL, &request, bytes, (int32_t)here);
            if (result != RESP_MORE)
                return here == n && result == RESP_COMPLETE ? scans : -1;
            need = request.need;
        }
    }
}

static void looks_again_seldom(void)
{
    enum { PARTS = 40000, SIZE = 10 + PARTS * 8 };
    struct resp_part *many = malloc(sizeof(*many) * PARTS);
    char *text = malloc(SIZE);
    size_t n = (size_t)snprintf(text, SIZE, "*%d\r\n", PARTS);
    for (int i = 0; i < PARTS; i++, n += 7)
        memcpy(text + n, "$1\r\nx\r\n", 7);
    request = (struct resp_request){.parts = many, .size = PARTS};
    int scans = count_scans(text, n, 1000); // all but a seventh is announced
    CHECK(scans > 0 && scans < 80);
    n = (size_t)snprintf(text, SIZE, "*2\r\n$4\r\nECHO\r\n$200000\r\n");
    memset(text + n, 'x', 200000);
    n += 200002;
    scans = count_scans(text, n, 1);
    CHECK(scans > 0 && scans < 30);
    free(text);
    free(many);
}

static void knows_names(void)
{
    static const char *const known[] = {
        "G", "GET", "MGET", "CONFIGS", "FLUSHALL", "FLUSHDBX9", "ABCDEFGHIJKLMNOPQRSTUVWXYZ012", "@`[{",
        "\1\x7f\x80\xff",
    };
    static const char *const unknown[] = {
        "GE", "GETT", "FLUSHAL", "FLUSHALLX", "FLUSHDBX", "FLUSHDBX8", "@`{[", "ABCDEFGHIJKLMNOPQRSTUVWXYZ01",
        "GETXGETX", "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123", "`@[{", "7ET", "\1\x7f\x80\xdf",
    };
    struct resp_names *names = calloc(1, sizeof(*names) + 32 * sizeof(names->slots[0]));
    char text[100];
    names->mask = 31;
    for (size_t i = 0; i < ARRAY_LEN(known); i++)
        resp_add_name(names, known[i], strlen(known[i]), (int16_t)(i + 7));
    for (size_t i = 0; i < ARRAY_LEN(known) + ARRAY_LEN(unknown); i++) {
        const char *name = i < ARRAY_LEN(known) ? known[i] : unknown[i - ARRAY_LEN(known)];
        int32_t id = i < ARRAY_LEN(known) ? (int32_t)i + 7 : RESP_UNKNOWN;
        for (int form = 0; form < 4; form++) { // with few and many bytes behind it, in both cases
            int n = snprintf(text, sizeof(text), form & 1 ? "*1\r\n$%zu\r\n%s\r\n0123456789" : "*1\r\n$%zu\r\n%s\r\n",
                             strlen(name), name);
            for (char *c = text; form & 2 && *c; c++)
                *c = *c >= 'A' && *c <= 'Z' && c > text + 5 ? (char)(*c + 32) : *c;
            CHECK(scan(names, text, (size_t)n) == RESP_COMPLETE && request.id == id);
        }
    }
    CHECK(scan(names, LITERAL("mGet\n")) == RESP_COMPLETE && request.id == 9);
    CHECK(scan(names, LITERAL("*1\r\n$0\r\n\r\n")) == RESP_COMPLETE && request.id == RESP_UNKNOWN);
    CHECK(scan(NULL, LITERAL("GET\n")) == RESP_COMPLETE && request.id == RESP_UNKNOWN);
    free(names);
}

static void says_when_it_is_full(void)
{
    struct resp_part two[2];
    struct resp_request r = {.parts = two, .size = 2};
    CHECK(resp_scan(NULL, &r, LITERAL("*3\r\n$1\r\na\r\n$1\r\nb\r\n$1\r\nc\r\n")) == RESP_FULL);
    CHECK(resp_scan(NULL, &r, LITERAL("a b c\r\n")) == RESP_FULL);
    CHECK(resp_scan(NULL, &r, LITERAL("*2\r\n$1\r\na\r\n$1\r\nb\r\n")) == RESP_COMPLETE);
    CHECK(resp_scan(NULL, &r, LITERAL("a b \r\n")) == RESP_COMPLETE && r.count == 2);
}

// A number up to a CR and one byte more, the slow way: 1, 0 where more is needed, -1 for what is none.
static int read_number(const char *bytes, size_t n, size_t *at, long long *number)
{
    size_t cr = *at;
    while (cr < n && bytes[cr] != '\r')
        if (bytes[cr++] == '\0')
            return 0;
    if (cr + 1 >= n)
        return 0;
    char text[32], again[32];
    size_t length = cr > *at ? cr - *at - 1 : 0;
    if (length >= sizeof(text))
        return -1;
    memcpy(text, bytes + *at + 1, length);
    text[length] = '\0';
    *number = strtoll(text, NULL, 10);
    snprintf(again, sizeof(again), "%lld", *number);
    *at = cr + 2;
    return strcmp(text, again) == 0 ? 1 : -1;
}

// The result for an array, as one would read it.
static enum resp_result read_array(const char *bytes, size_t n, size_t *at, long long *count)
{
    int got = read_number(bytes, n, at, count);
    if (got <= 0)
        return got ? RESP_BAD_COUNT : RESP_MORE;
    for (long long i = 0; i < *count; i++) {
        size_t start = *at;
        long long length;
        if (start >= n || (got = read_number(bytes, n, at, &length)) == 0)
            return RESP_MORE;
        if (bytes[start] != '$')
            return RESP_NO_BULK;
        if (got < 0 || length < 0 || length > 512 << 20)
            return RESP_BAD_BULK;
        if ((long long)(n - *at) < length + 2)
            return RESP_MORE;
        *at += (size_t)length + 2;
    }
    return RESP_COMPLETE;
}

static void agrees_on_random_bytes(void)
{
    static const char *const pieces[] = {
        "*1\r\n", "*2\r\n", "*3\r\n", "$0\r\n\r\n", "$1\r\na\r\n", "$3\r\na\r\n\r\n", "$2\r\n*1\r\n", "\r\n", "\r", "\n",
        "$", "*", "-", "1", "0", "$1\r\n", "*0\r\n", "*-1\r\n", "\t", "$10\r\n0123456789\r\n", "*1\r\n", "*2\r\n",
    };
    int complete = 0, refused = 0;
    for (int i = 0; i < 200000; i++) {
        char bytes[200] = "*";
        size_t n = check_random(4) ? 0 : 1, at = 0;
        for (uint32_t k = 1 + check_random(8); k > 0; k--) {
            const char *piece = pieces[check_random(ARRAY_LEN(pieces))];
            memcpy(bytes + n, piece, strlen(piece));
            n += strlen(piece);
        }
        if (check_random(4) == 0)
            bytes[check_random((uint32_t)n)] = (char)check_random(256);
        bytes[0] = '*';
        long long count = 0;
        enum resp_result expected = read_array(bytes, n, &at, &count), got = scan(NULL, bytes, n);
        complete += got == RESP_COMPLETE && request.count > 0;
        refused += got < RESP_MORE;
        CHECK(got == expected);
        CHECK(got != RESP_COMPLETE || (request.used == (int32_t)at && request.count == (count > 0 ? count : 0)));
        CHECK(got != RESP_MORE || request.need > (int32_t)n);
    }
    CHECK(complete > 5000 && refused > 5000);
}

static bool head_is(char type, int64_t number, const char *expected)
{
    char text[RESP_HEAD];
    size_t n = resp_put_head(text, type, number);
    return n == strlen(expected) && memcmp(text, expected, n) == 0;
}

static void writes_heads(void)
{
    CHECK(head_is(':', 0, ":0\r\n") && head_is(':', -9, ":-9\r\n") && head_is('$', 10, "$10\r\n"));
    CHECK(head_is(':', 9007199254740992, ":9007199254740992\r\n"));
    CHECK(head_is(':', -9007199254740992, ":-9007199254740992\r\n"));
}

int main(void)
{
    static const struct check_test tests[] = {
        {"arrays are found, at every split point", finds_arrays},
        {"lines are found, at every split point", finds_lines},
        {"what is wrong is refused with the byte that shows it", refuses_at_once},
        {"so much is asked for as is missing", asks_for_what_is_missing},
        {"a request in pieces is not looked at for each", looks_again_seldom},
        {"names are known", knows_names},
        {"too many parts are no error", says_when_it_is_full},
        {"random bytes give what they should", agrees_on_random_bytes},
        {"heads are written", writes_heads},
    };
    return check_run(tests, ARRAY_LEN(tests));
}
