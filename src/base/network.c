#include "base/network.h"

#include <arpa/inet.h>
#include <errno.h>
#include <string.h>

// Whether the first bits of two addresses are the same.
static bool same_bits(const uint8_t *a, const uint8_t *b, unsigned bits)
{
    unsigned whole = bits / 8, rest = bits % 8;
    if (memcmp(a, b, whole) != 0)
        return false;
    return rest == 0 || ((a[whole] ^ b[whole]) >> (8 - rest)) == 0;
}

// One to three digits, without zeros in front; -1 for anything else.
static int read_bits(const char *text)
{
    int bits = 0;
    size_t n = strlen(text);
    if (n < 1 || n > 3 || strspn(text, "0123456789") != n || (text[0] == '0' && n > 1))
        return -1;
    while (*text)
        bits = bits * 10 + (*text++ - '0');
    return bits;
}

// Whether all bits behind the first ones are 0.
static bool is_clean(const struct network *n, unsigned size)
{
    for (unsigned bit = n->bits; bit < size; bit++)
        if (n->ip[bit / 8] & (0x80 >> (bit % 8)))
            return false;
    return true;
}

// Endpoints have an IPv4 address that is mapped into IPv6 (RFC 4291, 2.5.5.2) as IPv4, so networks do.
static void unmap(struct network *n)
{
    static const uint8_t prefix[12] = {[10] = 0xff, [11] = 0xff};
    if (n->family != AF_INET6 || n->bits < 96 || memcmp(n->ip, prefix, sizeof(prefix)) != 0)
        return;
    n->family = AF_INET;
    n->bits -= 96;
    memmove(n->ip, n->ip + 12, 4);
}

int network_parse(struct network *n, const char *text)
{
    char ip[64];
    const char *slash = strchr(text, '/');
    size_t length = slash ? (size_t)(slash - text) : strlen(text);
    if (length >= sizeof(ip))
        return -EINVAL;
    memcpy(ip, text, length);
    ip[length] = '\0';
    *n = (struct network){.family = strchr(ip, ':') ? AF_INET6 : AF_INET};
    if (inet_pton(n->family, ip, n->ip) != 1)
        return -EINVAL;
    int size = n->family == AF_INET6 ? 128 : 32;
    int bits = slash ? read_bits(slash + 1) : size;
    if (bits < 0 || bits > size)
        return -EINVAL;
    n->bits = (uint8_t)bits;
    if (!is_clean(n, (unsigned)size))
        return -EINVAL;
    unmap(n);
    return 0;
}

bool network_contains(const struct network *n, const struct endpoint *e)
{
    return e->family == n->family && same_bits(n->ip, e->ip, n->bits);
}
