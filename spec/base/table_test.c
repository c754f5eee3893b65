// base/table against a plain array of the same keys and values.
#include "base/table.h"

#include "base/hash.h"
#include "base/macros.h"
#include "support/check.h"

#include <stdlib.h>

static const uint64_t key[2] = {1, 2};

static void keeps_bytes(void)
{
    struct table *t = table_new(key);
    CHECK(table_find(t, "a", 1) == NULL && !table_remove(t, "a", 1));
    CHECK(table_set(t, "a", 1, "one", 3) == 1 && table_set(t, "a\0b", 3, "", 0) == 1);
    CHECK(table_set(t, "", 0, "empty", 5) == 1 && table_count(t) == 3);
    const struct table_entry *e = table_find(t, "a", 1);
    CHECK(e->key_length == 1 && e->value_length == 3 && memcmp(e->bytes, "aone", 4) == 0);
    CHECK(table_set(t, "a", 1, "two", 3) == 0 && memcmp(table_find(t, "a", 1)->bytes, "atwo", 4) == 0);
    CHECK(table_set(t, "a", 1, "three", 5) == 0 && memcmp(table_find(t, "a", 1)->bytes, "athree", 6) == 0);
    CHECK(table_find(t, "a\0b", 3)->value_length == 0 && table_find(t, "", 0)->value_length == 5);
    CHECK(table_remove(t, "a", 1) && !table_find(t, "a", 1) && table_find(t, "a\0b", 3) && table_count(t) == 2);
    table_free(t);
    table_free(NULL);
}

// Names of n bytes that differ in two bytes, of which two have the same place in a small table and the same bits of
// their hashes beside it: only their bytes tell them apart.
static void tells_apart(size_t n, size_t differ)
{
    static char names[65536][24];
    static int of_place[1 << 20]; // index + 1 of the name
    memset(of_place, 0, sizeof(of_place));
    for (int k = 0; k < 65536; k++) {
        memset(names[k], 'x', sizeof(names[k]));
        memcpy(names[k] + differ, &(uint16_t){(uint16_t)k}, 2);
        uint64_t hash = hash_keyed(key, names[k], n);
        int *other = &of_place[hash >> 48 << 4 | (hash & 15)];
        if (*other) {
            struct table *t = table_new(key);
            CHECK(table_set(t, names[k], n, "", 0) == 1);
            CHECK(table_find(t, names[k], n) && !table_find(t, names[*other - 1], n));
            table_free(t);
            return;
        }
        *other = k + 1;
    }
    CHECK(!"two names collide");
}

static void tells_keys_apart(void)
{
    for (size_t n = 2; n <= 24; n++)
        for (size_t differ = 0; differ + 2 <= n; differ++)
            tells_apart(n, differ);
}

enum { KEYS = 3000 };

// Sets and removes of random keys, with values of all lengths.
static void agrees_with_an_array(void)
{
    struct table *t = table_new(key);
    static int lengths[KEYS]; // of the values, -1 for none
    char name[16], value[64];
    size_t count = 0;
    memset(lengths, -1, sizeof(lengths));
    for (int step = 0; step < 200000; step++) {
        unsigned k = check_random(KEYS);
        size_t n = (size_t)snprintf(name, sizeof(name), "key:%u", k);
        if (check_random(100) < (step % 50000 < 25000 ? 60u : 30u)) {
            int length = (int)check_random(sizeof(value));
            memset(value, (int)('a' + k % 26), (size_t)length);
            CHECK(table_set(t, name, n, value, (size_t)length) == (lengths[k] < 0));
            count += lengths[k] < 0;
            lengths[k] = length;
        } else {
            CHECK(table_remove(t, name, n) == (lengths[k] >= 0));
            count -= lengths[k] >= 0;
            lengths[k] = -1;
        }
        CHECK(table_count(t) == count);
        const struct table_entry *e = table_find(t, name, n);
        CHECK(!e == (lengths[k] < 0) && (!e || e->value_length == (uint32_t)lengths[k]));
    }
    size_t place = 0, seen = 0;
    const struct table_entry *e;
    while ((e = table_next(t, &place))) {
        seen++;
        for (uint32_t i = 0; i < e->value_length; i++)
            CHECK(e->bytes[e->key_length + i] == e->bytes[e->key_length]);
    }
    CHECK(seen == count);
    for (unsigned k = 0; k < KEYS; k++) {
        size_t n = (size_t)snprintf(name, sizeof(name), "key:%u", k);
        CHECK(!table_find(t, name, n) == (lengths[k] < 0));
    }
    table_free(t);
}

// While entries move from one size to the next: what is there is found, changed, removed and counted in both.
static void grows_in_steps(void)
{
    enum { MOST = 600 };
    for (unsigned round = 0; round < 300; round++) {
        const uint64_t own[2] = {round, 7};
        struct table *t = table_new(own);
        int values[MOST];
        size_t count = 0;
        for (int k = 0; k < MOST; k++) {
            CHECK(table_set(t, (char *)&k, sizeof(k), (char *)&k, sizeof(k)) == 1);
            values[k] = k;
            count++;
            int other = (int)check_random((uint32_t)k + 1), twice = other * 2;
            bool there = values[other] >= 0;
            const struct table_entry *e = table_find(t, (char *)&other, sizeof(other));
            CHECK(!e == !there && (!e || memcmp(e->bytes + sizeof(k), &values[other], sizeof(k)) == 0));
            if (check_random(3) == 0) {
                CHECK(table_remove(t, (char *)&other, sizeof(other)) == there);
                count -= there;
                values[other] = -1;
            } else if (there && check_random(2) == 0) {
                CHECK(table_set(t, (char *)&other, sizeof(other), (char *)&twice, sizeof(twice)) == 0);
                values[other] = twice;
            }
            CHECK(table_count(t) == count);
        }
        size_t place = 0, seen = 0;
        while (round % 2 && table_next(t, &place))
            seen++;
        CHECK(round % 2 == 0 || seen == count);
        for (int k = 0; k < MOST; k++)
            CHECK(!table_find(t, (char *)&k, sizeof(k)) == (values[k] < 0));
        table_free(t);
    }
}

int main(void)
{
    static const struct check_test tests[] = {
        {"bytes are kept", keeps_bytes},
        {"keys of any length are told apart by any of their bytes", tells_keys_apart},
        {"it agrees with an array", agrees_with_an_array},
        {"it grows in steps", grows_in_steps},
    };
    return check_run(tests, ARRAY_LEN(tests));
}
