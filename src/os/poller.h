// Readiness of descriptors: epoll, kqueue or poll behind one table of functions. A backend
// translates readiness and nothing else; the loop that uses it is in net/. Level-triggered.
#ifndef OS_POLLER_H
#define OS_POLLER_H

#include <stddef.h>
#include <stdint.h>

enum { POLL_READ = 1, POLL_WRITE = 2 };

// A descriptor that can be watched; embedded in its owner. A descriptor without interest is not
// in the poller at all, so that a hang-up on it cannot spin.
struct watch {
    int fd;
    uint8_t interest; // POLL_READ | POLL_WRITE; written by the poller only
    uint8_t kind;     // the owner's
    uint32_t place;   // the backend's
};

// Errors and hang-ups are reported as readiness for whatever was asked: the system call that
// follows tells what happened.
struct ready {
    struct watch *watch;
    unsigned events;
};

struct poller;

struct poller_backend {
    const char *name;
    int (*open)(struct poller **); // 0 or a negative errno
    void (*close)(struct poller *);
    int (*set)(struct poller *, struct watch *, unsigned interest); // 0 or a negative errno
    // Waits for up to timeout nanoseconds (negative: for ever). Returns the number of entries of
    // `ready` that it filled, 0 too when a signal came, or a negative errno.
    int (*wait)(struct poller *, struct ready *, int max, int64_t timeout);
};

// The backend of that name, or the best one for NULL; NULL when it is not compiled in.
const struct poller_backend *poller_find(const char *name);

// The names of the backends that are compiled in, best first, as in "epoll, poll".
const char *poller_names(char *text, size_t size);

// A wait in nanoseconds as the milliseconds of epoll_wait(2) and poll(2): rounded up, because
// waking early is a busy loop.
int poller_milliseconds(int64_t timeout);

extern const struct poller_backend poller_epoll, poller_kqueue, poller_poll;

#endif
