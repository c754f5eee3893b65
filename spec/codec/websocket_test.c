// codec/websocket: frames at every split point, what they are refused for, and when. Bytes have memory of exactly their
// size, so that a sanitizer sees a look beyond it.
#include "codec/websocket.h"

#include "base/macros.h"
#include "support/check.h"

#include <stdlib.h>

#define LITERAL(text) text, sizeof(text) - 1

enum { MOST = 1000, ROOM = 8192 };

// What came of bytes, as text: "T(..)" and "B(..)" for messages, "8(..)", "9(..)" and "A(..)" for control frames,
// "!1002" for an error, with the number of bytes that were taken in front of it.
struct reader {
    struct websocket w;
    char unread[ROOM], message[ROOM], told[ROOM];
    size_t unread_length, message_length, told_length, taken;
    bool failed;
};

static void begin(struct reader *r, bool masked, bool compresses)
{
    *r = (struct reader){.w = {.most = MOST, .masked = masked, .compresses = compresses}};
}

static void tell(struct reader *r, char kind, const char *bytes, size_t n)
{
    char *at = r->told + r->told_length;
    *at++ = kind;
    *at++ = '(';
    memcpy(at, bytes, n);
    at[n] = ')';
    r->told_length += n + 3;
}

static void tell_result(struct reader *r, enum websocket_result result)
{
    struct websocket *w = &r->w;
    if (result == WEBSOCKET_BAD) {
        r->told_length += (size_t)snprintf(r->told + r->told_length, 100, "!%d", w->code);
        r->failed = true;
        return;
    }
    if (result == WEBSOCKET_CONTROL) {
        tell(r, w->opcode == WEBSOCKET_PONG ? 'A' : (char)('0' + w->opcode), w->data, (size_t)w->length);
        return;
    }
    memcpy(r->message + r->message_length, w->data, (size_t)w->length);
    r->message_length += (size_t)w->length;
    if (result != WEBSOCKET_PART) {
        tell(r, w->opcode == WEBSOCKET_TEXT ? 'T' : 'B', r->message, r->message_length);
        r->message_length = 0;
    }
}

static void feed(struct reader *r, const char *bytes, size_t n)
{
    memcpy(r->unread + r->unread_length, bytes, n);
    r->unread_length += n;
    while (!r->failed) {
        char *own = malloc(r->unread_length + !r->unread_length);
        memcpy(own, r->unread, r->unread_length);
        enum websocket_result result = websocket_scan(&r->w, own, (int32_t)r->unread_length);
        if (result != WEBSOCKET_MORE)
            tell_result(r, result);
        free(own);
        if (result == WEBSOCKET_MORE)
            return;
        r->taken += (size_t)r->w.used;
        r->unread_length -= (size_t)r->w.used;
        memmove(r->unread, r->unread + r->w.used, r->unread_length);
    }
}

static bool told(const struct reader *r, const char *expected, size_t n)
{
    return r->told_length == n && memcmp(r->told, expected, n) == 0;
}

// Whether bytes say the same in one piece, in two of any size, and one by one.
static bool says(bool masked, bool compresses, const char *bytes, size_t n, const char *expected, size_t length)
{
    static struct reader r;
    for (size_t split = 0; split <= n; split++) {
        begin(&r, masked, compresses);
        feed(&r, bytes, split);
        feed(&r, bytes + split, n - split);
        if (!told(&r, expected, length))
            return false;
    }
    begin(&r, masked, compresses);
    for (size_t i = 0; i < n; i++)
        feed(&r, bytes + i, 1);
    return told(&r, expected, length);
}

static void reads_the_examples_of_the_rfc(void) // 5.7
{
    static char large[256 + 4], expected[256 + 3] = "B(";
    CHECK(says(false, false, LITERAL("\x81\x05Hello"), LITERAL("T(Hello)")));
    CHECK(says(true, false, LITERAL("\x81\x85\x37\xfa\x21\x3d\x7f\x9f\x4d\x51\x58"), LITERAL("T(Hello)")));
    CHECK(says(false, false, LITERAL("\x01\x03Hel\x80\x02lo"), LITERAL("T(Hello)")));
    CHECK(says(false, false, LITERAL("\x89\x05Hello"), LITERAL("9(Hello)")));
    CHECK(says(true, false, LITERAL("\x8a\x85\x37\xfa\x21\x3d\x7f\x9f\x4d\x51\x58"), LITERAL("A(Hello)")));
    memcpy(large, "\x82\x7e\x01\x00", 4);
    check_random_bytes(large + 4, 256);
    memcpy(expected + 2, large + 4, 256);
    expected[258] = ')';
    CHECK(says(false, false, large, sizeof(large), expected, sizeof(expected)));
    CHECK(says(false, false, LITERAL("\xc1\x07\xf2\x48\xcd\xc9\xc9\x07\x00"), LITERAL("!1002")));
    CHECK(says(false, true, LITERAL("\xc1\x07\xf2\x48\xcd\xc9\xc9\x07\x00"), // RFC 7692, 7.2.3.1
               LITERAL("T(\xf2\x48\xcd\xc9\xc9\x07\x00)")));
}

static void reads_fragments(void)
{
    CHECK(says(false, false, LITERAL("\x01\x00\x00\x00\x80\x00\x82\x00"), LITERAL("T()B()")));
    CHECK(says(false, false, LITERAL("\x02\x01" "a\x89\x01p\x00\x01" "b\x8a\x00\x80\x01" "c\x81\x01" "d"),
               LITERAL("9(p)A()B(abc)T(d)")));
    CHECK(says(true, false, LITERAL("\x01\x83" "abcd\x00\x00\x00\x80\x82" "ABCD\x00\x00"), LITERAL("T(abcAB)")));
    CHECK(says(false, true, LITERAL("\x41\x01\xff\x80\x01\xff\x81\x01" "a"), LITERAL("T(\xff\xff)T(a)")));
    CHECK(says(false, true, LITERAL("\x41\x01" "a\xc0\x01" "b"), LITERAL("!1002")));
    CHECK(says(false, true, LITERAL("\xc9\x00"), LITERAL("!1002")));
    CHECK(says(false, true, LITERAL("\xa1\x00"), LITERAL("!1002")));
}

static void refuses_with_the_first_byte_that_is_wrong(void)
{
    static const struct {
        const char *bytes;
        size_t n;
        bool masked;
        int32_t code;
    } cases[] = {
        {LITERAL("\x91"), false, 1002}, {LITERAL("\xa1"), false, 1002}, {LITERAL("\xc1"), false, 1002},
        {LITERAL("\x83"), false, 1002}, {LITERAL("\x87"), false, 1002}, {LITERAL("\x8b"), false, 1002},
        {LITERAL("\x8f"), false, 1002}, {LITERAL("\x09"), false, 1002}, {LITERAL("\x08"), false, 1002},
        {LITERAL("\x80"), false, 1002}, {LITERAL("\x00"), false, 1002}, {LITERAL("\x01\x01" "a\x81"), false, 1002},
        {LITERAL("\x01\x00\x02"), false, 1002}, {LITERAL("\x81\x80"), false, 1002}, {LITERAL("\x81\x00"), true, 1002},
        {LITERAL("\x89\x7e"), false, 1002}, {LITERAL("\x88\xff"), true, 1002},
        {LITERAL("\x81\x7e\x00\x7d"), false, 1002}, {LITERAL("\x82\x7f\0\0\0\0\0\0\xff\xff"), false, 1002},
        {LITERAL("\x82\x7f\x80\0\0\0\0\0\0\0"), false, 1002}, {LITERAL("\x82\x7f\x7f\0\0\0\0\0\0\0"), false, 1009},
        {LITERAL("\x82\x7e\x03\xe9"), false, 1009}, {LITERAL("\x82\xfe\x03\xe9"), true, 1009},
        {LITERAL("\x81\x02\xff"), false, 1007}, {LITERAL("\x01\x01\xc3\x80\x09" "x"), false, 1007},
        {LITERAL("\x81\x01\xc3"), false, 1007}, {LITERAL("\x01\x01\xc3\x80\x00"), false, 1007},
        {LITERAL("\x88\x01\x03"), false, 1002}, {LITERAL("\x88\x02\x03\xe7"), false, 1002},
        {LITERAL("\x88\x03\x03\xe8\xff"), false, 1007}, {LITERAL("\x88\x03\x03\xe8\xc3"), false, 1007},
    };
    static struct reader r;
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        char expected[8];
        int n = snprintf(expected, sizeof(expected), "!%d", cases[i].code);
        CHECK(says(cases[i].masked, false, cases[i].bytes, cases[i].n, expected, (size_t)n));
        begin(&r, cases[i].masked, false);
        for (size_t k = 0; k < cases[i].n - 1; k++)
            feed(&r, cases[i].bytes + k, 1);
        CHECK(!r.failed);
    }
}

static void counts_all_fragments_of_a_message(void)
{
    static struct reader r;
    static char bytes[4 + MOST];
    begin(&r, false, false);
    memcpy(bytes, "\x02\x7e\x03\xe8", 4);
    feed(&r, bytes, sizeof(bytes));
    feed(&r, LITERAL("\x89\x01" "a\x00\x00"));
    CHECK(!r.failed);
    feed(&r, LITERAL("\x80\x01"));
    CHECK(told(&r, LITERAL("9(a)!1009")));
}

static void knows_the_codes_that_may_be_sent(void)
{
    for (int code = 0; code < 65536; code++) {
        bool may = (code >= 1000 && code <= 1003) || (code >= 1007 && code <= 1014) || (code >= 3000 && code <= 4999);
        char bytes[] = {'\x88', 2, (char)(code >> 8), (char)code};
        struct websocket w = {.most = 1};
        enum websocket_result result = websocket_scan(&w, bytes, sizeof(bytes));
        CHECK(result == (may ? WEBSOCKET_CONTROL : WEBSOCKET_BAD) && w.code == (may ? code : 1002));
    }
    struct websocket w = {.most = 1};
    char empty[] = "\x88";
    CHECK(websocket_scan(&w, empty, 2) == WEBSOCKET_CONTROL && w.code == WEBSOCKET_NO_CODE);
}

// What is written is what is read, whatever the length; and the mask is one of its place in the frame.
static void writes_what_it_reads(void)
{
    static const size_t lengths[] = {0, 1, 125, 126, 127, 65535, 65536, 100000};
    for (size_t i = 0; i < 2 * ARRAY_LEN(lengths); i++) {
        size_t n = lengths[i / 2];
        const char *key = i % 2 ? "\x01\x82\x03\x84" : NULL;
        char *bytes = malloc(WEBSOCKET_HEAD + n), *plain = malloc(n + 1);
        check_random_bytes(plain, n);
        size_t head = websocket_put_head(bytes, WEBSOCKET_FIN | WEBSOCKET_BINARY, n, key);
        CHECK(head == (n < 126 ? 2 : n < 65536 ? 4 : 10) + (key ? 4u : 0u));
        if (key)
            websocket_mask(bytes + head, plain, n, key);
        else
            memcpy(bytes + head, plain, n);
        struct websocket w = {.most = 100000, .masked = key != NULL};
        CHECK(websocket_scan(&w, bytes, (int32_t)(head + n)) == WEBSOCKET_WHOLE && w.used == (int32_t)(head + n));
        CHECK(w.opcode == WEBSOCKET_BINARY && (size_t)w.length == n && memcmp(w.data, plain, n) == 0);
        free(bytes);
        free(plain);
    }
}

// Whatever comes: messages, an error, or more is needed; and nothing beyond the bytes.
static void survives_random_bytes(void)
{
    static struct reader r;
    for (int k = 0; k < 100000; k++) {
        char bytes[40];
        size_t n = 1 + check_random(sizeof(bytes));
        check_random_bytes(bytes, n);
        bytes[0] &= (char)0x8f; // most would be refused at once
        begin(&r, check_random(2), check_random(2));
        feed(&r, bytes, n);
        CHECK(r.taken <= n && r.message_length <= n);
    }
}

int main(void)
{
    static const struct check_test tests[] = {
        {"the RFC's examples are read, at every split point", reads_the_examples_of_the_rfc},
        {"fragments are read, with control frames between them", reads_fragments},
        {"what is wrong is refused with its first byte", refuses_with_the_first_byte_that_is_wrong},
        {"a message's limit is one of all its fragments", counts_all_fragments_of_a_message},
        {"codes that may not be sent are refused", knows_the_codes_that_may_be_sent},
        {"random bytes do no harm", survives_random_bytes},
        {"what is written can be read, in all lengths", writes_what_it_reads},
    };
    return check_run(tests, ARRAY_LEN(tests));
}
