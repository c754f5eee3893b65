// net/admission: whom a server lets in, by addresses that a spec cannot connect from.
#include "net/admission.h"

#include "base/macros.h"
#include "base/table.h"
#include "support/check.h"

#include <errno.h>

static struct net net = {.hash_key = {1, 2}, .room = 8};
static struct limits limits;
static struct conn_group group;

static const uint8_t here[] = {127, 0, 0, 1}, a[] = {192, 0, 2, 1}, b[] = {192, 0, 2, 2};
// 2001:db8:0:1::1 and ::2, and 2001:db8:0:2::1.
static const uint8_t c[16] = {0x20, 1, 0xd, 0xb8, [7] = 1, [15] = 1};
static const uint8_t d[16] = {0x20, 1, 0xd, 0xb8, [7] = 1, [15] = 2};
static const uint8_t e[16] = {0x20, 1, 0xd, 0xb8, [7] = 2, [15] = 1};

static void begin(size_t connections, size_t per_address)
{
    limits = (struct limits){.connections = connections, .per_address = per_address};
    group = (struct conn_group){.net = &net, .limits = &limits};
}

static void end(void)
{
    table_free(group.addresses);
}

static struct endpoint from(uint16_t family, const uint8_t *ip)
{
    struct endpoint peer = {.family = family, .port = 1};
    if (ip)
        memcpy(peer.ip, ip, family == AF_INET ? 4 : 16);
    return peer;
}

static int enter(uint16_t family, const uint8_t *ip)
{
    struct endpoint peer = from(family, ip);
    return admission_has_room(&group) ? admission_enter(&group, &peer) : -EMFILE;
}

static void leave(uint16_t family, const uint8_t *ip)
{
    struct endpoint peer = from(family, ip);
    admission_leave(&group, &peer);
}

static void lets_in_half_from_one_address(void)
{
    begin(0, 0);
    for (int i = 0; i < 4; i++)
        CHECK(enter(AF_INET, a) == 0);
    CHECK(enter(AF_INET, a) == -EUSERS);
    for (int i = 0; i < 4; i++)
        CHECK(enter(AF_INET, b) == 0);
    CHECK(enter(AF_INET6, c) == -EMFILE); // that is what descriptors allow
    leave(AF_INET, a);
    CHECK(enter(AF_INET, a) == 0);
    for (int i = 0; i < 4; i++) {
        leave(AF_INET, a);
        leave(AF_INET, b);
    }
    CHECK(group.admitted == 0);
    CHECK(table_count(group.addresses) == 0); // nobody is remembered
    end();
}

static void takes_an_ipv6_network_for_one_peer(void)
{
    begin(0, 0);
    for (int i = 0; i < 4; i++)
        CHECK(enter(AF_INET6, i % 2 ? c : d) == 0);
    CHECK(enter(AF_INET6, d) == -EUSERS);
    CHECK(enter(AF_INET6, e) == 0);
    end();
}

static void does_not_hold_this_machine_to_the_default(void)
{
    begin(0, 0);
    for (int i = 0; i < 7; i++)
        CHECK(enter(AF_INET, here) == 0);
    CHECK(enter(AF_UNIX, NULL) == 0);
    CHECK(enter(AF_UNIX, NULL) == -EMFILE);
    CHECK(table_count(group.addresses) == 1);
    end();
}

static void holds_everybody_to_what_is_set(void)
{
    begin(20, 2);
    CHECK(enter(AF_INET, here) == 0);
    CHECK(enter(AF_INET, here) == 0);
    CHECK(enter(AF_INET, here) == -EUSERS);
    for (int i = 0; i < 18; i++)
        CHECK(enter(AF_UNIX, NULL) == 0); // more than descriptors would allow
    CHECK(enter(AF_UNIX, NULL) == -EMFILE);
    end();
}

int main(void)
{
    static const struct check_test tests[] = {
        {"lets in half from one address", lets_in_half_from_one_address},
        {"takes an IPv6 network for one peer", takes_an_ipv6_network_for_one_peer},
        {"does not hold this machine to the default", does_not_hold_this_machine_to_the_default},
        {"holds everybody to what is set", holds_everybody_to_what_is_set},
    };
    return check_run(tests, ARRAY_LEN(tests));
}
