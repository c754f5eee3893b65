/*
 * The request that a load generator sends: given by its size, as hex digits, or in a file, and
 * optionally with a random key in it.
 */
#ifndef BENCH_MESSAGE_H
#define BENCH_MESSAGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Ten of these in a message are the place of a key; it is written as ten decimal digits. */
#define KEY_MARK "##########"

struct message {
    char *bytes; /* owned, never freed: it lives as long as the process */
    size_t size;
    bool sized; /* only the size was given, the content does not matter */
};

/* "6", "hex:50494e470d0a" or "@FILE"; exits where it is none of them. */
struct message message_parse(const char *text);

/* The message count times in a row; the caller owns it. */
char *message_repeat(const struct message *message, size_t count);

/* Random bytes, for checking that an echo returns this very message. */
void message_scramble(char *bytes, size_t size, uint64_t *random);

/* Writes a random key below keys over every KEY_MARK of a message that is repeated in bytes. */
void message_pick_keys(const struct message *message, char *bytes, size_t size, uint32_t keys,
                       uint64_t *random);

#endif
