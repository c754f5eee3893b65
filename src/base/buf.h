// A contiguous byte buffer: bytes are appended at the end and consumed from the front. It holds
// what a stream has not read yet, so it must be one piece; output, which need not be, is in
// queue.h.
#ifndef BASE_BUF_H
#define BASE_BUF_H

#include <stddef.h>
#include <stdint.h>

struct buf {
    char *data; // owned; NULL while empty
    uint32_t start, end, size;
};

static inline size_t buf_length(const struct buf *b)
{
    return b->end - b->start;
}

static inline const char *buf_bytes(const struct buf *b)
{
    return b->data + b->start;
}

// Copies n bytes to the end. Returns 0, or -ENOMEM with the buffer as it was.
int buf_append(struct buf *b, const char *bytes, size_t n);

// Copies n bytes in front of what is there. Returns 0, or -ENOMEM with the buffer as it was.
int buf_prepend(struct buf *b, const char *bytes, size_t n);

// Drops the first n bytes; an empty buffer gives its memory back.
void buf_consume(struct buf *b, size_t n);

void buf_free(struct buf *b);

#endif
