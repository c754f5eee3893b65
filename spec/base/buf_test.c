#include "base/buf.h"

#include "base/macros.h"
#include "support/check.h"

#include <string.h>

static bool random_operations(void)
{
    static char model[200000], bytes[4096];
    struct buf b = {0};
    size_t length = 0;
    unsigned state = 3;
    bool ok = true;
    for (size_t i = 0; i < sizeof(bytes); i++)
        bytes[i] = (char)next_random(&state);
    for (int i = 0; i < 20000 && ok; i++) {
        size_t n = next_random(&state) % sizeof(bytes);
        unsigned kind = next_random(&state) % 5;
        if (kind < 2 && length + n <= sizeof(model)) {
            ok = buf_append(&b, bytes, n) == 0;
            memcpy(model + length, bytes, n);
            length += n;
        } else if (kind == 2 && length + n <= sizeof(model)) {
            ok = buf_prepend(&b, bytes, n) == 0;
            memmove(model + n, model, length);
            memcpy(model, bytes, n);
            length += n;
        } else if (length > 0) {
            n = n > length ? length : n;
            buf_consume(&b, n);
            memmove(model, model + n, length - n);
            length -= n;
        }
        ok = ok && holds(buf_length(&b) == length, "the length is the model's") &&
             holds(length == 0 || memcmp(buf_bytes(&b), model, length) == 0, "the bytes are");
    }
    buf_free(&b);
    return ok;
}

static bool gives_memory_back(void)
{
    struct buf b = {0};
    buf_append(&b, "hello", 5);
    buf_consume(&b, 5);
    return holds(b.data == NULL && b.size == 0, "an empty buffer has no memory");
}

static const struct test tests[] = {
    {"buf: random appends, prepends and consumes are a model's", random_operations},
    {"buf: gives its memory back when it is empty", gives_memory_back},
};

int main(void)
{
    return run_tests(tests, ARRAY_LEN(tests));
}
