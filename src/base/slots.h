// Objects found by id. Ids count up from 1, are never used twice, and stay below 2^53, so that a
// Lua number holds them; an id whose place is still taken by a long-lived object is left out.
// Looking up an id is one array access and one comparison.
#ifndef BASE_SLOTS_H
#define BASE_SLOTS_H

#include "base/list.h"

#include <stddef.h>
#include <stdint.h>

// Embedded in the object.
struct slot {
    uint64_t id;
    struct link link; // the owner's
};

struct slots {
    struct slot **table; // owned; the entry of an id is table[id % size]
    size_t size;         // a power of two, at least twice the count
    size_t count;
    uint64_t last; // the id given out last
};

// Gives the object the next id. Returns 0 or -ENOMEM.
int slots_add(struct slots *s, struct slot *slot);

// The object with this id, or NULL.
struct slot *slots_find(const struct slots *s, uint64_t id);

void slots_remove(struct slots *s, struct slot *slot);

// The ids in use, largest first, in an array of s->count that the caller frees; NULL when out of
// memory or empty.
uint64_t *slots_ids(const struct slots *s);

void slots_free(struct slots *s);

#endif
