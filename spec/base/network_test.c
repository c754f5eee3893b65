// base/network: networks as text, and what is in them.
#include "base/network.h"

#include "base/macros.h"
#include "support/check.h"

#include <arpa/inet.h>
#include <errno.h>

static bool contains(const char *network, const char *ip)
{
    struct network n;
    struct endpoint e = {.family = strchr(ip, ':') ? AF_INET6 : AF_INET};
    CHECK(network_parse(&n, network) == 0);
    CHECK(inet_pton(e.family, ip, e.ip) == 1);
    return network_contains(&n, &e);
}

static void holds_addresses(void)
{
    CHECK(contains("127.0.0.0/8", "127.0.0.1"));
    CHECK(contains("127.0.0.0/8", "127.255.255.255"));
    CHECK(!contains("127.0.0.0/8", "128.0.0.1"));
    CHECK(contains("192.168.4.0/22", "192.168.7.255"));
    CHECK(!contains("192.168.4.0/22", "192.168.8.0"));
    CHECK(!contains("192.168.4.0/22", "192.168.3.255"));
    CHECK(contains("10.1.2.3", "10.1.2.3"));
    CHECK(!contains("10.1.2.3", "10.1.2.2"));
    CHECK(contains("10.1.2.2/31", "10.1.2.3"));
    CHECK(contains("0.0.0.0/0", "255.1.2.3"));
    CHECK(contains("::1", "::1"));
    CHECK(!contains("::1", "::2"));
    CHECK(contains("2001:db8::/33", "2001:db8:7fff::1"));
    CHECK(!contains("2001:db8::/33", "2001:db8:8000::1"));
    CHECK(contains("::/0", "fe80::1"));
    CHECK(contains("::ffff:127.0.0.0/104", "127.0.0.1")); // mapped into IPv6, as endpoints are not
    CHECK(!contains("::ffff:127.0.0.1", "127.0.0.2"));
}

static void keeps_families_apart(void)
{
    struct network n;
    struct endpoint local = {.family = AF_UNIX};
    CHECK(!contains("0.0.0.0/0", "::1"));
    CHECK(!contains("::/0", "127.0.0.1"));
    CHECK(network_parse(&n, "0.0.0.0/0") == 0 && !network_contains(&n, &local));
}

static void refuses_what_is_none(void)
{
    static const char *const texts[] = {
        "", "/", "/8", "10.0.0.0/", "10.0.0.0/33", "10.0.0.0/-1", "10.0.0.0/ 8", "10.0.0.0/8 ",
        "10.0.0.0/8/8", "10.0.0/8", "10.0.0.0/0008", "10.0.0.1/8", "0.0.0.1/0", "::/129", "::1/127",
        "fe80::1%1", "localhost", "10.0.0.256", "[::1]", "2001:db8::/16",
        "0000000000000000000000000000000000000000000000000000000000000000000000000000000::1",
    };
    struct network n;
    for (size_t i = 0; i < ARRAY_LEN(texts); i++)
        CHECK(network_parse(&n, texts[i]) == -EINVAL);
}

int main(void)
{
    static const struct check_test tests[] = {
        {"a network holds addresses", holds_addresses},
        {"IPv4 and IPv6 are kept apart", keeps_families_apart},
        {"what is no network is refused", refuses_what_is_none},
    };
    return check_run(tests, ARRAY_LEN(tests));
}
