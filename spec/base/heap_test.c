// base/heap: the smallest key on top.
#include "base/heap.h"

#include "base/macros.h"
#include "support/check.h"

#include <stdlib.h>

enum { MANY = 500 };

static int ascending(const void *a, const void *b)
{
    uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;
    return (x > y) - (x < y);
}

static void is_empty_at_first(void)
{
    struct heap h = {0};
    struct heap_node node = {0};
    CHECK(heap_top(&h) == NULL);
    heap_remove(&h, &node);
    CHECK(h.count == 0);
    heap_free(&h);
}

static void takes_in_and_out(void)
{
    struct heap h = {0};
    struct heap_node a = {0}, b = {0};
    CHECK(heap_set(&h, &a, 5) == 0 && heap_set(&h, &b, 3) == 0);
    CHECK(heap_top(&h) == &b);
    heap_remove(&h, &b);
    CHECK(b.index == 0 && heap_top(&h) == &a);
    heap_remove(&h, &b);
    CHECK(h.count == 1);
    heap_remove(&h, &a);
    CHECK(h.count == 0 && heap_top(&h) == NULL);
    heap_free(&h);
}

static void moves_a_node_that_is_in(void)
{
    struct heap h = {0};
    struct heap_node a = {0}, b = {0};
    CHECK(heap_set(&h, &a, 1) == 0 && heap_set(&h, &b, 2) == 0);
    CHECK(heap_set(&h, &a, 3) == 0);
    CHECK(h.count == 2 && heap_top(&h) == &b);
    CHECK(heap_set(&h, &a, 0) == 0);
    CHECK(h.count == 2 && heap_top(&h) == &a);
    heap_free(&h);
}

static void holds_every_key(void)
{
    struct heap h = {0};
    struct heap_node least = {0}, most = {0};
    CHECK(heap_set(&h, &most, UINT64_MAX) == 0 && heap_set(&h, &least, 0) == 0);
    CHECK(heap_top(&h) == &least);
    heap_remove(&h, &least);
    CHECK(heap_top(&h) == &most);
    heap_free(&h);
}

static void sorts(void)
{
    struct heap h = {0};
    static struct heap_node nodes[MANY];
    static uint64_t keys[MANY];
    for (size_t i = 0; i < MANY; i++) {
        keys[i] = check_random(i % 2 ? 10 : UINT32_MAX);
        CHECK(heap_set(&h, &nodes[i], keys[i]) == 0);
    }
    qsort(keys, MANY, sizeof(keys[0]), ascending);
    for (size_t i = 0; i < MANY; i++) {
        CHECK(heap_top(&h)->key == keys[i]);
        heap_remove(&h, heap_top(&h));
    }
    CHECK(h.count == 0);
    heap_free(&h);
}

// Whether every node knows its place and none is smaller than the one above it.
static bool in_order(const struct heap *h, const struct heap_node *nodes)
{
    size_t count = 0;
    for (size_t i = 0; i < MANY; i++) {
        size_t index = nodes[i].index;
        if (!index)
            continue;
        count++;
        if (h->nodes[index - 1] != &nodes[i])
            return false;
        if (index > 1 && h->nodes[index / 2 - 1]->key > nodes[i].key)
            return false;
    }
    return count == h->count && heap_top(h) == (count ? h->nodes[0] : NULL);
}

static void stays_in_order(void)
{
    struct heap h = {0};
    static struct heap_node nodes[MANY];
    for (int i = 0; i < 20000; i++) {
        struct heap_node *node = &nodes[check_random(MANY)];
        if (check_random(3))
            CHECK(heap_set(&h, node, check_random(1000)) == 0);
        else
            heap_remove(&h, node);
        CHECK(in_order(&h, nodes));
    }
    heap_free(&h);
}

int main(void)
{
    static const struct check_test tests[] = {
        {"a heap is empty at first", is_empty_at_first},
        {"a heap takes nodes in and out", takes_in_and_out},
        {"a heap moves a node that is in", moves_a_node_that_is_in},
        {"a heap holds every key", holds_every_key},
        {"a heap sorts", sorts},
        {"a heap stays in order", stays_in_order},
    };
    return check_run(tests, ARRAY_LEN(tests));
}
