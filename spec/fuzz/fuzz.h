// What the fuzzers have in common. A fuzzer is a program of libFuzzer: it is given bytes and ends the process where a
// property does not hold. Bytes are looked at in memory of exactly their size, so that a sanitizer sees a look beyond.
#ifndef FUZZ_FUZZ_H
#define FUZZ_FUZZ_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

// What libFuzzer calls.
int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n);

// Ends the process where it does not hold: libFuzzer keeps the input.
#define HOLDS(condition) fuzz_holds((condition), #condition, __FILE__, __LINE__)

static inline void fuzz_holds(bool holds, const char *condition, const char *file, int line)
{
    if (holds)
        return;
    fprintf(stderr, "%s:%d: does not hold: %s\n", file, line, condition);
    abort();
}

// The input of one run, which is taken from the front.
struct input {
    const uint8_t *at;
    size_t left;
};

// The next byte, 0 when there is none.
static inline unsigned input_byte(struct input *in)
{
    if (in->left == 0)
        return 0;
    in->left--;
    return *in->at++;
}

// What is left of it.
static inline const char *input_rest(const struct input *in)
{
    return (const char *)in->at;
}

// The first n bytes, in memory of their own; the caller frees it.
static inline char *fuzz_copy(const char *bytes, size_t n)
{
    char *own = malloc(n + !n);
    HOLDS(own != NULL);
    if (n > 0)
        memcpy(own, bytes, n);
    return own;
}

// Numbers that are the same for the same input (xorshift).
struct dice {
    uint32_t state;
};

static inline struct dice dice_of(const char *bytes, size_t n)
{
    struct dice d = {2463534242u};
    for (size_t i = 0; i < n; i++)
        d.state = (d.state ^ (uint8_t)bytes[i]) * 16777619u;
    d.state |= d.state == 0;
    return d;
}

// Below limit, which is at least 1.
static inline size_t dice_roll(struct dice *d, size_t limit)
{
    d->state ^= d->state << 13;
    d->state ^= d->state >> 17;
    d->state ^= d->state << 5;
    return d->state % limit;
}

// Calls `look` with every prefix of n bytes, shorter than all of them; with some of them where they are many.
static inline void fuzz_prefixes(const char *bytes, size_t n, void (*look)(void *, const char *, size_t), void *data)
{
    enum { ALL = 160, SOME = 24 };
    struct dice d = dice_of(bytes, n);
    for (size_t i = 0; i < (n <= ALL ? n : SOME); i++) {
        size_t length = n <= ALL ? i : dice_roll(&d, n);
        char *own = fuzz_copy(bytes, length);
        look(data, own, length);
        free(own);
    }
}

#endif
