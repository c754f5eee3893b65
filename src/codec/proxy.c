#include "codec/proxy.h"

#include <arpa/inet.h>
#include <string.h>

enum { MOST_TEXT = 107, HEAD = 16, PATH = 108 }; // bytes

static const char text_signature[] = "PROXY ";
static const char signature[] = "\r\n\r\n\0\r\nQUIT\n";

static ssize_t refuse(const char **error, const char *why)
{
    *error = why;
    return -1;
}

static struct endpoint make_endpoint(int family, const void *ip, unsigned port)
{
    struct sockaddr_storage sa;
    struct endpoint e = {.family = (uint16_t)family, .port = (uint16_t)port};
    memcpy(e.ip, ip, family == AF_INET ? 4 : 16);
    endpoint_to_sockaddr(&e, &sa);
    return endpoint_from_sockaddr(&sa); // an IPv4 address mapped into IPv6 is IPv4
}

// Version 1: a line.

// Copies the next word, which one space ends, or the text. False when it does not fit.
static bool take_word(const char **at, const char *end, char *word, size_t size)
{
    const char *space = memchr(*at, ' ', (size_t)(end - *at));
    size_t length = (size_t)((space ? space : end) - *at);
    if (length == 0 || length >= size || memchr(*at, '\0', length))
        return false;
    memcpy(word, *at, length);
    word[length] = '\0';
    *at += length + (space != NULL);
    return true;
}

// -1 for what is no port: digits, without zeros in front.
static int read_port(const char *word)
{
    int port = 0;
    if (strspn(word, "0123456789") != strlen(word) || (word[0] == '0' && word[1]))
        return -1;
    while (*word)
        port = port * 10 + (*word++ - '0');
    return port <= 65535 ? port : -1;
}

static bool read_line(const char *at, const char *end, struct proxy_header *h)
{
    char family[8], source[46], destination[46], ports[2][6];
    uint8_t ips[2][16];
    if (!take_word(&at, end, family, sizeof(family)))
        return false;
    if (strcmp(family, "UNKNOWN") == 0)
        return true;
    int af = strcmp(family, "TCP4") == 0 ? AF_INET : AF_INET6;
    if ((af == AF_INET6 && strcmp(family, "TCP6") != 0) || end[-1] == ' ')
        return false;
    if (!take_word(&at, end, source, sizeof(source)) ||
        !take_word(&at, end, destination, sizeof(destination)) ||
        !take_word(&at, end, ports[0], sizeof(ports[0])) ||
        !take_word(&at, end, ports[1], sizeof(ports[1])) || at != end)
        return false;
    int from = read_port(ports[0]), to = read_port(ports[1]);
    if (from < 0 || to < 0 || inet_pton(af, source, ips[0]) != 1 ||
        inet_pton(af, destination, ips[1]) != 1)
        return false;
    h->known = true;
    h->source = make_endpoint(af, ips[0], (unsigned)from);
    h->destination = make_endpoint(af, ips[1], (unsigned)to);
    return true;
}

static bool begins_with(const char *bytes, size_t n, const char *start, size_t length)
{
    return memcmp(bytes, start, n < length ? n : length) == 0;
}

// Whether the line may go on as it begins.
static bool names_family(const char *bytes, size_t n)
{
    return begins_with(bytes, n, "TCP4 ", 5) || begins_with(bytes, n, "TCP6 ", 5) ||
           begins_with(bytes, n, "UNKNOWN", 7);
}

static ssize_t scan_text(const char *bytes, size_t n, struct proxy_header *h, const char **error)
{
    const char *end = memchr(bytes, '\n', n < MOST_TEXT ? n : MOST_TEXT);
    size_t head = sizeof(text_signature) - 1;
    if (!names_family(bytes + head, n - head))
        return refuse(error, "the line is malformed");
    if (!end && n < MOST_TEXT)
        return 0;
    if (!end)
        return refuse(error, "the line has more than 107 bytes");
    if (end[-1] != '\r' || memchr(bytes, '\r', (size_t)(end - bytes - 1)))
        return refuse(error, "the line does not end with CR LF");
    h->version = 1;
    if (!read_line(bytes + sizeof(text_signature) - 1, end - 1, h))
        return refuse(error, "the line is malformed");
    return end - bytes + 1;
}

// Version 2: bytes.

static unsigned read_u16(const char *bytes)
{
    return (unsigned)(uint8_t)bytes[0] << 8 | (uint8_t)bytes[1];
}

bool proxy_value(const char *bytes, struct proxy_part *values, unsigned *type,
                 struct proxy_part *value)
{
    if (values->length < 3)
        return false;
    const char *at = bytes + values->at;
    *type = (uint8_t)at[0];
    *value = (struct proxy_part){values->at + 3, read_u16(at + 1)};
    if (value->length > values->length - 3)
        return false;
    values->at += 3 + value->length;
    values->length -= 3 + value->length;
    return true;
}

// The whole header's CRC-32C (RFC 4960, appendix B), with zeros in the place of the checksum.
static uint32_t checksum(const char *bytes, size_t n, size_t hole)
{
    uint32_t crc = UINT32_MAX;
    for (size_t i = 0; i < n; i++) {
        crc ^= i - hole < 4 ? 0 : (uint8_t)bytes[i];
        for (int bit = 0; bit < 8; bit++)
            crc = crc >> 1 ^ (crc & 1 ? 0x82f63b78 : 0);
    }
    return ~crc;
}

static bool checksum_holds(const char *bytes, size_t n, struct proxy_part value)
{
    if (value.length != 4)
        return false;
    const char *at = bytes + value.at;
    return (read_u16(at) << 16 | read_u16(at + 2)) == checksum(bytes, n, value.at);
}

// Whether these are values, and none is cut.
static bool is_list(const char *bytes, struct proxy_part values)
{
    unsigned type;
    struct proxy_part one;
    while (proxy_value(bytes, &values, &type, &one))
        continue;
    return values.length == 0;
}

static bool ssl_is_whole(const char *bytes, struct proxy_part value)
{
    struct proxy_part within = {value.at + PROXY_SSL_HEAD, value.length - PROXY_SSL_HEAD};
    return value.length >= PROXY_SSL_HEAD && is_list(bytes, within);
}

// NULL, or what is wrong with the values of a header of n bytes.
static const char *check_values(const char *bytes, size_t n, struct proxy_part values)
{
    unsigned type;
    struct proxy_part value;
    while (proxy_value(bytes, &values, &type, &value)) {
        if (type == PROXY_CRC32C && !checksum_holds(bytes, n, value))
            return "the checksum is wrong";
        if (type == PROXY_SSL && !ssl_is_whole(bytes, value))
            return "a value within another is cut";
    }
    return values.length > 0 ? "a value is cut" : NULL;
}

// A path ends at a NUL; an abstract name begins with one, and has those in it that others follow.
static struct proxy_part read_path(const char *bytes, size_t at)
{
    size_t length = bytes[at] ? strnlen(bytes + at, PATH) : PATH;
    while (length > 0 && bytes[at + length - 1] == '\0')
        length--;
    return (struct proxy_part){at, length};
}

// How many bytes the addresses of a kind have: 0 for the unspecified one, -1 for one that is not known.
static int size_of_addresses(uint8_t kind)
{
    int protocol = kind & 15;
    if (kind == 0)
        return 0;
    if (protocol < 1 || protocol > 2)
        return -1;
    switch (kind >> 4) {
    case 1: return 12;
    case 2: return 36;
    case 3: return 2 * PATH;
    default: return -1;
    }
}

static void read_addresses(const char *bytes, struct proxy_header *h)
{
    const char *at = bytes + HEAD;
    int family = (uint8_t)bytes[13] >> 4;
    if (family == 0)
        return;
    h->known = true;
    if (family == 3) {
        h->source.family = h->destination.family = AF_UNIX;
        h->source_path = read_path(bytes, HEAD);
        h->destination_path = read_path(bytes, HEAD + PATH);
        return;
    }
    int af = family == 1 ? AF_INET : AF_INET6;
    size_t ip = family == 1 ? 4 : 16;
    h->source = make_endpoint(af, at, read_u16(at + 2 * ip));
    h->destination = make_endpoint(af, at + ip, read_u16(at + 2 * ip + 2));
}

static ssize_t scan_binary(const char *bytes, size_t n, struct proxy_header *h, const char **error)
{
    if (n >= 13 && ((uint8_t)bytes[12] >> 4 != 2 || (bytes[12] & 15) > 1))
        return refuse(error, "its version or its command is unknown");
    bool local = n >= 13 && (bytes[12] & 15) == 0; // the proxy's own connection, as for a health check
    int size = n < 14 || local ? 0 : size_of_addresses((uint8_t)bytes[13]);
    if (size < 0 || (n >= HEAD && read_u16(bytes + 14) < (unsigned)size))
        return refuse(error, "its addresses are malformed");
    if (n < HEAD || n < HEAD + read_u16(bytes + 14))
        return 0;
    size_t length = read_u16(bytes + 14);
    h->version = 2;
    if (local)
        return (ssize_t)(HEAD + length);
    read_addresses(bytes, h);
    struct proxy_part values = {HEAD + (size_t)size, length - (size_t)size};
    if (size == 0 && !is_list(bytes, values)) // where the kind is unspecified, addresses may be there
        return (ssize_t)(HEAD + length);
    h->values = values;
    *error = check_values(bytes, HEAD + length, values);
    return *error ? -1 : (ssize_t)(HEAD + length);
}

ssize_t proxy_scan(const char *bytes, size_t n, struct proxy_header *h, const char **error)
{
    size_t text = sizeof(text_signature) - 1, binary = sizeof(signature) - 1;
    *h = (struct proxy_header){0};
    if (begins_with(bytes, n, text_signature, text))
        return n < text ? 0 : scan_text(bytes, n, h, error);
    if (begins_with(bytes, n, signature, binary))
        return n < binary ? 0 : scan_binary(bytes, n, h, error);
    return refuse(error, "there is none");
}
