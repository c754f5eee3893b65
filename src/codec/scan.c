#include "codec/scan.h"

#include <string.h>

ssize_t scan_find(const char *bytes, size_t length, const char *needle, size_t n)
{
    const char *at = bytes, *end = bytes + length;
    while ((size_t)(end - at) >= n && (at = memchr(at, needle[0], (size_t)(end - at) - n + 1))) {
        if (memcmp(at, needle, n) == 0)
            return at - bytes;
        at++;
    }
    return -1;
}
