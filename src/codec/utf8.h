// UTF-8 (RFC 3629), checked as it arrives. No I/O, and no state but the caller's.
#ifndef CODEC_UTF8_H
#define CODEC_UTF8_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

// What has to come: so many more bytes of a character, the next one between `from` and `to`. All zero between
// characters, and at the beginning.
struct utf8 {
    uint8_t left, from, to;
};

// Goes on with n bytes. Returns the offset of the first byte that cannot be there, or -1 for none: no character is
// longer than it need be, none is a surrogate or beyond U+10FFFF. A text is whole where `left` is 0.
ssize_t utf8_check(struct utf8 *state, const char *bytes, size_t n);

#endif
