// base/endpoint: IP addresses and ports, from and to the system's structs, and as text.
#include "base/endpoint.h"

#include "base/macros.h"
#include "support/check.h"

#include <arpa/inet.h>

static struct sockaddr_storage ipv4(const char *ip, uint16_t port)
{
    struct sockaddr_storage sa = {0};
    struct sockaddr_in *in = (struct sockaddr_in *)&sa;
    in->sin_family = AF_INET;
    in->sin_port = htons(port);
    inet_pton(AF_INET, ip, &in->sin_addr);
    return sa;
}

static struct sockaddr_storage ipv6(const char *ip, uint16_t port, uint32_t scope)
{
    struct sockaddr_storage sa = {0};
    struct sockaddr_in6 *in6 = (struct sockaddr_in6 *)&sa;
    in6->sin6_family = AF_INET6;
    in6->sin6_port = htons(port);
    in6->sin6_scope_id = scope;
    inet_pton(AF_INET6, ip, &in6->sin6_addr);
    return sa;
}

static bool reads(struct sockaddr_storage sa, const char *ip, const char *text)
{
    char found[ENDPOINT_TEXT_SIZE];
    struct endpoint e = endpoint_from_sockaddr(&sa);
    return strcmp(endpoint_ip(&e, found), ip) == 0 && strcmp(endpoint_text(&e, "tcp", found), text) == 0;
}

static bool comes_back(struct sockaddr_storage sa, socklen_t expected)
{
    struct sockaddr_storage back;
    struct endpoint e = endpoint_from_sockaddr(&sa);
    memset(&back, 0xff, sizeof(back));
    return endpoint_to_sockaddr(&e, &back) == expected && memcmp(&sa, &back, expected) == 0;
}

static void has_a_text(void)
{
    CHECK(reads(ipv4("127.0.0.1", 5000), "127.0.0.1", "tcp://127.0.0.1:5000"));
    CHECK(reads(ipv4("255.255.255.255", 65535), "255.255.255.255", "tcp://255.255.255.255:65535"));
    CHECK(reads(ipv6("::1", 80, 0), "::1", "tcp://[::1]:80"));
    CHECK(reads(ipv6("::", 0, 0), "::", "tcp://[::]:0"));
    CHECK(reads(ipv6("2001:db8::a", 80, 0), "2001:db8::a", "tcp://[2001:db8::a]:80"));
}

static void has_a_scope(void)
{
    CHECK(reads(ipv6("fe80::1", 80, 2), "fe80::1%2", "tcp://[fe80::1%2]:80"));
    CHECK(reads(ipv6("fe80:1111:2222:3333:4444:5555:6666:7777", 65535, UINT32_MAX),
                "fe80:1111:2222:3333:4444:5555:6666:7777%4294967295",
                "tcp://[fe80:1111:2222:3333:4444:5555:6666:7777%4294967295]:65535"));
}

static void is_ipv4_when_mapped(void)
{
    CHECK(reads(ipv6("::ffff:192.0.2.1", 80, 0), "192.0.2.1", "tcp://192.0.2.1:80"));
}

static void comes_back_as_it_was(void)
{
    CHECK(comes_back(ipv4("192.0.2.1", 80), sizeof(struct sockaddr_in)));
    CHECK(comes_back(ipv6("2001:db8::a", 80, 0), sizeof(struct sockaddr_in6)));
    CHECK(comes_back(ipv6("fe80::1", 80, 7), sizeof(struct sockaddr_in6)));
}

static void is_nothing_for_a_unix_socket(void)
{
    struct sockaddr_storage sa = {.ss_family = AF_UNIX};
    struct endpoint e = endpoint_from_sockaddr(&sa), unknown = {0};
    CHECK(e.family == AF_UNIX && e.port == 0);
    CHECK(reads(sa, "", ""));
    CHECK(endpoint_to_sockaddr(&e, &sa) == 0);
    CHECK(endpoint_to_sockaddr(&unknown, &sa) == 0);
}

int main(void)
{
    static const struct check_test tests[] = {
        {"an endpoint has a text", has_a_text},
        {"an endpoint has a scope where it is link-local", has_a_scope},
        {"an endpoint is IPv4 where that is mapped into IPv6", is_ipv4_when_mapped},
        {"an endpoint comes back as it was", comes_back_as_it_was},
        {"an endpoint is nothing for a unix socket", is_nothing_for_a_unix_socket},
    };
    return check_run(tests, ARRAY_LEN(tests));
}
