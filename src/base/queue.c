#include "base/queue.h"

#include "base/macros.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

struct chunk {
    struct chunk *next;
    uint32_t start, end, size;
    char data[];
};

// A connection that answers in small pieces takes a small chunk; a backlog takes large ones,
// which the allocator can give back to the system one by one.
static const struct {
    uint32_t size;
    unsigned keep;
} classes[] = {
    {4096, 64},
    {65536 - 64, 16}, // whole pages together with the allocator's header
};

static int class_for(size_t n)
{
    return n <= classes[0].size - sizeof(struct chunk) ? 0 : 1;
}

static struct chunk *chunk_new(struct chunk_pool *pool, int class)
{
    struct chunk *c = pool->free[class];
    if (c) {
        pool->free[class] = c->next;
        pool->count[class]--;
    } else {
        c = malloc(classes[class].size);
        if (!c)
            return NULL;
        c->size = classes[class].size - (uint32_t)sizeof(struct chunk);
    }
    c->next = NULL;
    c->start = c->end = 0;
    return c;
}

static void chunk_release(struct chunk_pool *pool, struct chunk *c)
{
    int class = class_for(c->size);
    if (pool->count[class] >= classes[class].keep) {
        free(c);
        return;
    }
    c->next = pool->free[class];
    pool->free[class] = c;
    pool->count[class]++;
}

static void release_all(struct chunk_pool *pool, struct chunk *c)
{
    while (c) {
        struct chunk *next = c->next;
        chunk_release(pool, c);
        c = next;
    }
}

static size_t fill(struct chunk *c, const char *bytes, size_t n)
{
    size_t room = c->size - c->end;
    if (n > room)
        n = room;
    memcpy(c->data + c->end, bytes, n);
    c->end += (uint32_t)n;
    return n;
}

int queue_append(struct queue *q, struct chunk_pool *pool, const char *bytes, size_t n)
{
    size_t room = q->tail ? q->tail->size - q->tail->end : 0;
    size_t in_tail = n < room ? n : room;

    // The new chunks are complete before they are linked, so that a failure changes nothing.
    struct chunk *first = NULL, *last = NULL;
    for (size_t done = in_tail; done < n;) {
        size_t want = n - done > q->length ? n - done : q->length;
        struct chunk *c = chunk_new(pool, class_for(want));
        if (!c) {
            release_all(pool, first);
            return -ENOMEM;
        }
        done += fill(c, bytes + done, n - done);
        if (last)
            last->next = c;
        else
            first = c;
        last = c;
    }

    if (in_tail)
        fill(q->tail, bytes, in_tail);
    if (first) {
        if (q->tail)
            q->tail->next = first;
        else
            q->head = first;
        q->tail = last;
    }
    q->length += n;
    return 0;
}

int queue_peek(const struct queue *q, struct iovec *iov, int max, size_t *covered)
{
    int count = 0;
    *covered = 0;
    for (struct chunk *c = q->head; c && count < max; c = c->next) {
        iov[count].iov_base = c->data + c->start;
        iov[count].iov_len = c->end - c->start;
        *covered += iov[count].iov_len;
        count++;
    }
    return count;
}

void queue_consume(struct queue *q, struct chunk_pool *pool, size_t n)
{
    q->length -= n;
    while (n > 0) {
        struct chunk *c = q->head;
        uint32_t length = c->end - c->start; // NOLINT: there is a chunk, as n bytes are in the queue
        if (n < length) {
            c->start += (uint32_t)n;
            return;
        }
        n -= length;
        q->head = c->next;
        if (!q->head)
            q->tail = NULL;
        chunk_release(pool, c);
    }
}

void queue_free(struct queue *q, struct chunk_pool *pool)
{
    release_all(pool, q->head);
    *q = (struct queue){0};
}

void chunk_pool_free(struct chunk_pool *pool)
{
    for (size_t class = 0; class < ARRAY_LEN(pool->free); class ++) {
        while (pool->free[class]) {
            struct chunk *c = pool->free[class];
            pool->free[class] = c->next;
            free(c);
        }
        pool->count[class] = 0;
    }
}
