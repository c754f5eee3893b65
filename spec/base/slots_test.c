#include "base/slots.h"

#include "base/macros.h"
#include "support/check.h"

#include <stdlib.h>

// Objects that stay and objects that come and go: ids only grow, and each finds its own.
static bool ids_are_never_reused(void)
{
    enum { OBJECTS = 3000 };
    static struct slot slots[OBJECTS];
    static bool used[OBJECTS];
    struct slots s = {0};
    unsigned state = 11;
    uint64_t last = 0;
    bool ok = true;
    for (int i = 0; i < 200000 && ok; i++) {
        unsigned at = next_random(&state) % OBJECTS;
        if (used[at] && at % 7 != 0) {
            uint64_t id = slots[at].id;
            slots_remove(&s, &slots[at]);
            used[at] = false;
            ok = holds(slots_find(&s, id) == NULL, "a removed id is not found");
        } else if (!used[at]) {
            ok = slots_add(&s, &slots[at]) == 0 && holds(slots[at].id > last, "ids grow");
            last = slots[at].id;
            used[at] = true;
        }
    }
    for (int i = 0; i < OBJECTS && ok; i++)
        ok = !used[i] || holds(slots_find(&s, slots[i].id) == &slots[i], "an id finds its object");
    ok = ok && holds(last < 2000000, "few ids are left out");
    slots_free(&s);
    return ok;
}

static bool ids_are_listed(void)
{
    static struct slot slots[100];
    struct slots s = {0};
    for (size_t i = 0; i < ARRAY_LEN(slots); i++)
        slots_add(&s, &slots[i]);
    for (size_t i = 0; i < ARRAY_LEN(slots); i += 2)
        slots_remove(&s, &slots[i]);
    uint64_t *ids = slots_ids(&s);
    bool ok = holds(ids && s.count == 50 && ids[0] == 100 && ids[49] == 2, "largest first");
    for (size_t i = 1; i < s.count && ok; i++)
        ok = holds(ids[i] == ids[i - 1] - 2, "without those that were removed");
    free(ids);
    slots_free(&s);
    return ok && holds(slots_find(&s, 2) == NULL, "nothing is found in an empty table");
}

static const struct test tests[] = {
    {"slots: ids are never used twice, and find their object", ids_are_never_reused},
    {"slots: ids are listed largest first", ids_are_listed},
};

int main(void)
{
    return run_tests(tests, ARRAY_LEN(tests));
}
