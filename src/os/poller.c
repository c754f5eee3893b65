#include "os/poller.h"

#include "base/macros.h"

#include <limits.h>
#include <stdio.h>
#include <string.h>

static const struct poller_backend *const backends[] = {
#ifdef __linux__
    &poller_epoll,
#endif
#if defined(__APPLE__) || defined(__FreeBSD__) || defined(__NetBSD__) || defined(__OpenBSD__) ||   \
    defined(__DragonFly__) || defined(EVIO_KQUEUE)
    &poller_kqueue,
#endif
    &poller_poll,
};

const struct poller_backend *poller_find(const char *name)
{
    for (size_t i = 0; i < ARRAY_LEN(backends); i++)
        if (!name || strcmp(name, backends[i]->name) == 0)
            return backends[i];
    return NULL;
}

const char *poller_names(char *text, size_t size)
{
    size_t used = 0;
    text[0] = '\0';
    for (size_t i = 0; i < ARRAY_LEN(backends) && used < size; i++)
        used += (size_t)snprintf(text + used, size - used, "%s%s", i ? ", " : "",
                                 backends[i]->name);
    return text;
}

int poller_milliseconds(int64_t timeout)
{
    if (timeout < 0)
        return -1;
    int64_t ms = timeout / 1000000 + (timeout % 1000000 != 0);
    return ms > INT_MAX ? INT_MAX : (int)ms;
}
