#include "codec/http_target.h"

#include <string.h>
#include <strings.h>

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static bool is_hex(char c)
{
    return is_digit(c) || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
}

// "unreserved" and "sub-delims" without the comma (RFC 3986, 2.2 and 2.3).
static bool is_plain(char c)
{
    return is_digit(c) || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c && strchr("-._~!$&'()*+;=", c));
}

// Behind a name, which may be empty, or an IPv4 address.
static const char *skip_name(const char *at, const char *end)
{
    for (;;) {
        if (at < end && is_plain(*at))
            at++;
        else if (end - at >= 3 && *at == '%' && is_hex(at[1]) && is_hex(at[2]))
            at += 3;
        else
            return at;
    }
}

// Behind the bracket that ends an IPv6 address, or what may come after those (RFC 3986, IPvFuture); NULL for neither.
static const char *skip_literal(const char *at, const char *end)
{
    bool future = ++at < end && (*at == 'v' || *at == 'V');
    const char *from = at;
    int colons = 0;
    for (; at < end && (is_hex(*at) || *at == '.' || *at == ':' || (future && is_plain(*at))); at++)
        colons += *at == ':';
    bool found = future ? at - from >= 4 && memchr(from, '.', (size_t)(at - from)) : colons >= 2;
    return found && at < end && *at == ']' ? at + 1 : NULL;
}

// Behind a host and a port; NULL for none.
static const char *skip_authority(const char *at, const char *end)
{
    at = at < end && *at == '[' ? skip_literal(at, end) : skip_name(at, end);
    if (at && at < end && *at == ':')
        for (at++; at < end && is_digit(*at);)
            at++;
    return at;
}

bool http_is_authority(const char *bytes, size_t n)
{
    return skip_authority(bytes, bytes + n) == bytes + n;
}

// A URL of http or https. Its host is not empty and has nobody in front of it (RFC 9110, 4.2).
static bool is_url(const char *bytes, size_t n)
{
    size_t scheme = n > 8 && strncasecmp(bytes, "https://", 8) == 0 ? 8 : 7;
    if (n <= scheme || (scheme == 7 && strncasecmp(bytes, "http://", 7) != 0) || bytes[scheme] == ':')
        return false;
    const char *host = bytes + scheme, *end = bytes + n, *path = skip_authority(host, end);
    return path && path > host && (path == end || *path == '/' || *path == '?');
}

// A host and a port, which both are there.
static bool is_place(const char *bytes, size_t n)
{
    const char *end = bytes + n, *port = end;
    while (port > bytes && is_digit(port[-1]))
        port--;
    return port < end && port - bytes >= 2 && port[-1] == ':' && http_is_authority(bytes, n);
}

bool http_is_target(const char *bytes, size_t n, const char *method, size_t m)
{
    if (m == 7 && memcmp(method, "CONNECT", 7) == 0)
        return is_place(bytes, n);
    if (n == 1 && bytes[0] == '*')
        return m == 7 && memcmp(method, "OPTIONS", 7) == 0;
    return n > 0 && (bytes[0] == '/' || is_url(bytes, n));
}
