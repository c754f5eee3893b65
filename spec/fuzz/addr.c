// Addresses and networks as text: what was read is written and read again as the same; what is refused is quoted.
#include "fuzz/fuzz.h"

#include "base/addr.h"
#include "base/network.h"

#include <arpa/inet.h>
#include <errno.h>

static bool is_named(const struct addr *a)
{
    return a->transport == ADDR_UNIX || a->transport == ADDR_SYSTEMD;
}

static void write_addr(const struct addr *a, char *text, size_t size)
{
    const char *open = strchr(a->host, ':') ? "[" : "", *close = *open ? "]" : "";
    int n = is_named(a)
                ? snprintf(text, size, "%s://%s", addr_scheme_name(a), a->path)
                : snprintf(text, size, "%s://%s%s%s:%u", addr_scheme_name(a), open, a->host, close, a->port);
    char mark = '?';
    if (a->reuseport) {
        n += snprintf(text + n, size - (size_t)n, "%creuseport=true", mark);
        mark = '&';
    }
    if (a->backlog)
        snprintf(text + n, size - (size_t)n, "%cbacklog=%d", mark, a->backlog);
}

static void check_addr(const char *text)
{
    struct addr a, again;
    char error[ADDR_ERROR_SIZE], written[ADDR_ERROR_SIZE];
    memset(error, 'x', sizeof(error));
    int err = addr_parse(&a, text, error);
    HOLDS(err == 0 || err == -EINVAL);
    if (err) {
        HOLDS(memchr(error, '\0', sizeof(error)) && strncmp(error, "bad address \"", 13) == 0);
        return;
    }
    HOLDS(memchr(a.host, '\0', sizeof(a.host)) && memchr(a.path, '\0', sizeof(a.path)));
    HOLDS(is_named(&a) ? a.host[0] == '\0' : a.path[0] == '\0');
    HOLDS(a.transport != ADDR_UNIX || a.path[0] != '\0');
    HOLDS(addr_scheme_name(&a)[0] != '\0' && a.backlog >= 0 && a.backlog <= 65535);
    write_addr(&a, written, sizeof(written));
    HOLDS(addr_parse(&again, written, error) == 0);
    HOLDS(again.transport == a.transport && again.family == a.family && again.tls == a.tls && again.port == a.port &&
          strcmp(again.host, a.host) == 0 && strcmp(again.path, a.path) == 0 && again.reuseport == a.reuseport &&
          again.backlog == a.backlog);
}

static void check_network(const char *text)
{
    struct network n, again;
    int err = network_parse(&n, text);
    HOLDS(err == 0 || err == -EINVAL);
    if (err)
        return;
    struct endpoint e = {.family = n.family};
    char ip[INET6_ADDRSTRLEN], written[INET6_ADDRSTRLEN + 4];
    memcpy(e.ip, n.ip, sizeof(e.ip));
    HOLDS(network_contains(&n, &e));
    HOLDS(n.family == AF_INET ? n.bits <= 32 : n.family == AF_INET6 && n.bits <= 128);
    if (n.bits > 0) {
        e.ip[0] ^= 0x80;
        HOLDS(!network_contains(&n, &e));
    }
    HOLDS(inet_ntop(n.family, n.ip, ip, sizeof(ip)));
    snprintf(written, sizeof(written), "%s/%u", ip, n.bits);
    HOLDS(network_parse(&again, written) == 0);
    HOLDS(again.family == n.family && again.bits == n.bits && memcmp(again.ip, n.ip, 4) == 0);
    HOLDS(n.family == AF_INET || memcmp(again.ip, n.ip, 16) == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *given, size_t n)
{
    if (memchr(given, '\0', n))
        return 0;
    char *text = malloc(n + 1);
    if (n > 0)
        memcpy(text, given, n);
    text[n] = '\0';
    check_addr(text);
    check_network(text);
    free(text);
    return 0;
}
