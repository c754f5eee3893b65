// The epoll(7) backend, for Linux.
#ifdef __linux__
#include "os/poller.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <unistd.h>

enum { BATCH = 256 };

struct poller {
    int fd;
    struct epoll_event events[BATCH];
};

static int epoll_backend_open(struct poller **poller)
{
    struct poller *p = malloc(sizeof(*p));
    if (!p)
        return -ENOMEM;
    p->fd = epoll_create1(EPOLL_CLOEXEC);
    if (p->fd < 0) {
        int err = -errno;
        free(p);
        return err;
    }
    *poller = p;
    return 0;
}

static void epoll_backend_close(struct poller *p)
{
    close(p->fd);
    free(p);
}

static int epoll_backend_set(struct poller *p, struct watch *w, unsigned interest)
{
    if (interest == w->interest)
        return 0;
    struct epoll_event event = {.data.ptr = w};
    if (interest & POLL_READ)
        event.events |= EPOLLIN;
    if (interest & POLL_WRITE)
        event.events |= EPOLLOUT;
    int op = !w->interest ? EPOLL_CTL_ADD : interest ? EPOLL_CTL_MOD : EPOLL_CTL_DEL;
    if (epoll_ctl(p->fd, op, w->fd, &event) < 0)
        return -errno;
    w->interest = (uint8_t)interest;
    return 0;
}

static unsigned translate(const struct epoll_event *event, const struct watch *w)
{
    if (event->events & (EPOLLERR | EPOLLHUP))
        return w->interest;
    return (event->events & EPOLLIN ? POLL_READ : 0u) | (event->events & EPOLLOUT ? POLL_WRITE : 0u);
}

static int epoll_backend_wait(struct poller *p, struct ready *ready, int max, int64_t timeout)
{
    int n = epoll_wait(p->fd, p->events, max < BATCH ? max : BATCH, poller_milliseconds(timeout));
    if (n < 0)
        return errno == EINTR ? 0 : -errno;
    for (int i = 0; i < n; i++) {
        ready[i].watch = p->events[i].data.ptr;
        ready[i].events = translate(&p->events[i], ready[i].watch);
    }
    return n;
}

const struct poller_backend poller_epoll = {
    .name = "epoll",
    .open = epoll_backend_open,
    .close = epoll_backend_close,
    .set = epoll_backend_set,
    .wait = epoll_backend_wait,
};
#else
typedef int poller_epoll_is_empty; // ISO C forbids an empty translation unit
#endif
