// The kqueue(2) backend, for macOS and the BSDs. One filter for each direction; a change is made
// with the kevent call that notices it, so that its error belongs to its descriptor.
#if defined(__APPLE__) || defined(__FreeBSD__) || defined(__NetBSD__) || defined(__OpenBSD__) ||   \
    defined(__DragonFly__) || defined(EVIO_KQUEUE)
#include "os/poller.h"

#include <sys/types.h>

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/event.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

enum { BATCH = 256 };

struct poller {
    int fd;
    struct kevent events[BATCH];
};

static int kqueue_backend_open(struct poller **poller)
{
    struct poller *p = malloc(sizeof(*p));
    if (!p)
        return -ENOMEM;
    p->fd = kqueue();
    if (p->fd < 0) {
        int err = -errno;
        free(p);
        return err;
    }
    fcntl(p->fd, F_SETFD, FD_CLOEXEC);
    *poller = p;
    return 0;
}

static void kqueue_backend_close(struct poller *p)
{
    close(p->fd);
    free(p);
}

static int set_filter(struct poller *p, struct watch *w, int filter, int on)
{
    struct kevent change;
    EV_SET(&change, (uintptr_t)w->fd, filter, on ? EV_ADD : EV_DELETE, 0, 0, (void *)w);
    while (kevent(p->fd, &change, 1, NULL, 0, NULL) < 0)
        if (errno != EINTR)
            return -errno;
    return 0;
}

static int kqueue_backend_set(struct poller *p, struct watch *w, unsigned interest)
{
    unsigned changed = interest ^ w->interest;
    int err = 0;
    if (changed & POLL_READ)
        err = set_filter(p, w, EVFILT_READ, interest & POLL_READ);
    if (!err && changed & POLL_WRITE) {
        err = set_filter(p, w, EVFILT_WRITE, interest & POLL_WRITE);
        if (err && changed & POLL_READ) // all or nothing
            set_filter(p, w, EVFILT_READ, w->interest & POLL_READ);
    }
    if (!err)
        w->interest = (uint8_t)interest;
    return err;
}

// Both filters of a descriptor may be ready: each is an entry of its own.
static int kqueue_backend_wait(struct poller *p, struct ready *ready, int max, int64_t timeout)
{
    struct timespec limit, *at_most = NULL;
    if (timeout >= 0) {
        limit.tv_sec = (time_t)(timeout / 1000000000);
        limit.tv_nsec = (long)(timeout % 1000000000);
        at_most = &limit;
    }
    int n = kevent(p->fd, NULL, 0, p->events, max < BATCH ? max : BATCH, at_most);
    if (n < 0)
        return errno == EINTR ? 0 : -errno;
    for (int i = 0; i < n; i++) {
        ready[i].watch = (void *)p->events[i].udata;
        ready[i].events = p->events[i].filter == EVFILT_READ ? POLL_READ : POLL_WRITE;
    }
    return n;
}

const struct poller_backend poller_kqueue = {
    .name = "kqueue",
    .open = kqueue_backend_open,
    .close = kqueue_backend_close,
    .set = kqueue_backend_set,
    .wait = kqueue_backend_wait,
};
#else
typedef int poller_kqueue_is_empty; // ISO C forbids an empty translation unit
#endif
