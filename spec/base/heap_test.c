#include "base/heap.h"

#include "base/macros.h"
#include "support/check.h"

static bool random_operations(void)
{
    enum { NODES = 500 };
    static struct heap_node nodes[NODES];
    struct heap h = {0};
    unsigned state = 5;
    bool ok = true;
    for (int i = 0; i < 50000 && ok; i++) {
        struct heap_node *node = &nodes[next_random(&state) % NODES];
        if (next_random(&state) % 3)
            ok = heap_set(&h, node, next_random(&state) % 1000) == 0;
        else
            heap_remove(&h, node);
        uint64_t smallest = UINT64_MAX;
        size_t count = 0;
        for (int k = 0; k < NODES; k++) {
            if (nodes[k].index == 0)
                continue;
            count++;
            smallest = nodes[k].key < smallest ? nodes[k].key : smallest;
        }
        ok = ok && holds(h.count == count, "the count is that of the nodes in it") &&
             holds(count == 0 ? !heap_top(&h) : heap_top(&h)->key == smallest, "the top is least");
    }
    uint64_t before = 0;
    for (struct heap_node *top; ok && (top = heap_top(&h)); before = top->key) {
        ok = holds(top->key >= before, "keys come in order");
        heap_remove(&h, top);
    }
    heap_free(&h);
    return ok;
}

static const struct test tests[] = {
    {"heap: random sets and removals keep the smallest on top", random_operations},
};

int main(void)
{
    return run_tests(tests, ARRAY_LEN(tests));
}
