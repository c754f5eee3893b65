// A hash table from bytes to bytes, which it copies. An entry is one piece of memory; a place in the table a
// pointer and some bits of the hash, so that a search mostly looks at one entry. It grows a little with each
// entry that is set, so that none of them takes long.
#ifndef BASE_TABLE_H
#define BASE_TABLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct table_entry {
    uint32_t key_length, value_length;
    char bytes[]; // the key, then the value
};

struct table;

// `key` makes the hashes such that nobody can guess which collide. NULL when out of memory.
struct table *table_new(const uint64_t key[2]);
void table_free(struct table *t); // nothing happens for NULL

size_t table_count(const struct table *t);

// The entry, which is there until the table changes; NULL for none.
const struct table_entry *table_find(const struct table *t, const char *key, size_t n);

// Sets a value. Returns 1 when the key is new, 0 when it was there, or -ENOMEM with the table as it was.
int table_set(struct table *t, const char *key, size_t n, const char *value, size_t length);

// Returns whether it was there.
bool table_remove(struct table *t, const char *key, size_t n);

// The entry at a place or behind it, and stores where the next search begins; NULL at the end. Begins with 0.
// Changes of the table meanwhile do no harm, but entries may be left out, or come twice.
const struct table_entry *table_next(const struct table *t, size_t *place);

#endif
