// Faults on purpose, for tests: which calls of the system fail, and how. Only the build with
// VARIANT=faults has it: its linker puts the functions of fault_calls.c in front of the system's. The
// environment variable EVIO_FAULTS says what is to happen, separated by commas:
//
//   seed=7, short=10%, eintr=5%, eagain=5%   what every program has to expect, drawn by the seed and the number of the
//                                            call: fewer bytes than were asked for, EINTR, EAGAIN
//   least=64                                 fewer bytes are this many at least: a program may read small messages whole
//   recv=ECONNRESET@5, malloc=ENOMEM@1-20    the fifth call fails; the first twenty do
//   report=FILE                              keeps the counts there, added up over the processes that name it
#ifndef OS_FAULT_H
#define OS_FAULT_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum fault_call {
    FAULT_MALLOC, // calloc, realloc and strdup, too
    FAULT_RECV,
    FAULT_RECVMMSG,
    FAULT_SEND,
    FAULT_SENDMSG,
    FAULT_SENDFILE,
    FAULT_PREAD,
    FAULT_ACCEPT,
    FAULT_SOCKET,
    FAULT_CONNECT,
    FAULT_BIND,
    FAULT_LISTEN,
    FAULT_SETSOCKOPT,
    FAULT_GETSOCKOPT,
    FAULT_GETSOCKNAME,
    FAULT_SHUTDOWN,
    FAULT_IOCTL,
    FAULT_EPOLL_CREATE,
    FAULT_EPOLL_CTL,
    FAULT_EPOLL_WAIT,
    FAULT_POLL,
    FAULT_EVENTFD,
    FAULT_READ,
    FAULT_WRITE,
    FAULT_OPEN, // openat and openat2, too
    FAULT_FSTAT,
    FAULT_GETENTROPY,
    FAULT_GETADDRINFO,
    FAULT_THREAD,
    FAULT_SLEEP,
    FAULT_CALLS,
};

// What may happen to a call of itself.
enum { FAULT_EINTR = 1, FAULT_EAGAIN = 2 };

// A line of the report.
struct fault_count {
    char name[16];
    atomic_ullong made, faulty;
};

// Counts a call. Returns true when it is to fail, with errno set; else makes *n smaller where fewer bytes are to be
// moved (n is NULL where that cannot be). From any thread.
bool fault(enum fault_call call, unsigned may, size_t *n);

#endif
