// base/hash: the published values of SipHash-1-3, key 00 01 ... 0f, message 00 01 02 ...
#include "base/hash.h"

#include "base/macros.h"
#include "support/check.h"

static void has_the_published_values(void)
{
    static const struct {
        size_t length;
        uint64_t hash;
    } known[] = {
        {0, 0xabac0158050fc4dc},  {1, 0xc9f49bf37d57ca93},  {2, 0x82cb9b024dc7d44d},
        {3, 0x8bf80ab8e7ddf7fb},  {15, 0xd320d86d2a519956}, {63, 0x9d199062b7bbb3a8},
    };
    uint8_t message[64];
    for (size_t i = 0; i < sizeof(message); i++)
        message[i] = (uint8_t)i;
    const uint64_t key[2] = {0x0706050403020100, 0x0f0e0d0c0b0a0908};
    for (size_t i = 0; i < ARRAY_LEN(known); i++)
        CHECK(hash_keyed(key, message, known[i].length) == known[i].hash);
}

static void depends_on_the_key(void)
{
    const uint64_t one[2] = {1, 2}, two[2] = {1, 3};
    CHECK(hash_keyed(one, "same", 4) != hash_keyed(two, "same", 4));
    CHECK(hash_keyed(one, "same", 4) == hash_keyed(one, "same", 4));
}

int main(void)
{
    static const struct check_test tests[] = {
        {"the keyed hash has the published values", has_the_published_values},
        {"the keyed hash depends on the key", depends_on_the_key},
    };
    return check_run(tests, ARRAY_LEN(tests));
}
