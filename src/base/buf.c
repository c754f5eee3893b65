#include "base/buf.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

enum { SMALLEST = 512 };

// Makes room for `n` more bytes, leaving `gap` free bytes in front.
static int make_room(struct buf *b, size_t gap, size_t n)
{
    size_t length = buf_length(b);
    size_t need = gap + length + n;
    if (need > UINT32_MAX / 2)
        return -ENOMEM;
    // Moving is cheaper than growing, and paid for by the bytes that were consumed since.
    if (need <= b->size && b->start >= length) {
        memmove(b->data + gap, b->data + b->start, length);
    } else {
        size_t size = b->size ? b->size : SMALLEST;
        while (size < need)
            size *= 2;
        char *data = malloc(size);
        if (!data)
            return -ENOMEM;
        if (length)
            memcpy(data + gap, buf_bytes(b), length);
        free(b->data);
        b->data = data;
        b->size = (uint32_t)size;
    }
    b->start = (uint32_t)gap;
    b->end = (uint32_t)(gap + length);
    return 0;
}

int buf_append(struct buf *b, const char *bytes, size_t n)
{
    if (n == 0)
        return 0;
    if (b->size - b->end < n) {
        int err = make_room(b, 0, n);
        if (err)
            return err;
    }
    memcpy(b->data + b->end, bytes, n);
    b->end += (uint32_t)n;
    return 0;
}

int buf_prepend(struct buf *b, const char *bytes, size_t n)
{
    if (n == 0)
        return 0;
    if (b->start < n) {
        int err = make_room(b, n, 0);
        if (err)
            return err;
    }
    b->start -= (uint32_t)n;
    memcpy(b->data + b->start, bytes, n);
    return 0;
}

void buf_consume(struct buf *b, size_t n)
{
    b->start += (uint32_t)n;
    if (b->start == b->end)
        buf_free(b);
}

void buf_free(struct buf *b)
{
    free(b->data);
    *b = (struct buf){0};
}
