#include "codec/scan.h"

#include "base/macros.h"
#include "support/check.h"

#include <string.h>

static ssize_t plain(const char *bytes, size_t length, const char *needle, size_t n)
{
    for (size_t i = 0; i + n <= length; i++)
        if (memcmp(bytes + i, needle, n) == 0)
            return (ssize_t)i;
    return -1;
}

// An alphabet of two letters, so that needles nearly match all the time.
static bool finds_what_a_plain_search_finds(void)
{
    unsigned state = 9;
    char bytes[40], needle[8];
    for (int i = 0; i < 200000; i++) {
        size_t length = next_random(&state) % sizeof(bytes), n = next_random(&state) % 7 + 1;
        for (size_t k = 0; k < length; k++)
            bytes[k] = "ab"[next_random(&state) & 1];
        for (size_t k = 0; k < n; k++)
            needle[k] = "ab"[next_random(&state) & 1];
        if (!holds(scan_find(bytes, length, needle, n) == plain(bytes, length, needle, n), "same"))
            return false;
    }
    return true;
}

static bool takes_nul_bytes(void)
{
    return holds(scan_find("a\0b\0c", 5, "\0c", 2) == 3, "NUL is a byte like any other") &&
           holds(scan_find("", 0, "a", 1) == -1, "nothing is found in nothing");
}

static const struct test tests[] = {
    {"scan_find: finds what a plain search finds", finds_what_a_plain_search_finds},
    {"scan_find: takes NUL bytes", takes_nul_bytes},
};

int main(void)
{
    return run_tests(tests, ARRAY_LEN(tests));
}
