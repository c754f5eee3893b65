#include "base/table.h"

#include "base/hash.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

// A place: the entry's address in the lower 48 bits, which are all that addresses have on the systems that
// LuaJIT runs on, and 16 bits of its hash above; 0 for a free one. Searches go on to the next place.
enum { ADDRESS_BITS = 48, SMALLEST = 16 };

struct table {
    uint64_t *places;
    size_t size, count; // size is a power of two, at most three quarters are used
    uint64_t key[2];
};

static struct table_entry *entry_at(uint64_t place)
{
    return (struct table_entry *)(uintptr_t)(place & (((uint64_t)1 << ADDRESS_BITS) - 1));
}

static uint64_t make_place(const struct table_entry *e, uint64_t hash)
{
    return (uint64_t)(uintptr_t)e | hash >> ADDRESS_BITS << ADDRESS_BITS;
}

static uint64_t hash_of(const struct table *t, const char *key, size_t n)
{
    return hash_keyed(t->key, key, n);
}

struct table *table_new(const uint64_t key[2])
{
    struct table *t = calloc(1, sizeof(*t));
    if (!t)
        return NULL;
    t->size = SMALLEST;
    t->key[0] = key[0];
    t->key[1] = key[1];
    t->places = calloc(t->size, sizeof(*t->places));
    if (!t->places) {
        free(t);
        return NULL;
    }
    return t;
}

void table_free(struct table *t)
{
    if (!t)
        return;
    for (size_t i = 0; i < t->size; i++)
        free(entry_at(t->places[i]));
    free(t->places);
    free(t);
}

size_t table_count(const struct table *t)
{
    return t->count;
}

static bool is_key(const struct table_entry *e, const char *key, size_t n)
{
    return e->key_length == n && memcmp(e->bytes, key, n) == 0;
}

// The place of a key, or the free one where it would be.
static size_t search(const struct table *t, uint64_t hash, const char *key, size_t n)
{
    size_t i = hash & (t->size - 1);
    uint64_t tag = hash >> ADDRESS_BITS;
    while (t->places[i]) {
        if (t->places[i] >> ADDRESS_BITS == tag && is_key(entry_at(t->places[i]), key, n))
            break;
        i = (i + 1) & (t->size - 1);
    }
    return i;
}

const struct table_entry *table_find(const struct table *t, const char *key, size_t n)
{
    return entry_at(t->places[search(t, hash_of(t, key, n), key, n)]);
}

static void put_free(uint64_t *places, size_t size, uint64_t hash, uint64_t place)
{
    size_t i = hash & (size - 1);
    while (places[i])
        i = (i + 1) & (size - 1);
    places[i] = place;
}

static int grow(struct table *t)
{
    size_t size = t->size * 2;
    uint64_t *places = calloc(size, sizeof(*places));
    if (!places)
        return -ENOMEM;
    for (size_t i = 0; i < t->size; i++) {
        const struct table_entry *e = entry_at(t->places[i]);
        if (e)
            put_free(places, size, hash_of(t, e->bytes, e->key_length), t->places[i]);
    }
    free(t->places);
    t->places = places;
    t->size = size;
    return 0;
}

int table_set(struct table *t, const char *key, size_t n, const char *value, size_t length)
{
    uint64_t hash = hash_of(t, key, n);
    size_t i = search(t, hash, key, n);
    struct table_entry *old = entry_at(t->places[i]), *e = old;
    if (!old && (t->count + 1) * 4 > t->size * 3) {
        if (grow(t) < 0)
            return -ENOMEM;
        i = search(t, hash, key, n);
    }
    if (!old || old->value_length != length) {
        e = n > UINT32_MAX || length > UINT32_MAX ? NULL : realloc(old, sizeof(*e) + n + length);
        if (!e)
            return -ENOMEM;
        e->key_length = (uint32_t)n;
        e->value_length = (uint32_t)length;
        if (!old)
            memcpy(e->bytes, key, n);
        t->places[i] = make_place(e, hash);
    }
    memcpy(e->bytes + n, value, length);
    t->count += !old;
    return !old;
}

bool table_remove(struct table *t, const char *key, size_t n)
{
    size_t i = search(t, hash_of(t, key, n), key, n), mask = t->size - 1;
    if (!t->places[i])
        return false;
    free(entry_at(t->places[i]));
    t->count--;
    // Those behind it that a search would not find any more move up.
    for (size_t k = (i + 1) & mask; t->places[k]; k = (k + 1) & mask) {
        const struct table_entry *e = entry_at(t->places[k]);
        size_t home = hash_of(t, e->bytes, e->key_length) & mask;
        if (((k - home) & mask) >= ((k - i) & mask)) {
            t->places[i] = t->places[k];
            i = k;
        }
    }
    t->places[i] = 0;
    return true;
}

const struct table_entry *table_next(const struct table *t, size_t *place)
{
    while (*place < t->size) {
        const struct table_entry *e = entry_at(t->places[(*place)++]);
        if (e)
            return e;
    }
    return NULL;
}
