// base/queue: a byte queue in chunks against a plain array, and the pool of its chunks.
#include "base/queue.h"

#include "base/macros.h"
#include "support/check.h"

enum { MOST = 1 << 20, PIECES = 64 };

static struct chunk_pool pool;
static char model[MOST];
static char input[MOST];

static size_t pieces(const struct queue *q)
{
    static struct iovec iov[4096];
    size_t covered;
    return (size_t)queue_peek(q, iov, ARRAY_LEN(iov), &covered);
}

// Whether the queue begins as these n bytes, looked at in at most `max` pieces.
static bool begins(const struct queue *q, const char *bytes, size_t n, int max)
{
    struct iovec iov[PIECES];
    size_t covered, at = 0;
    int count = queue_peek(q, iov, max, &covered);
    if (q->length != n || count > max || covered > n || (count < max && covered != n))
        return false;
    for (int i = 0; i < count; i++) {
        if (iov[i].iov_len == 0 || memcmp(iov[i].iov_base, bytes + at, iov[i].iov_len) != 0)
            return false;
        at += iov[i].iov_len;
    }
    return at == covered;
}

static void is_empty_at_first(void)
{
    struct queue q = {0};
    struct iovec iov[1];
    size_t covered = 1;
    CHECK(queue_peek(&q, iov, 1, &covered) == 0);
    CHECK(covered == 0);
    CHECK(queue_append(&q, &pool, NULL, 0) == 0);
    queue_consume(&q, &pool, 0);
    CHECK(q.length == 0 && q.head == NULL && q.tail == NULL);
    queue_free(&q, &pool);
}

static void keeps_the_order(void)
{
    struct queue q = {0};
    CHECK(queue_append(&q, &pool, "one", 3) == 0);
    CHECK(queue_append(&q, &pool, "\0two", 4) == 0);
    CHECK(begins(&q, "one\0two", 7, 8));
    queue_consume(&q, &pool, 4);
    CHECK(begins(&q, "two", 3, 8));
    queue_free(&q, &pool);
}

static void releases_what_was_consumed(void)
{
    struct queue q = {0};
    CHECK(queue_append(&q, &pool, input, MOST) == 0);
    size_t before = pieces(&q);
    CHECK(before >= MOST / 65536 && before <= MOST / 60000 + 1);
    for (size_t i = 0; i < MOST - 1; i++)
        queue_consume(&q, &pool, 1);
    CHECK(q.length == 1 && pieces(&q) == 1);
    queue_consume(&q, &pool, 1);
    CHECK(q.head == NULL && q.tail == NULL);
}

static void keeps_small_output_small(void)
{
    struct chunk_pool own = {0};
    struct queue q = {0};
    for (int i = 0; i < 1000; i++) {
        CHECK(queue_append(&q, &own, "answer", 6) == 0);
        queue_consume(&q, &own, 6);
    }
    CHECK(own.count[0] == 1 && own.count[1] == 0);
    chunk_pool_free(&own);
}

static void keeps_only_so_many_chunks(void)
{
    struct chunk_pool own = {0};
    struct queue q = {0};
    for (int i = 0; i < 40; i++)
        CHECK(queue_append(&q, &own, input, MOST) == 0);
    queue_free(&q, &own);
    CHECK(q.head == NULL && q.length == 0);
    CHECK(own.count[0] <= 64 && own.count[1] <= 64);
    CHECK((size_t)own.count[1] * 65536 <= 2 * MOST);
    chunk_pool_free(&own);
    CHECK(own.count[0] == 0 && own.count[1] == 0 && own.free[0] == NULL && own.free[1] == NULL);
}

static void agrees_with_an_array(void)
{
    struct queue q = {0};
    size_t length = 0;
    for (int i = 0; i < 5000; i++) {
        size_t n = check_random(check_random(8) ? 3000 : 150000);
        if (check_random(2) && length + n <= MOST) {
            const char *bytes = input + check_random(MOST - 150000);
            CHECK(queue_append(&q, &pool, bytes, n) == 0);
            memcpy(model + length, bytes, n);
            length += n;
        } else {
            n = n < length ? n : length;
            queue_consume(&q, &pool, n);
            memmove(model, model + n, length - n);
            length -= n;
        }
        CHECK(begins(&q, model, length, 1 + (int)check_random(PIECES)));
    }
    queue_free(&q, &pool);
}

int main(void)
{
    static const struct check_test tests[] = {
        {"a queue is empty at first", is_empty_at_first},
        {"a queue keeps the order", keeps_the_order},
        {"a queue releases what was consumed", releases_what_was_consumed},
        {"a queue keeps small output small", keeps_small_output_small},
        {"a pool keeps only so many chunks", keeps_only_so_many_chunks},
        {"a queue agrees with an array", agrees_with_an_array},
    };
    check_state = 1;
    check_random_bytes(input, sizeof(input));
    int status = check_run(tests, ARRAY_LEN(tests));
    chunk_pool_free(&pool);
    return status;
}
