#include "os/resolve.h"

#include "os/fd.h"
#include "os/sock.h"

#include <errno.h>
#include <netdb.h>
#include <stdio.h>
#include <string.h>

static int family_of(const struct addr *a)
{
    return a->family == 4 ? AF_INET : a->family == 6 ? AF_INET6 : AF_UNSPEC;
}

// An empty host: the IPv6 wildcard, which takes IPv4 too where the scheme names no family; IPv4's
// alone for tcp4 and udp4, and where there is no IPv6.
static int every_interface(const struct addr *a, struct endpoint *e)
{
    *e = (struct endpoint){.family = AF_INET6, .port = a->port};
    if (a->family == 0) {
        int fd = sock_open(AF_INET6, SOCK_STREAM);
        if (fd < 0)
            e->family = AF_INET;
        else
            fd_close(fd);
    } else if (a->family == 4) {
        e->family = AF_INET;
    }
    return 1;
}

static int ask(const struct addr *a, int flags, struct addrinfo **found)
{
    struct addrinfo hints = {
        .ai_family = family_of(a),
        .ai_socktype = SOCK_STREAM,
        .ai_flags = flags,
    };
    return getaddrinfo(a->host, NULL, &hints, found);
}

static struct endpoint endpoint_of(const struct addrinfo *info, const struct addr *a)
{
    struct sockaddr_storage sa = {.ss_family = AF_UNSPEC};
    memcpy(&sa, info->ai_addr, info->ai_addrlen);
    struct endpoint e = endpoint_from_sockaddr(&sa);
    e.port = a->port;
    return e;
}

static int resolve_error(int result, const struct addr *a, char error[ADDR_ERROR_SIZE])
{
    const char *reason = result == EAI_SYSTEM ? strerror(errno) : gai_strerror(result);
    snprintf(error, ADDR_ERROR_SIZE, "cannot resolve \"%s\": %s", a->host, reason);
    return result == EAI_SYSTEM ? -errno : result == EAI_MEMORY ? -ENOMEM : -ENOENT;
}

int resolve_host(const struct addr *a, struct endpoint *endpoints, int max,
                   char error[ADDR_ERROR_SIZE])
{
    if (a->host[0] == '\0')
        return every_interface(a, endpoints);
    struct addrinfo *found;
    int result = ask(a, AI_PASSIVE, &found);
    if (result != 0)
        return resolve_error(result, a, error);
    int count = 0;
    for (struct addrinfo *i = found; i && count < max; i = i->ai_next) {
        struct endpoint e = endpoint_of(i, a);
        bool known = false;
        for (int k = 0; k < count; k++)
            known = known || memcmp(&endpoints[k], &e, sizeof(e)) == 0;
        if (!known)
            endpoints[count++] = e;
    }
    freeaddrinfo(found);
    return count;
}

int resolve_literal(const struct addr *a, struct endpoint *e)
{
    struct addrinfo *found;
    if (ask(a, AI_NUMERICHOST, &found) != 0)
        return -ENOENT;
    *e = endpoint_of(found, a);
    freeaddrinfo(found);
    return 0;
}
