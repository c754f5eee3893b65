// A byte queue in chunks: output that waits for its socket. What was sent is released chunk by
// chunk, and nothing that waits is ever moved. Chunks come from a pool that keeps a few for reuse.
#ifndef BASE_QUEUE_H
#define BASE_QUEUE_H

#include <stddef.h>
#include <stdint.h>
#include <sys/uio.h>

struct chunk;

// Freed chunks of the two sizes, up to a fixed number each. Zero-initialised; one per loop.
struct chunk_pool {
    struct chunk *free[2];
    unsigned count[2];
};

struct queue {
    struct chunk *head, *tail; // owned
    size_t length;             // bytes
};

// Copies n bytes to the end. Returns 0, or -ENOMEM with the queue as it was.
int queue_append(struct queue *q, struct chunk_pool *pool, const char *bytes, size_t n);

// Points up to max entries of iov at the first bytes. Returns the number of entries and stores
// the number of bytes that they cover.
int queue_peek(const struct queue *q, struct iovec *iov, int max, size_t *covered);

// Drops the first n bytes.
void queue_consume(struct queue *q, struct chunk_pool *pool, size_t n);

void queue_free(struct queue *q, struct chunk_pool *pool);
void chunk_pool_free(struct chunk_pool *pool);

#endif
