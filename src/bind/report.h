// Messages on stderr. The same message is printed once a second; a count tells of the rest.
#ifndef BIND_REPORT_H
#define BIND_REPORT_H

#include "net/timer.h"

#include <stdint.h>

enum { REPORT_KINDS = 8 };

struct report {
    struct net *net;
    struct timer timer; // fires when a second has passed since the oldest one was printed
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
