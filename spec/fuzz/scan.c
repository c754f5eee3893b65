// The search in bytes finds what a look at every place finds.
#include "fuzz/fuzz.h"

#include "codec/scan.h"

static ssize_t look(const char *bytes, size_t length, const char *needle, size_t n)
{
    for (size_t i = 0; i + n <= length; i++)
        if (memcmp(bytes + i, needle, n) == 0)
            return (ssize_t)i;
    return -1;
}

// The first byte: the needle's length. Its bytes are taken from the input's, or are a piece of what is searched.
int LLVMFuzzerTestOneInput(const uint8_t *given, size_t size)
{
    struct input in = {given, size};
    size_t n = 1 + input_byte(&in) % 12, skip = input_byte(&in) % 32;
    if (in.left < n)
        return 0;
    const char *rest = input_rest(&in);
    size_t length = in.left - n, from = skip < length ? skip : 0;
    char *bytes = fuzz_copy(rest + n, length), *needle = fuzz_copy(rest, n);
    HOLDS(scan_find(bytes, length, needle, n) == look(bytes, length, needle, n));
    if (from + n <= length) {
        memcpy(needle, bytes + from, n);
        ssize_t at = scan_find(bytes, length, needle, n);
        HOLDS(at >= 0 && (size_t)at <= from && at == look(bytes, length, needle, n));
    }
    free(bytes);
    free(needle);
    return 0;
}
