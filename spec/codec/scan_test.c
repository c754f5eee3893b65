// codec/scan: searching, against looking at every position. Every text has memory of exactly its
// size, so that a sanitizer sees a look beyond it.
#include "codec/scan.h"

#include "base/macros.h"
#include "support/check.h"

#include <stdlib.h>

static ssize_t find(const char *bytes, size_t length, const char *needle, size_t n)
{
    char *own = malloc(length + !length), *own_needle = malloc(n);
    memcpy(own, bytes, length);
    memcpy(own_needle, needle, n);
    ssize_t at = scan_find(own, length, own_needle, n);
    free(own);
    free(own_needle);
    return at;
}

static ssize_t look_everywhere(const char *bytes, size_t length, const char *needle, size_t n)
{
    for (size_t at = 0; at + n <= length; at++)
        if (memcmp(bytes + at, needle, n) == 0)
            return (ssize_t)at;
    return -1;
}

static void finds_the_first(void)
{
    CHECK(find("hello", 5, "l", 1) == 2);
    CHECK(find("hello", 5, "hello", 5) == 0);
    CHECK(find("hello", 5, "lo", 2) == 3);
    CHECK(find("aaab", 4, "ab", 2) == 2);
    CHECK(find("\r\n\r\r\n\r\n", 7, "\r\n\r\n", 4) == 3);
    CHECK(find("a\0b\0c", 5, "\0c", 2) == 3);
}

static void finds_nothing_where_nothing_is(void)
{
    CHECK(find("", 0, "a", 1) == -1);
    CHECK(find("hello", 5, "x", 1) == -1);
    CHECK(find("hello", 5, "hello!", 6) == -1);
    CHECK(find("hello", 5, "lox", 3) == -1);
    CHECK(find("aaa", 3, "aaaa", 4) == -1);
}

// Few letters, so that needles begin often and are there often.
static void agrees_with_looking_everywhere(void)
{
    char bytes[64], needle[8];
    for (int i = 0; i < 200000; i++) {
        uint32_t letters = 1 + check_random(3);
        size_t length = check_random(sizeof(bytes) + 1), n = 1 + check_random(sizeof(needle));
        for (size_t k = 0; k < length; k++)
            bytes[k] = (char)("a\0\n"[check_random(letters)]);
        for (size_t k = 0; k < n; k++)
            needle[k] = (char)("a\0\n"[check_random(letters)]);
        CHECK(find(bytes, length, needle, n) == look_everywhere(bytes, length, needle, n));
    }
}

int main(void)
{
    static const struct check_test tests[] = {
        {"a search finds the first", finds_the_first},
        {"a search finds nothing where nothing is", finds_nothing_where_nothing_is},
        {"a search agrees with looking everywhere", agrees_with_looking_everywhere},
    };
    return check_run(tests, ARRAY_LEN(tests));
}
