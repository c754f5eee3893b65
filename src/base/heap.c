#include "base/heap.h"

#include <errno.h>
#include <stdlib.h>

enum { SMALLEST = 16 };

static void put(struct heap *h, size_t index, struct heap_node *node)
{
    h->nodes[index - 1] = node;
    node->index = index;
}

static void sift_up(struct heap *h, struct heap_node *node)
{
    size_t i = node->index;
    while (i > 1 && h->nodes[i / 2 - 1]->key > node->key) {
        put(h, i, h->nodes[i / 2 - 1]);
        i /= 2;
    }
    put(h, i, node);
}

static void sift_down(struct heap *h, struct heap_node *node)
{
    size_t i = node->index;
    for (;;) {
        size_t child = i * 2;
        if (child > h->count)
            break;
        if (child < h->count && h->nodes[child]->key < h->nodes[child - 1]->key)
            child++;
        if (h->nodes[child - 1]->key >= node->key)
            break;
        put(h, i, h->nodes[child - 1]);
        i = child;
    }
    put(h, i, node);
}

int heap_set(struct heap *h, struct heap_node *node, uint64_t key)
{
    if (node->index == 0) {
        if (h->count == h->size) {
            size_t size = h->size ? h->size * 2 : SMALLEST;
            struct heap_node **nodes = realloc(h->nodes, size * sizeof(struct heap_node *));
            if (!nodes)
                return -ENOMEM;
            h->nodes = nodes;
            h->size = size;
        }
        put(h, ++h->count, node);
    }
    node->key = key;
    sift_up(h, node);
    sift_down(h, node);
    return 0;
}

void heap_remove(struct heap *h, struct heap_node *node)
{
    if (node->index == 0)
        return;
    struct heap_node *last = h->nodes[--h->count];
    if (last != node) {
        put(h, node->index, last);
        sift_up(h, last);
        sift_down(h, last);
    }
    node->index = 0;
}

void heap_free(struct heap *h)
{
    free(h->nodes);
    *h = (struct heap){0};
}
