// The poll(2) backend: works everywhere, and costs a scan of all descriptors a wait.
#include "os/poller.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>

enum { SMALLEST = 64 };

// Two arrays of the same order; a watch's place is its index in both.
struct poller {
    struct pollfd *fds;
    struct watch **watches;
    uint32_t count, size;
    uint32_t next; // where the next report starts, so that a full batch starves nobody
};

static int poll_backend_open(struct poller **poller)
{
    *poller = calloc(1, sizeof(**poller));
    return *poller ? 0 : -ENOMEM;
}

static void poll_backend_close(struct poller *p)
{
    free(p->fds);
    free(p->watches);
    free(p);
}

static int grow(struct poller *p)
{
    uint32_t size = p->size ? p->size * 2 : SMALLEST;
    struct pollfd *fds = realloc(p->fds, size * sizeof(*fds));
    if (!fds)
        return -ENOMEM;
    p->fds = fds;
    struct watch **watches = realloc(p->watches, size * sizeof(*watches));
    if (!watches)
        return -ENOMEM;
    p->watches = watches;
    p->size = size;
    return 0;
}

static void drop(struct poller *p, struct watch *w)
{
    uint32_t last = --p->count;
    p->fds[w->place] = p->fds[last];
    p->watches[w->place] = p->watches[last];
    p->watches[w->place]->place = w->place;
}

static int poll_backend_set(struct poller *p, struct watch *w, unsigned interest)
{
    if (interest == w->interest)
        return 0;
    if (!interest) {
        drop(p, w);
    } else {
        if (!w->interest) {
            if (p->count == p->size) {
                int err = grow(p);
                if (err)
                    return err;
            }
            w->place = p->count++;
            p->watches[w->place] = w;
        }
        short events = (short)((interest & POLL_READ ? POLLIN : 0) |
                               (interest & POLL_WRITE ? POLLOUT : 0));
        p->fds[w->place] = (struct pollfd){.fd = w->fd, .events = events};
    }
    w->interest = (uint8_t)interest;
    return 0;
}

static unsigned translate(short revents, const struct watch *w)
{
    if (revents & (POLLERR | POLLHUP | POLLNVAL))
        return w->interest;
    return (revents & POLLIN ? POLL_READ : 0u) | (revents & POLLOUT ? POLL_WRITE : 0u);
}

static int poll_backend_wait(struct poller *p, struct ready *ready, int max, int64_t timeout)
{
    int left = poll(p->fds, p->count, poller_milliseconds(timeout));
    if (left < 0)
        return errno == EINTR ? 0 : -errno;
    int n = 0;
    for (uint32_t seen = 0; seen < p->count && n < max && left > 0; seen++) {
        uint32_t i = p->next < p->count ? p->next : 0;
        p->next = i + 1;
        if (!p->fds[i].revents)
            continue;
        left--;
        ready[n].watch = p->watches[i];
        ready[n].events = translate(p->fds[i].revents, p->watches[i]);
        n++;
    }
    return n;
}

const struct poller_backend poller_poll = {
    .name = "poll",
    .open = poll_backend_open,
    .close = poll_backend_close,
    .set = poll_backend_set,
    .wait = poll_backend_wait,
};
