// codec/proxy: headers at every split point, and what is none. Every text has memory of exactly its
// size, so that a sanitizer sees a look beyond it.
#include "codec/proxy.h"

#include "base/macros.h"
#include "support/check.h"

#include <stdlib.h>

#define SIGNATURE "\r\n\r\n\0\r\nQUIT\n"
#define LITERAL(text) text, sizeof(text) - 1

static const char *error;

static ssize_t scan(const char *bytes, size_t n, struct proxy_header *h)
{
    char *own = malloc(n + !n);
    memcpy(own, bytes, n);
    error = NULL;
    ssize_t length = proxy_scan(own, n, h, &error);
    free(own);
    CHECK((length < 0) == (error != NULL));
    return length;
}

// Whether the whole text is a header, which every beginning of it says goes on, and which bytes behind
// it do not change.
static bool is_header(const char *bytes, size_t n, struct proxy_header *h)
{
    char *longer = malloc(n + 5);
    for (size_t split = 0; split < n; split++)
        if (scan(bytes, split, h) != 0)
            return false;
    memcpy(longer, bytes, n);
    memcpy(longer + n, "PROX\n", 5);
    bool same = scan(longer, n + 5, h) == (ssize_t)n;
    free(longer);
    return same && scan(bytes, n, h) == (ssize_t)n;
}

static bool tells(const struct endpoint *e, const char *text)
{
    char found[ENDPOINT_TEXT_SIZE];
    return strcmp(endpoint_text(e, "tcp", found), text) == 0;
}

static void reads_lines(void)
{
    struct proxy_header h;
    CHECK(is_header(LITERAL("PROXY TCP4 192.0.2.1 10.0.0.255 56324 443\r\n"), &h));
    CHECK(h.version == 1 && h.known && h.values.length == 0);
    CHECK(tells(&h.source, "tcp://192.0.2.1:56324") && tells(&h.destination, "tcp://10.0.0.255:443"));
    CHECK(is_header(LITERAL("PROXY TCP6 2001:db8::1 ::1 0 65535\r\n"), &h));
    CHECK(tells(&h.source, "tcp://[2001:db8::1]:0") && tells(&h.destination, "tcp://[::1]:65535"));
    CHECK(is_header(LITERAL("PROXY TCP6 ::ffff:192.0.2.1 ::ffff:192.0.2.2 1 2\r\n"), &h));
    CHECK(tells(&h.source, "tcp://192.0.2.1:1") && tells(&h.destination, "tcp://192.0.2.2:2"));
    CHECK(is_header(LITERAL("PROXY UNKNOWN\r\n"), &h) && h.version == 1 && !h.known);
    // The longest one.
    CHECK(is_header(LITERAL("PROXY UNKNOWN ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff "
                            "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff 65535 65535\r\n"), &h));
    CHECK(!h.known);
}

static void refuses_other_lines(void)
{
    static const char *const lines[] = {
        "GET / HTTP/1.1\r\n", "proxy TCP4 1.2.3.4 1.2.3.4 1 2\r\n", "PROXY\r\n", "PROXYTCP4", "\r\n\r\nx",
        "PROXY \r\n", "PROXY TCP4\r\n", "PROXY TCP5 1.2.3.4 1.2.3.4 1 2\r\n", "PROXY TCP4 1.2.3.4 1.2.3.4 1\r\n",
        "PROXY TCP4 1.2.3.4 1.2.3.4 1 2 3\r\n", "PROXY TCP4 1.2.3.4 1.2.3.4 1 2 \r\n",
        "PROXY TCP4  1.2.3.4 1.2.3.4 1 2\r\n", "PROXY TCP4 1.2.3.4 1.2.3.4 1 65536\r\n",
        "PROXY TCP4 1.2.3.4 1.2.3.4 01 2\r\n", "PROXY TCP4 1.2.3.4 1.2.3.4 -1 2\r\n",
        "PROXY TCP4 1.2.3.4 1.2.3.4 1 +2\r\n", "PROXY TCP4 1.2.3.4 1.2.3.4 100000 2\r\n",
        "PROXY TCP4 1.2.3.256 1.2.3.4 1 2\r\n", "PROXY TCP4 ::1 ::1 1 2\r\n", "PROXY TCP6 1.2.3.4 1.2.3.4 1 2\r\n",
        "PROXY TCP6 fe80::1%1 ::1 1 2\r\n", "PROXY TCP4 1.2.3.4 1.2.3.4 1 2\n", "PROXY TCP4 1.2.3.4\n\r\n",
        "PROXY TCP4 1.2.3.4 1.2.3.4 1 2\r\r\n", "PROXY TCP4 1.2.3.4\r 1.2.3.4 1 2\r\n", "PROXY UNKNOWNS\r\n",
        "PROXY TCP44444444444444444444444444444444 1.2.3.4 1.2.3.4 1 2\r\n",
    };
    struct proxy_header h;
    for (size_t i = 0; i < ARRAY_LEN(lines); i++)
        CHECK(scan(lines[i], strlen(lines[i]), &h) == -1);
    CHECK(scan(LITERAL("PROXY TCP4 1.2.3.4\0 1.2.3.4 1 2\r\n"), &h) == -1);
    char line[200] = "PROXY UNKNOWN ";
    memset(line + strlen(line), 'x', 150);
    CHECK(scan(line, 106, &h) == 0 && scan(line, 107, &h) == -1);
    line[106] = '\r', line[107] = '\n';
    CHECK(scan(line, 108, &h) == -1);
    // At the first byte that shows it.
    CHECK(scan(LITERAL("PROXY T"), &h) == 0 && scan(LITERAL("PROXY X"), &h) == -1);
    CHECK(scan(LITERAL("PROXY TCP5"), &h) == -1 && scan(LITERAL("PROXY UNKNX"), &h) == -1);
}

static void reads_addresses(void)
{
    struct proxy_header h;
    CHECK(is_header(LITERAL(SIGNATURE "\x21\x11\0\x0c\xc0\0\2\1\x0a\0\0\1\xdc\4\1\xbb"), &h));
    CHECK(h.version == 2 && h.known && h.values.length == 0);
    CHECK(tells(&h.source, "tcp://192.0.2.1:56324") && tells(&h.destination, "tcp://10.0.0.1:443"));
    CHECK(is_header(LITERAL(SIGNATURE "\x21\x21\0\x24\x20\1\x0d\xb8\0\0\0\0\0\0\0\0\0\0\0\1"
                            "\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\1\0\1\xff\xff"), &h));
    CHECK(tells(&h.source, "tcp://[2001:db8::1]:1") && tells(&h.destination, "tcp://[::1]:65535"));
    char local[16 + 216] = SIGNATURE "\x21\x31\0\xd8/tmp/client";
    memset(local + 124, 'x', 108); // without a NUL
    CHECK(is_header(local, sizeof(local), &h) && h.source.family == AF_UNIX);
    CHECK(h.source_path.at == 16 && h.source_path.length == 11);
    CHECK(h.destination_path.at == 124 && h.destination_path.length == 108);
    memcpy(local + 16, "/tmp/a\0garb", 11);
    CHECK(is_header(local, sizeof(local), &h) && h.source_path.length == 6);
    memcpy(local + 16, "\0a\0b\0", 5);
    memset(local + 21, 0, 103);
    CHECK(is_header(local, sizeof(local), &h) && h.source_path.length == 4); // an abstract name
    CHECK(is_header(LITERAL(SIGNATURE "\x21\0\0\0"), &h) && !h.known);
    CHECK(is_header(LITERAL(SIGNATURE "\x21\0\0\x0c\xc0\0\2\1\x0a\0\0\1\xdc\4\1\xbb"), &h) && !h.known);
    CHECK(h.values.length == 0); // those of the unspecified kind are no values
    // Those of LOCAL are nobody's.
    CHECK(is_header(LITERAL(SIGNATURE "\x20\x77\0\3abc"), &h) && !h.known && h.values.length == 0);
}

static void reads_values(void)
{
    struct proxy_header h;
    struct proxy_part value;
    unsigned type;
    const char text[] = SIGNATURE "\x21\0\0\x1f" "\x05\0\3abc" "\x04\0\0" "\xee\0\1x"
                        "\x20\0\x0b\1\0\0\0\0\x21\0\3TLS" "\1\0\1y";
    CHECK(is_header(text, sizeof(text) - 1, &h) && !h.known);
    CHECK(proxy_value(text, &h.values, &type, &value) && type == PROXY_UNIQUE_ID);
    CHECK(value.length == 3 && memcmp(text + value.at, "abc", 3) == 0);
    CHECK(proxy_value(text, &h.values, &type, &value) && type == PROXY_NOOP && value.length == 0);
    CHECK(proxy_value(text, &h.values, &type, &value) && type == 0xee && text[value.at] == 'x');
    CHECK(proxy_value(text, &h.values, &type, &value) && type == PROXY_SSL && value.length == 11);
    CHECK(proxy_value(text, &h.values, &type, &value) && type == PROXY_ALPN && text[value.at] == 'y');
    CHECK(!proxy_value(text, &h.values, &type, &value));
}

static void looks_at_the_checksum(void)
{
    // CRC-32C of these bytes, with zeros in its place, by another implementation of it.
    char text[] = SIGNATURE "\x21\x11\0\x13\xc0\0\2\1\x0a\0\0\1\xdc\4\1\xbb\3\0\4\0\0\0\0";
    size_t n = sizeof(text) - 1;
    struct proxy_header h;
    CHECK(scan(text, n, &h) == -1 && strcmp(error, "the checksum is wrong") == 0);
    memcpy(text + n - 4, "\xa4\x54\x06\x56", 4);
    CHECK(is_header(text, n, &h));
    text[20] ^= 1;
    CHECK(scan(text, n, &h) == -1);
}

static void refuses_other_bytes(void)
{
    struct proxy_header h;
    CHECK(scan(LITERAL(SIGNATURE "\x11"), &h) == -1); // version 1
    CHECK(scan(LITERAL(SIGNATURE "\x22"), &h) == -1); // command 2
    CHECK(scan(LITERAL("\r\n\r\n\0\r\nQUIT\r"), &h) == -1);
    CHECK(scan(LITERAL(SIGNATURE "\x21\x41"), &h) == -1 && scan(LITERAL(SIGNATURE "\x21\x11\0\x0b"), &h) == -1);
    CHECK(scan(LITERAL(SIGNATURE "\x21\x11\0\x0b" "01234567890"), &h) == -1); // too short for IPv4
    CHECK(scan(LITERAL(SIGNATURE "\x21\x41\0\x0c" "012345678901"), &h) == -1); // no family
    CHECK(scan(LITERAL(SIGNATURE "\x21\x10\0\x0c" "012345678901"), &h) == -1); // no transport
    CHECK(scan(LITERAL(SIGNATURE "\x21\x13\0\x0c" "012345678901"), &h) == -1);
    CHECK(scan(LITERAL(SIGNATURE "\x21\1\0\0"), &h) == -1);
    CHECK(scan(LITERAL(SIGNATURE "\x21\x11\0\x0e" "012345678901\5\0"), &h) == -1); // half a value
    CHECK(scan(LITERAL(SIGNATURE "\x21\x11\0\x11" "012345678901\5\0\3ab"), &h) == -1); // one that is cut
    CHECK(scan(LITERAL(SIGNATURE "\x21\0\0\7\x20\0\4\1\0\0\0"), &h) == -1);
    CHECK(scan(LITERAL(SIGNATURE "\x21\0\0\x0b\x20\0\x08\1\0\0\0\0\x21\0\1"), &h) == -1);
    CHECK(scan(LITERAL(SIGNATURE "\x21\0\0\6\3\0\3abc"), &h) == -1); // a checksum of three bytes
}

// Whatever comes behind a signature: a header, more bytes, or an error.
static void survives_random_bytes(void)
{
    char bytes[16 + 64];
    struct proxy_header h;
    for (int i = 0; i < 200000; i++) {
        check_random_bytes(bytes, sizeof(bytes));
        memcpy(bytes, SIGNATURE, 12);
        bytes[12] = "\x20\x21\x21\x21"[check_random(4)];
        bytes[13] = "\0\x11\x12\x21"[check_random(4)];
        bytes[14] = 0;
        bytes[15] = (char)check_random(65);
        for (int k = 0; k < 8; k++)
            bytes[28 + check_random(52)] = (char)check_random(6);
        size_t n = 12 + check_random(69);
        ssize_t length = scan(bytes, n, &h);
        CHECK(length <= (ssize_t)n && h.values.at + h.values.length <= 16 + 64);
    }
}

int main(void)
{
    static const struct check_test tests[] = {
        {"lines are read", reads_lines},
        {"other lines are refused", refuses_other_lines},
        {"addresses in bytes are read", reads_addresses},
        {"values are read", reads_values},
        {"the checksum is looked at", looks_at_the_checksum},
        {"other bytes are refused", refuses_other_bytes},
        {"random bytes do no harm", survives_random_bytes},
    };
    return check_run(tests, ARRAY_LEN(tests));
}
