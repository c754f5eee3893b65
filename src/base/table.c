#include "base/table.h"

#include "base/hash.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

// A place: the entry's address in the lower 48 bits, which are all that addresses have on the systems that
// LuaJIT runs on, and 16 bits of its hash above; 0 for a free one. Searches go on to the next place.
enum { ADDRESS_BITS = 48, SMALLEST = 16, MOVES = 8 };

struct places {
    uint64_t *at;
    size_t size; // a power of two, at most three quarters are used
};

// A table that grows moves its entries a few at a time, with each that is set, so that none takes long. Those of
// `old` move in the order of their places, from `start` on, which was free: no search went over it.
struct table {
    struct places now, old; // old.at is NULL when nothing is left there
    size_t start, moved;
    size_t count;
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

static inline uint64_t hash_of(const struct table *t, const char *key, size_t n)
{
    return hash_keyed(t->key, key, n);
}

struct table *table_new(const uint64_t key[2])
{
    struct table *t = calloc(1, sizeof(*t));
    if (!t)
        return NULL;
    t->key[0] = key[0];
    t->key[1] = key[1];
    t->now = (struct places){calloc(SMALLEST, sizeof(*t->now.at)), SMALLEST};
    if (!t->now.at) {
        free(t);
        return NULL;
    }
    return t;
}

static void free_places(const struct places *p)
{
    for (size_t i = 0; p->at && i < p->size; i++)
        free(entry_at(p->at[i]));
    free(p->at);
}

void table_free(struct table *t)
{
    if (!t)
        return;
    free_places(&t->now);
    free_places(&t->old);
    free(t);
}

size_t table_count(const struct table *t)
{
    return t->count;
}

static inline uint64_t eight_bytes(const char *at)
{
    uint64_t bytes;
    memcpy(&bytes, at, 8);
    return bytes;
}

// Keys of 8 to 16 bytes, as most are, are two words that may overlap.
static inline bool is_key(const struct table_entry *e, const char *key, size_t n)
{
    if (e->key_length != n)
        return false;
    if (n < 8 || n > 16)
        return memcmp(e->bytes, key, n) == 0;
    return eight_bytes(e->bytes) == eight_bytes(key) && eight_bytes(e->bytes + n - 8) == eight_bytes(key + n - 8);
}

// The place of a key from the i-th on, or the free one behind those that it could be at.
static inline uint64_t *search(const struct places *p, size_t i, uint64_t hash, const char *key, size_t n)
{
    uint64_t tag = hash >> ADDRESS_BITS;
    for (i &= p->size - 1; p->at[i]; i = (i + 1) & (p->size - 1))
        if (p->at[i] >> ADDRESS_BITS == tag && is_key(entry_at(p->at[i]), key, n))
            break;
    return &p->at[i];
}

static size_t next_to_move(const struct table *t)
{
    return (t->start + t->moved) & (t->old.size - 1);
}

// Where a search in `old` begins: not at a place that was moved, as that is free and would end it.
static size_t home_in_old(const struct table *t, uint64_t hash)
{
    size_t home = hash & (t->old.size - 1);
    return ((home - t->start) & (t->old.size - 1)) < t->moved ? next_to_move(t) : home;
}

// The place of a key, and in which places that is; NULL when it is not there.
static inline uint64_t *find(const struct table *t, uint64_t hash, const char *key, size_t n, const struct places **in)
{
    uint64_t *at = search(&t->now, hash, hash, key, n);
    *in = &t->now;
    if (!*at && t->old.at) {
        at = search(&t->old, home_in_old(t, hash), hash, key, n);
        *in = &t->old;
    }
    return *at ? at : NULL;
}

const struct table_entry *table_find(const struct table *t, const char *key, size_t n)
{
    const struct places *in;
    const uint64_t *at = find(t, hash_of(t, key, n), key, n, &in);
    return at ? entry_at(*at) : NULL;
}

static void put_free(const struct places *p, const struct table_entry *e, uint64_t hash)
{
    size_t i = hash & (p->size - 1);
    while (p->at[i])
        i = (i + 1) & (p->size - 1);
    p->at[i] = make_place(e, hash);
}

static void move(struct table *t, size_t most)
{
    for (; t->old.at && most > 0; most--) {
        uint64_t *at = &t->old.at[next_to_move(t)];
        const struct table_entry *e = entry_at(*at);
        if (e)
            put_free(&t->now, e, hash_of(t, e->bytes, e->key_length));
        *at = 0;
        if (++t->moved == t->old.size) {
            free(t->old.at);
            t->old = (struct places){0};
        }
    }
}

static int grow(struct table *t)
{
    move(t, SIZE_MAX); // nothing is left to move where entries came one by one
    struct places larger = {calloc(t->now.size * 2, sizeof(*larger.at)), t->now.size * 2};
    if (!larger.at)
        return -ENOMEM;
    t->old = t->now;
    t->now = larger;
    t->moved = 0;
    for (t->start = 0; t->old.at[t->start]; t->start++)
        ;
    return 0;
}

int table_set(struct table *t, const char *key, size_t n, const char *value, size_t length)
{
    uint64_t hash = hash_of(t, key, n);
    const struct places *in;
    move(t, MOVES);
    uint64_t *at = find(t, hash, key, n, &in);
    if (!at && (t->count + 1) * 4 > t->now.size * 3 && grow(t) < 0)
        return -ENOMEM;
    struct table_entry *old = at ? entry_at(*at) : NULL, *e = old;
    if (!old || old->value_length != length) {
        e = n > UINT32_MAX || length > UINT32_MAX ? NULL : realloc(old, sizeof(*e) + n + length);
        if (!e)
            return -ENOMEM;
        e->key_length = (uint32_t)n;
        e->value_length = (uint32_t)length;
        if (at) {
            *at = make_place(e, hash);
        } else {
            memcpy(e->bytes, key, n);
            put_free(&t->now, e, hash);
        }
    }
    memcpy(e->bytes + n, value, length);
    t->count += !old;
    return !old;
}

// Frees the i-th place. Those behind it that a search would not find any more move up.
static void take_out(const struct table *t, const struct places *p, size_t i)
{
    size_t mask = p->size - 1;
    for (size_t k = (i + 1) & mask; p->at[k]; k = (k + 1) & mask) {
        const struct table_entry *e = entry_at(p->at[k]);
        size_t home = hash_of(t, e->bytes, e->key_length) & mask;
        if (((k - home) & mask) >= ((k - i) & mask)) {
            p->at[i] = p->at[k];
            i = k;
        }
    }
    p->at[i] = 0;
}

bool table_remove(struct table *t, const char *key, size_t n)
{
    const struct places *in;
    uint64_t *at = find(t, hash_of(t, key, n), key, n, &in);
    if (!at)
        return false;
    free(entry_at(*at));
    take_out(t, in, (size_t)(at - in->at));
    t->count--;
    return true;
}

const struct table_entry *table_next(const struct table *t, size_t *place)
{
    while (*place < t->now.size + t->old.size) {
        size_t i = (*place)++;
        const struct table_entry *e = entry_at(i < t->now.size ? t->now.at[i] : t->old.at[i - t->now.size]);
        if (e)
            return e;
    }
    return NULL;
}
