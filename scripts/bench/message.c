#include "message.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "client.h"

enum { MAX_SIZE = 1 << 30 };

static char *allocate(size_t size)
{
    char *bytes = malloc(size);

    if (bytes == NULL)
        die("no memory for %zu bytes", size);
    return bytes;
}

static struct message read_file(const char *path)
{
    struct message message = {.sized = false};
    FILE *file = fopen(path, "rb");
    long size;

    if (file == NULL || fseek(file, 0, SEEK_END) < 0 || (size = ftell(file)) <= 0 ||
        size > MAX_SIZE)
        die("%s: cannot be read, is empty or is too large", path);
    rewind(file);
    message.size = (size_t)size;
    message.bytes = allocate(message.size);
    if (fread(message.bytes, 1, message.size, file) != message.size)
        die("%s: cannot be read", path);
    fclose(file);
    return message;
}

static int hex_value(char digit)
{
    const char *digits = "0123456789abcdef";
    const char *found = strchr(digits, tolower((unsigned char)digit));

    if (digit == '\0' || found == NULL)
        die("-m hex: pairs of hex digits were expected");
    return (int)(found - digits);
}

static struct message read_hex(const char *text)
{
    struct message message = {.size = strlen(text) / 2, .sized = false};

    if (*text == '\0')
        die("-m hex: is empty");
    message.bytes = allocate(message.size + 1);
    for (size_t i = 0; *text != '\0'; i++, text += 2)
        message.bytes[i] = (char)(hex_value(text[0]) << 4 | hex_value(text[1]));
    return message;
}

struct message message_parse(const char *text)
{
    struct message message = {.sized = true};

    if (text[0] == '@')
        return read_file(text + 1);
    if (strncmp(text, "hex:", 4) == 0)
        return read_hex(text + 4);
    message.size = (size_t)number_parse("-m", text, 1, MAX_SIZE);
    message.bytes = allocate(message.size);
    memset(message.bytes, 'x', message.size);
    return message;
}

char *message_repeat(const struct message *message, size_t count)
{
    char *bytes = allocate(message->size * count);

    for (size_t i = 0; i < count; i++)
        memcpy(bytes + i * message->size, message->bytes, message->size);
    return bytes;
}

/* xorshift64* of G. Marsaglia and S. Vigna: good enough to spread keys, and cheap. */
static uint64_t next_random(uint64_t *random)
{
    *random ^= *random >> 12;
    *random ^= *random << 25;
    *random ^= *random >> 27;
    return *random * 0x2545f4914f6cdd1dULL;
}

void message_scramble(char *bytes, size_t size, uint64_t *random)
{
    for (size_t i = 0; i < size; i++)
        bytes[i] = (char)(next_random(random) >> 56);
}

void message_pick_keys(const struct message *message, char *bytes, size_t size, uint32_t keys,
                       uint64_t *random)
{
    size_t width = strlen(KEY_MARK);
    char *end = message->bytes + message->size;
    char *mark = message->bytes;

    while ((mark = memmem(mark, (size_t)(end - mark), KEY_MARK, width)) != NULL) {
        for (size_t at = (size_t)(mark - message->bytes); at < size; at += message->size) {
            uint32_t key = (uint32_t)((next_random(random) >> 32) * keys >> 32);

            for (size_t i = width; i > 0; i--, key /= 10)
                bytes[at + i - 1] = (char)('0' + key % 10);
        }
        mark += width;
    }
}
