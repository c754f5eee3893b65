#include "base/endpoint.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <string.h>

struct endpoint endpoint_from_sockaddr(const struct sockaddr_storage *sa)
{
    struct endpoint e = {.family = (uint16_t)sa->ss_family};
    if (sa->ss_family == AF_INET) {
        const struct sockaddr_in *in = (const struct sockaddr_in *)sa;
        e.port = ntohs(in->sin_port);
        memcpy(e.ip, &in->sin_addr, 4);
    } else if (sa->ss_family == AF_INET6) {
        const struct sockaddr_in6 *in6 = (const struct sockaddr_in6 *)sa;
        e.port = ntohs(in6->sin6_port);
        if (IN6_IS_ADDR_V4MAPPED(&in6->sin6_addr)) {
            e.family = AF_INET;
            memcpy(e.ip, (const char *)&in6->sin6_addr + 12, 4);
        } else {
            e.scope = in6->sin6_scope_id;
            memcpy(e.ip, &in6->sin6_addr, 16);
        }
    }
    return e;
}

socklen_t endpoint_to_sockaddr(const struct endpoint *e, struct sockaddr_storage *sa)
{
    memset(sa, 0, sizeof(*sa));
    sa->ss_family = e->family;
    if (e->family == AF_INET) {
        struct sockaddr_in *in = (struct sockaddr_in *)sa;
        in->sin_port = htons(e->port);
        memcpy(&in->sin_addr, e->ip, 4);
        return sizeof(*in);
    }
    if (e->family == AF_INET6) {
        struct sockaddr_in6 *in6 = (struct sockaddr_in6 *)sa;
        in6->sin6_port = htons(e->port);
        in6->sin6_scope_id = e->scope;
        memcpy(&in6->sin6_addr, e->ip, 16);
        return sizeof(*in6);
    }
    return 0;
}

const char *endpoint_ip(const struct endpoint *e, char text[ENDPOINT_TEXT_SIZE])
{
    text[0] = '\0';
    if (e->family != AF_INET && e->family != AF_INET6)
        return text;
    inet_ntop(e->family, e->ip, text, ENDPOINT_TEXT_SIZE);
    if (e->scope) {
        size_t used = strlen(text);
        snprintf(text + used, ENDPOINT_TEXT_SIZE - used, "%%%u", (unsigned)e->scope);
    }
    return text;
}

const char *endpoint_text(const struct endpoint *e, const char *scheme,
                          char text[ENDPOINT_TEXT_SIZE])
{
    char ip[ENDPOINT_TEXT_SIZE];
    endpoint_ip(e, ip);
    if (!ip[0])
        text[0] = '\0';
    else if (e->family == AF_INET6)
        snprintf(text, ENDPOINT_TEXT_SIZE, "%.8s://[%.60s]:%u", scheme, ip, e->port);
    else
        snprintf(text, ENDPOINT_TEXT_SIZE, "%.8s://%.60s:%u", scheme, ip, e->port);
    return text;
}
