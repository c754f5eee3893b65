// The PROXY protocol's header: a prefix is understood as the whole is, parts lie in it, and what was understood is
// understood again when it is written anew.
#include "fuzz/fuzz.h"

#include "codec/proxy.h"

#include <arpa/inet.h>

struct found {
    ssize_t result;
    struct proxy_header header;
    const char *error;
};

static void scan(struct found *f, const char *bytes, size_t n)
{
    f->error = NULL;
    f->result = proxy_scan(bytes, n, &f->header, &f->error);
    HOLDS(f->result >= -1 && f->result <= (ssize_t)n && (f->result >= 0 || f->error));
}

static bool same_end(const struct endpoint *a, const struct endpoint *b)
{
    return a->family == b->family && a->port == b->port && memcmp(a->ip, b->ip, sizeof(a->ip)) == 0;
}

static bool same_part(struct proxy_part a, struct proxy_part b)
{
    return a.at == b.at && a.length == b.length;
}

static bool same(const struct proxy_header *a, const struct proxy_header *b)
{
    return a->version == b->version && a->known == b->known && same_end(&a->source, &b->source) &&
           same_end(&a->destination, &b->destination) && same_part(a->source_path, b->source_path) &&
           same_part(a->destination_path, b->destination_path) && same_part(a->values, b->values);
}

static void check_prefix(void *data, const char *bytes, size_t n)
{
    const struct found *whole = data;
    struct found f;
    scan(&f, bytes, n);
    if (f.result != 0)
        HOLDS(f.result == whole->result);
    if (f.result > 0)
        HOLDS(same(&f.header, &whole->header));
    if (whole->result > 0)
        HOLDS((f.result > 0) == ((ssize_t)n >= whole->result));
}

static void check_values(const char *bytes, size_t used, struct proxy_part values)
{
    unsigned type;
    struct proxy_part value;
    size_t end = values.at + values.length;
    HOLDS(values.length == 0 || end == used);
    while (proxy_value(bytes, &values, &type, &value)) {
        HOLDS(type <= 255 && value.at + value.length == values.at && values.at + values.length == end);
        if (type == PROXY_CRC32C)
            HOLDS(value.length == 4);
        if (type == PROXY_SSL)
            HOLDS(value.length >= PROXY_SSL_HEAD);
    }
    HOLDS(values.length == 0);
}

static void check_header(const struct found *f, const char *bytes)
{
    const struct proxy_header *h = &f->header;
    size_t used = (size_t)f->result;
    HOLDS(used <= PROXY_MOST && (h->version == 2 || (h->version == 1 && used <= 107)));
    HOLDS(h->source_path.at + h->source_path.length <= used && h->source_path.length <= 108);
    HOLDS(h->destination_path.at + h->destination_path.length <= used && h->destination_path.length <= 108);
    HOLDS(h->known || (h->source.family == 0 && h->destination.family == 0));
    HOLDS(!h->known || h->source.family == AF_INET || h->source.family == AF_INET6 || h->source.family == AF_UNIX);
    check_values(bytes, used, h->values);
}

// As a line, in which both are of one family: an IPv4 address that was mapped into IPv6 beside one of IPv6 is not.
static void check_line(const struct proxy_header *h)
{
    char line[128], from[INET6_ADDRSTRLEN], to[INET6_ADDRSTRLEN];
    int family = h->source.family;
    if (!h->known || family == AF_UNIX || family != h->destination.family)
        return;
    inet_ntop(family, h->source.ip, from, sizeof(from));
    inet_ntop(family, h->destination.ip, to, sizeof(to));
    int n = snprintf(line, sizeof(line), "PROXY TCP%d %s %s %u %u\r\n", family == AF_INET ? 4 : 6, from, to,
                     h->source.port, h->destination.port);
    char *own = fuzz_copy(line, (size_t)n);
    struct found again;
    scan(&again, own, (size_t)n);
    HOLDS(again.result == n && again.header.version == 1 && same_end(&again.header.source, &h->source) &&
          same_end(&again.header.destination, &h->destination));
    free(own);
}

static void check(const char *bytes, size_t n)
{
    struct found whole;
    char *own = fuzz_copy(bytes, n);
    scan(&whole, own, n);
    if (whole.result > 0) {
        check_header(&whole, own);
        check_line(&whole.header);
    } else if (whole.result == 0) {
        HOLDS(n < PROXY_MOST);
    }
    free(own);
    fuzz_prefixes(bytes, n, check_prefix, &whole);
}

static uint32_t crc32c(const uint8_t *bytes, size_t n)
{
    uint32_t crc = UINT32_MAX;
    for (size_t i = 0; i < n; i++)
        for (int bit = 0; bit < 8; bit++) {
            uint32_t low = (crc ^ (uint32_t)(bytes[i] >> bit)) & 1;
            crc = crc >> 1 ^ (low ? 0x82f63b78 : 0);
        }
    return ~crc;
}

// A header of version 2 around what is given, with the checksum that it should have.
static void check_binary(unsigned command, unsigned kind, const char *bytes, size_t n)
{
    uint8_t *all = malloc(16 + n + 7), *at = all + 16 + n;
    memcpy(all, "\r\n\r\n\0\r\nQUIT\n", 12);
    all[12] = (uint8_t)command;
    all[13] = (uint8_t)kind;
    all[14] = (uint8_t)((n + 7) >> 8);
    all[15] = (uint8_t)(n + 7);
    memcpy(all + 16, bytes, n);
    memcpy(at, "\3\0\4\0\0\0\0", 7);
    uint32_t crc = crc32c(all, 16 + n + 7);
    for (int i = 0; i < 4; i++)
        at[3 + i] = (uint8_t)(crc >> (24 - 8 * i));
    check((char *)all, 16 + n + 7);
    free(all);
}

// The first byte: 0 for bytes as they are, else the command of a header around them, and its kind in the next one.
int LLVMFuzzerTestOneInput(const uint8_t *given, size_t size)
{
    struct input in = {given, size};
    unsigned command = input_byte(&in), kind = command ? input_byte(&in) : 0;
    if (in.left > UINT16_MAX - 7)
        return 0;
    if (command)
        check_binary(command, kind, input_rest(&in), in.left);
    else
        check(input_rest(&in), in.left);
    return 0;
}
