#include "base/slots.h"

#include <errno.h>
#include <stdlib.h>

enum { SMALLEST = 64 };

static struct slot **place(const struct slots *s, uint64_t id)
{
    return &s->table[id & (s->size - 1)];
}

static int grow(struct slots *s)
{
    struct slots larger = *s;
    larger.size = s->size ? s->size * 2 : SMALLEST;
    larger.table = calloc(larger.size, sizeof(struct slot *));
    if (!larger.table)
        return -ENOMEM;
    // Ids that differ modulo the old size differ modulo the new one.
    for (size_t i = 0; i < s->size; i++)
        if (s->table[i])
            *place(&larger, s->table[i]->id) = s->table[i];
    free(s->table);
    *s = larger;
    return 0;
}

int slots_add(struct slots *s, struct slot *slot)
{
    if (s->count * 2 >= s->size) {
        int err = grow(s);
        if (err)
            return err;
    }
    do {
        s->last++;
    } while (*place(s, s->last));
    slot->id = s->last;
    *place(s, slot->id) = slot;
    s->count++;
    return 0;
}

struct slot *slots_find(const struct slots *s, uint64_t id)
{
    if (s->size == 0)
        return NULL;
    struct slot *slot = *place(s, id);
    return slot && slot->id == id ? slot : NULL;
}

void slots_remove(struct slots *s, struct slot *slot)
{
    *place(s, slot->id) = NULL;
    s->count--;
}

static int descending(const void *a, const void *b)
{
    uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;
    return (x < y) - (x > y);
}

uint64_t *slots_ids(const struct slots *s)
{
    uint64_t *ids = s->count ? malloc(s->count * sizeof(uint64_t)) : NULL;
    if (!ids)
        return NULL;
    size_t n = 0;
    for (size_t i = 0; i < s->size; i++)
        if (s->table[i])
            ids[n++] = s->table[i]->id;
    qsort(ids, n, sizeof(uint64_t), descending);
    return ids;
}

void slots_free(struct slots *s)
{
    free(s->table);
    *s = (struct slots){.last = s->last};
}
