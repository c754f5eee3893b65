// What kqueue(2) documents, as declarations only: enough to compile the kqueue backend where there
// is no kqueue. The values stand for nothing.
#ifndef SYS_EVENT_H
#define SYS_EVENT_H

#include <stdint.h>
#include <time.h>

#define EVFILT_READ (-1)
#define EVFILT_WRITE (-2)
#define EV_ADD 0x0001
#define EV_DELETE 0x0002

struct kevent {
    uintptr_t ident;
    short filter;
    unsigned short flags;
    unsigned int fflags;
    int64_t data;
    void *udata;
};

#define EV_SET(event, id, kind, what, more, value, user)                                           \
    (*(event) = (struct kevent){.ident = (id),                                                     \
                                .filter = (short)(kind),                                           \
                                .flags = (unsigned short)(what),                                   \
                                .fflags = (more),                                                  \
                                .data = (value),                                                   \
                                .udata = (user)})

int kqueue(void);
int kevent(int kq, const struct kevent *changes, int change_count, struct kevent *events,
           int event_count, const struct timespec *timeout);

#endif
