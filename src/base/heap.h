// A binary heap of nodes embedded in their owners: the smallest key is on top; adding, removing
// and changing a key take logarithmic time.
#ifndef BASE_HEAP_H
#define BASE_HEAP_H

#include <stddef.h>
#include <stdint.h>

struct heap_node {
    uint64_t key;
    size_t index; // its place in the heap, from 1; 0 while it is in none
};

struct heap {
    struct heap_node **nodes; // owned array; the nodes belong to their owners
    size_t count, size;
};

// Puts the node in with this key, or moves it when it is in already. Returns 0, or -ENOMEM (never
// for a node that is in).
int heap_set(struct heap *h, struct heap_node *node, uint64_t key);

// Takes the node out; nothing happens when it is not in.
void heap_remove(struct heap *h, struct heap_node *node);

// The node with the smallest key, or NULL.
static inline struct heap_node *heap_top(const struct heap *h)
{
    return h->count ? h->nodes[0] : NULL;
}

void heap_free(struct heap *h);

#endif
