// base/slots: objects found by ids that are never used twice.
#include "base/slots.h"

#include "base/macros.h"
#include "support/check.h"

#include <stdlib.h>

enum { MANY = 3000 };

static void counts_up_from_one(void)
{
    struct slots s = {0};
    struct slot a, b;
    CHECK(slots_find(&s, 1) == NULL);
    CHECK(slots_add(&s, &a) == 0 && a.id == 1);
    CHECK(slots_add(&s, &b) == 0 && b.id == 2);
    CHECK(slots_find(&s, 1) == &a && slots_find(&s, 2) == &b);
    CHECK(slots_find(&s, 0) == NULL && slots_find(&s, 3) == NULL);
    CHECK(slots_find(&s, UINT64_MAX) == NULL);
    slots_free(&s);
}

static void forgets_what_was_removed(void)
{
    struct slots s = {0};
    struct slot a, b;
    CHECK(slots_add(&s, &a) == 0);
    slots_remove(&s, &a);
    CHECK(s.count == 0 && slots_find(&s, a.id) == NULL);
    CHECK(slots_add(&s, &b) == 0);
    CHECK(b.id > a.id && slots_find(&s, a.id) == NULL);
    slots_free(&s);
}

// Ids that share a place with one that lives on are left out.
static void never_uses_an_id_again(void)
{
    struct slots s = {0};
    struct slot old[5], brief;
    uint64_t last = 0;
    for (size_t i = 0; i < ARRAY_LEN(old); i++) {
        CHECK(slots_add(&s, &old[i]) == 0);
        last = old[i].id;
    }
    for (int i = 0; i < 100000; i++) {
        CHECK(slots_add(&s, &brief) == 0);
        CHECK(brief.id > last);
        last = brief.id;
        CHECK(slots_find(&s, brief.id) == &brief);
        slots_remove(&s, &brief);
        CHECK(slots_find(&s, brief.id) == NULL);
    }
    for (size_t i = 0; i < ARRAY_LEN(old); i++)
        CHECK(slots_find(&s, old[i].id) == &old[i]);
    CHECK(s.size <= 64);
    slots_free(&s);
}

static void grows(void)
{
    struct slots s = {0};
    static struct slot all[MANY];
    for (size_t i = 0; i < MANY; i++)
        CHECK(slots_add(&s, &all[i]) == 0);
    CHECK(s.count == MANY && s.size >= 2 * MANY && s.size <= 4 * MANY);
    for (size_t i = 0; i < MANY; i++)
        CHECK(slots_find(&s, all[i].id) == &all[i]);
    slots_free(&s);
}

static void lists_its_ids_largest_first(void)
{
    struct slots s = {0};
    static struct slot all[MANY];
    CHECK(slots_ids(&s) == NULL);
    for (size_t i = 0; i < MANY; i++)
        CHECK(slots_add(&s, &all[i]) == 0);
    for (size_t i = 0; i < MANY; i += 3)
        slots_remove(&s, &all[i]);
    uint64_t *ids = slots_ids(&s);
    CHECK(ids != NULL);
    size_t at = 0;
    for (size_t i = MANY; i-- > 0;)
        if (i % 3 != 0)
            CHECK(ids[at++] == all[i].id);
    CHECK(at == s.count);
    free(ids);
    slots_free(&s);
}

static void goes_on_counting_after_free(void)
{
    struct slots s = {0};
    struct slot a, b;
    CHECK(slots_add(&s, &a) == 0);
    slots_free(&s);
    CHECK(s.table == NULL && s.count == 0);
    CHECK(slots_add(&s, &b) == 0);
    CHECK(b.id == a.id + 1);
    slots_free(&s);
}

// Objects that come and go at random, some of them for long.
static void finds_exactly_what_is_there(void)
{
    struct slots s = {0};
    static struct slot all[MANY];
    static bool there[MANY];
    size_t count = 0;
    uint64_t last = 0;
    for (int i = 0; i < 200000; i++) {
        size_t k = check_random(check_random(4) ? MANY / 8 : MANY);
        if (there[k]) {
            slots_remove(&s, &all[k]);
            count--;
        } else {
            CHECK(slots_add(&s, &all[k]) == 0);
            CHECK(all[k].id > last);
            last = all[k].id;
            count++;
        }
        there[k] = !there[k];
        k = check_random(MANY);
        CHECK(slots_find(&s, all[k].id) == (there[k] ? &all[k] : NULL));
        CHECK(s.count == count);
    }
    CHECK(last < (uint64_t)1 << 53);
    slots_free(&s);
}

int main(void)
{
    static const struct check_test tests[] = {
        {"ids count up from one", counts_up_from_one},
        {"an object that was removed is not found", forgets_what_was_removed},
        {"an id is never used again", never_uses_an_id_again},
        {"the table grows", grows},
        {"ids are listed largest first", lists_its_ids_largest_first},
        {"ids go on counting after the table was freed", goes_on_counting_after_free},
        {"exactly what is there is found", finds_exactly_what_is_there},
    };
    return check_run(tests, ARRAY_LEN(tests));
}
