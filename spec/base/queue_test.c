#include "base/queue.h"

#include "base/macros.h"
#include "support/check.h"

#include <stdlib.h>
#include <string.h>

// The first bytes of the queue, through queue_peek, equal the model's.
static bool same(const struct queue *q, const char *model, size_t length)
{
    struct iovec iov[8];
    size_t covered, at = 0;
    int n = queue_peek(q, iov, 8, &covered);
    if (!holds(q->length == length, "the length is the model's"))
        return false;
    for (int i = 0; i < n; i++) {
        if (!holds(iov[i].iov_len > 0 && at + iov[i].iov_len <= length, "pieces fit") ||
            !holds(memcmp(iov[i].iov_base, model + at, iov[i].iov_len) == 0, "bytes are the same"))
            return false;
        at += iov[i].iov_len;
    }
    return holds(at == covered, "covered is the sum of the pieces") &&
           holds(n == 8 || covered == length, "everything is covered unless entries ran out");
}

static bool random_operations(void)
{
    enum { MOST = 600000 };
    char *model = malloc(MOST), *bytes = malloc(MOST);
    struct chunk_pool pool = {0};
    struct queue q = {0};
    size_t length = 0;
    unsigned state = 7;
    bool ok = true;
    for (size_t i = 0; i < MOST; i++)
        bytes[i] = (char)next_random(&state);
    for (int i = 0; i < 3000 && ok; i++) {
        unsigned kind = next_random(&state) % 3;
        size_t n = next_random(&state) % (kind == 0 ? 200000 : 3000);
        if (next_random(&state) % 2 && length + n <= MOST) {
            ok = queue_append(&q, &pool, bytes + i, n > MOST - 3000 ? 0 : n) == 0;
            memcpy(model + length, bytes + i, n);
            length += n;
        } else {
            n = n > length ? length : n;
            queue_consume(&q, &pool, n);
            memmove(model, model + n, length - n);
            length -= n;
        }
        ok = ok && same(&q, model, length);
    }
    queue_free(&q, &pool);
    ok = ok && holds(q.length == 0 && !q.head, "a freed queue is empty");
    chunk_pool_free(&pool);
    free(model);
    free(bytes);
    return ok;
}

static bool keeps_a_bounded_number(void)
{
    struct chunk_pool pool = {0};
    struct queue q = {0};
    static char bytes[65536];
    for (int i = 0; i < 200; i++)
        queue_append(&q, &pool, bytes, sizeof(bytes));
    queue_free(&q, &pool);
    bool ok = holds(pool.count[1] <= 16, "at most sixteen large chunks are kept") &&
              holds(pool.count[0] <= 64, "at most 64 small chunks are kept");
    chunk_pool_free(&pool);
    return ok && holds(pool.count[0] + pool.count[1] == 0, "a freed pool is empty");
}

static const struct test tests[] = {
    {"queue: random appends and consumes are a model's", random_operations},
    {"queue: the pool keeps a bounded number of chunks", keeps_a_bounded_number},
};

int main(void)
{
    return run_tests(tests, ARRAY_LEN(tests));
}
