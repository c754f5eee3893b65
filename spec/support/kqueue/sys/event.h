// Declarations after FreeBSD's manual page kqueue(2), enough to compile src/os/poller_kqueue.c on
// a system that has no kqueue. Nothing here can be linked or run, and the values are no system's.
#ifndef SUPPORT_KQUEUE_SYS_EVENT_H
#define SUPPORT_KQUEUE_SYS_EVENT_H

#include <stdint.h>
#include <time.h>

// One change, or one event.
struct kevent {
    uintptr_t ident;      // what it is about: a descriptor, for the filters below
    short filter;         // EVFILT_...
    unsigned short flags; // EV_...
    unsigned int fflags;  // of the filter
    int64_t data;         // of the filter: bytes to read, room to write, or an errno
    void *udata;          // the caller's, given back as it is
    uint64_t ext[4];      // extensions
};

enum {
    EVFILT_READ = -1,
    EVFILT_WRITE = -2,
};

enum {
    EV_ADD = 0x0001,    // register, or change what is registered
    EV_DELETE = 0x0002, // take out
    EV_ENABLE = 0x0004,
    EV_DISABLE = 0x0008, // keep, but do not report
    EV_ONESHOT = 0x0010, // take out when it was reported
    EV_CLEAR = 0x0020,   // report changes instead of the state
    EV_RECEIPT = 0x0040, // answer every change with an event
    EV_ERROR = 0x4000,   // returned: a change failed, data is its errno
    EV_EOF = 0x8000,     // returned: the other end is done
};

// Fills a struct kevent.
#define EV_SET(kev, identifier, kind, actions, filter_flags, value, user)                          \
    (*(kev) = (struct kevent){                                                                     \
         .ident = (uintptr_t)(identifier),                                                         \
         .filter = (short)(kind),                                                                  \
         .flags = (unsigned short)(actions),                                                       \
         .fflags = (unsigned int)(filter_flags),                                                   \
         .data = (int64_t)(value),                                                                 \
         .udata = (user),                                                                          \
     })

// A descriptor, or -1 and errno.
int kqueue(void);

// Makes the changes, then waits for events at most for the time-out (for ever where it is NULL):
// their number, or -1 and errno.
int kevent(int kq, const struct kevent *changes, int change_count, struct kevent *events,
           int event_count, const struct timespec *timeout);

#endif
