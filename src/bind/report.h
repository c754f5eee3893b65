// Messages on stderr. The same message is printed once a second, and so are at most REPORT_KINDS
// different ones; counts tell of the rest. Control characters are made visible: a part of a message
// may come from a peer.
#ifndef BIND_REPORT_H
#define BIND_REPORT_H

#include "net/timer.h"

#include <stdint.h>

enum { REPORT_KINDS = 32 };

struct report {
    struct net *net;
    struct timer timer; // fires when a second has passed since the oldest one was printed
    unsigned others; // messages of more kinds than there are places for, not printed
    struct {
        uint64_t hash; // 0 for a free place
        uint64_t printed; // when, on the loop's clock
        unsigned suppressed;
        char what[80]; // the beginning of its message
    } kinds[REPORT_KINDS];
};

void report_init(struct report *r, struct net *net);

// Prints "evio: <where>: <message>", unless the same message was printed within a second. `where`
// may differ; it does not count.
void report_print(struct report *r, const char *where, const char *message);

// Prints the counts that are due, all of them at the end.
void report_flush(struct report *r);

#endif
