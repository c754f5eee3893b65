#include "codec/utf8.h"

#include <stdbool.h>
#include <string.h>

#define TOP_BITS UINT64_C(0x8080808080808080)

// The state behind a character's first byte. Returns false where it is none.
static bool begin(struct utf8 *state, unsigned char first)
{
    *state = (struct utf8){.from = 0x80, .to = 0xbf};
    if (first >= 0xc2 && first <= 0xdf) {
        state->left = 1;
    } else if (first >= 0xe0 && first <= 0xef) {
        state->left = 2;
        if (first == 0xe0)
            state->from = 0xa0; // else it would fit into two bytes
        if (first == 0xed)
            state->to = 0x9f; // surrogates are behind it
    } else if (first >= 0xf0 && first <= 0xf4) {
        state->left = 3;
        if (first == 0xf0)
            state->from = 0x90; // else it would fit into three bytes
        if (first == 0xf4)
            state->to = 0x8f; // U+10FFFF is the last
    }
    return state->left > 0;
}

ssize_t utf8_check(struct utf8 *state, const char *bytes, size_t n)
{
    size_t i = 0;
    while (i < n) {
        unsigned char byte = (unsigned char)bytes[i];
        uint64_t word;
        if (state->left > 0) {
            if (byte < state->from || byte > state->to)
                return (ssize_t)i;
            state->left--;
            state->from = 0x80;
            state->to = 0xbf;
            i++;
        } else if (n - i >= sizeof(word) && (memcpy(&word, bytes + i, sizeof(word)), !(word & TOP_BITS))) {
            i += sizeof(word);
        } else if (byte < 0x80 || begin(state, byte)) {
            i++;
        } else {
            return (ssize_t)i;
        }
    }
    return -1;
}
