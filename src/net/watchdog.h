// Knows since when a callback runs, and has a thread that looks whether it is for too long. What is to
// be said of it, and what follows, is the layer above's.
#ifndef NET_WATCHDOG_H
#define NET_WATCHDOG_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

struct watchdog {
    uint64_t limit;  // nanoseconds
    void (*bark)(struct watchdog *); // on a thread of its own: a callback runs for a second longer
    _Atomic uint64_t since; // when the callback began; 0 while none runs
    _Atomic uint64_t id;    // of its connection, or 0
    _Atomic(const char *) event;
};

// Starts the thread, which goes on to the end of the process: the struct must stay. Returns 0 or a
// negative errno.
int watchdog_start(struct watchdog *w);

// For the loop's thread: a callback begins, and ends.
void watchdog_begin(struct watchdog *w, const char *event, uint64_t id);
void watchdog_end(struct watchdog *w);

// Whether one runs for longer than the limit. On any thread.
bool watchdog_is_over(const struct watchdog *w);

#endif
