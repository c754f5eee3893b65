// UTF-8 in any pieces is what the definition says it is: the first byte after which no character of Unicode, in its
// shortest form, can come any more is the one that is told of.
#include "fuzz/fuzz.h"

#include "codec/utf8.h"

// The bytes of a character that begins so, and its bits in that byte; 0 for none.
static size_t begin(uint8_t first, uint32_t *bits)
{
    static const struct {
        uint8_t mask, value;
    } forms[] = {{0x80, 0}, {0xe0, 0xc0}, {0xf0, 0xe0}, {0xf8, 0xf0}};
    for (size_t i = 0; i < 4; i++)
        if ((first & forms[i].mask) == forms[i].value) {
            *bits = first & (uint8_t)~forms[i].mask;
            return i + 1;
        }
    return 0;
}

// Whether a character of `size` bytes, with these bits and `missing` bytes to come, can be one.
static bool may_be(uint32_t bits, size_t size, size_t missing)
{
    static const uint32_t least[] = {0, 0x80, 0x800, 0x10000};
    uint32_t low = bits << 6 * missing, high = low + ((1u << 6 * missing) - 1);
    if (low < least[size - 1])
        low = least[size - 1];
    if (high > 0x10ffff)
        high = 0x10ffff;
    if (low >= 0xd800 && low <= 0xdfff)
        low = 0xe000;
    return low <= high;
}

// The offset of the first byte that cannot be there, or -1; and how many bytes are still to come.
static ssize_t look(const char *bytes, size_t n, size_t *left)
{
    uint32_t bits = 0;
    size_t size = 0;
    *left = 0;
    for (size_t i = 0; i < n; i++) {
        uint8_t byte = (uint8_t)bytes[i];
        if (*left > 0) {
            if ((byte & 0xc0) != 0x80)
                return (ssize_t)i;
            bits = bits << 6 | (byte & 0x3f);
            --*left;
        } else {
            size = begin(byte, &bits);
            if (size == 0)
                return (ssize_t)i;
            *left = size - 1;
        }
        if (!may_be(bits, size, *left))
            return (ssize_t)i;
    }
    return -1;
}

// In pieces whose lengths are thrown.
static ssize_t check_pieces(struct utf8 *state, const char *bytes, size_t n, size_t most)
{
    struct dice d = dice_of(bytes, n);
    for (size_t at = 0, length; at < n; at += length) {
        length = 1 + dice_roll(&d, most);
        if (length > n - at)
            length = n - at;
        char *own = fuzz_copy(bytes + at, length);
        ssize_t bad = utf8_check(state, own, length);
        free(own);
        HOLDS(bad < (ssize_t)length);
        if (bad >= 0)
            return (ssize_t)at + bad;
    }
    return -1;
}

int LLVMFuzzerTestOneInput(const uint8_t *given, size_t n)
{
    const char *bytes = (const char *)given;
    size_t left;
    ssize_t bad = look(bytes, n, &left);
    for (size_t most = 1; most <= 64; most *= 4) {
        struct utf8 state = {0};
        HOLDS(check_pieces(&state, bytes, n, most) == bad);
        HOLDS(bad >= 0 || state.left == left);
    }
    struct utf8 state = {0};
    char *own = fuzz_copy(bytes, n);
    HOLDS(utf8_check(&state, own, n) == bad && (bad >= 0 || state.left == left));
    free(own);
    return 0;
}
