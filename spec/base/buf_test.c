// base/buf: a byte buffer against a plain array.
#include "base/buf.h"

#include "base/macros.h"
#include "support/check.h"

#include <errno.h>

enum { MOST = 1 << 16 };

static bool holds(const struct buf *b, const char *bytes, size_t n)
{
    return buf_length(b) == n && (n == 0 || memcmp(buf_bytes(b), bytes, n) == 0);
}

static void is_empty_at_first(void)
{
    struct buf b = {0};
    CHECK(buf_length(&b) == 0);
    CHECK(buf_append(&b, NULL, 0) == 0);
    CHECK(buf_prepend(&b, NULL, 0) == 0);
    CHECK(b.data == NULL);
    buf_free(&b);
}

static void appends_and_prepends(void)
{
    struct buf b = {0};
    CHECK(buf_append(&b, "cd", 2) == 0);
    CHECK(buf_prepend(&b, "b", 1) == 0);
    CHECK(buf_prepend(&b, "a", 1) == 0);
    CHECK(buf_append(&b, "\0e", 2) == 0);
    CHECK(holds(&b, "abcd\0e", 6));
    buf_consume(&b, 2);
    CHECK(holds(&b, "cd\0e", 4));
    buf_free(&b);
    CHECK(buf_length(&b) == 0 && b.data == NULL);
}

static void gives_its_memory_back_when_empty(void)
{
    struct buf b = {0};
    CHECK(buf_append(&b, "abc", 3) == 0);
    buf_consume(&b, 2);
    CHECK(b.data != NULL);
    buf_consume(&b, 1);
    CHECK(b.data == NULL && b.size == 0);
}

static void refuses_what_is_too_large(void)
{
    struct buf b = {0};
    CHECK(buf_append(&b, "abc", 3) == 0);
    CHECK(buf_append(&b, "", (size_t)1 << 31) == -ENOMEM);
    CHECK(buf_prepend(&b, "", (size_t)1 << 31) == -ENOMEM);
    CHECK(holds(&b, "abc", 3));
    buf_free(&b);
}

// A window that moves over a long stream must not take more than it holds, or grow for ever.
static void does_not_grow_while_bytes_pass_through(void)
{
    struct buf b = {0};
    char bytes[700];
    check_random_bytes(bytes, sizeof(bytes));
    for (int i = 0; i < 100000; i++) {
        CHECK(buf_append(&b, bytes, sizeof(bytes)) == 0);
        buf_consume(&b, i % 2 ? 2 * sizeof(bytes) - 1 : 1);
        if (buf_length(&b) > 2 * sizeof(bytes))
            buf_consume(&b, sizeof(bytes));
    }
    CHECK(b.size <= 8192);
    buf_free(&b);
}

static void step(struct buf *b, char *model, size_t *length)
{
    char bytes[1000];
    size_t n = check_random(sizeof(bytes));
    check_random_bytes(bytes, n);
    switch (check_random(3)) {
    case 0:
        if (*length + n > MOST)
            return;
        CHECK(buf_append(b, bytes, n) == 0);
        memcpy(model + *length, bytes, n);
        *length += n;
        return;
    case 1:
        if (*length + n > MOST)
            return;
        CHECK(buf_prepend(b, bytes, n) == 0);
        memmove(model + n, model, *length);
        memcpy(model, bytes, n);
        *length += n;
        return;
    default:
        n = *length ? check_random((uint32_t)*length + 1) : 0;
        if (check_random(4))
            n /= 8;
        buf_consume(b, n);
        memmove(model, model + n, *length - n);
        *length -= n;
    }
}

static void agrees_with_an_array(void)
{
    static char model[MOST];
    size_t length = 0;
    struct buf b = {0};
    for (int i = 0; i < 50000; i++) {
        step(&b, model, &length);
        CHECK(holds(&b, model, length));
    }
    buf_free(&b);
}

int main(void)
{
    static const struct check_test tests[] = {
        {"a buffer is empty at first", is_empty_at_first},
        {"a buffer appends and prepends", appends_and_prepends},
        {"a buffer gives its memory back when empty", gives_its_memory_back_when_empty},
        {"a buffer refuses what is too large", refuses_what_is_too_large},
        {"a buffer does not grow while bytes pass through", does_not_grow_while_bytes_pass_through},
        {"a buffer agrees with an array", agrees_with_an_array},
    };
    return check_run(tests, ARRAY_LEN(tests));
}
