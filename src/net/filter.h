// Filters: what changes the bytes of a connection on their way in and out. A stack of them stands
// between the wire, below, and the plaintext, above. It knows no connection and does no input or
// output: bytes are handed in at one end and come out at the other, at once and in order.
//
// Filters open from the bottom up: each is started when the one below it is open, and plaintext
// waits until all are. One that is pushed only then gets what came meanwhile.
#ifndef NET_FILTER_H
#define NET_FILTER_H

#include "base/buf.h"

#include <stdbool.h>

struct filter;

// Each returns 0 or a negative errno, with the reason kept by filter_fail if there are words for
// it. They hand bytes on with filter_up and filter_down.
struct filter_ops {
    int (*start)(struct filter *); // NULL where there is nothing to do
    // Bytes from below; NULL once, when there will be no more.
    int (*receive)(struct filter *, const char *wire, size_t n);
    // Goes on with what `more` tells of. NULL where a filter never sets that.
    int (*resume)(struct filter *);
    int (*send)(struct filter *, const char *plain, size_t n);
    int (*finish)(struct filter *); // NULL where there is nothing to do
    void (*free)(struct filter *);
    bool movable; // may go on on another thread
};

// Embedded in what implements one.
struct filter {
    const struct filter_ops *ops;
    const char *name; // for messages
    struct filters *stack;
    struct filter *above, *below;
    bool opening; // nothing passes yet; the filter clears it
    bool ended;   // the peer's plaintext ended; the filter sets it
    // Input waits inside, because it becomes more plaintext than is to be handed up at a time; the
    // filter sets it. What it receives meanwhile has to wait, too, the end included.
    bool more;
    bool started, above_told;
    struct buf early; // plaintext that came while it was opening
};

enum { FILTERS_MOST = 16 }; // in one stack: a byte's way through all is one of calls

struct filters {
    struct filter *top, *bottom; // owned
    struct buf plain; // what came out above, for the owner to take
    int count;
    bool ended;       // the plaintext ended
    bool busy;        // bytes are on their way: the stack must not change
    char *reason;     // of a failure, in words; owned, NULL for none
    // Takes what comes out below. Returns 0 or a negative errno.
    int (*wire)(struct filters *, const char *bytes, size_t n);
    void *owner;
};

// Puts a filter on top of fewer than FILTERS_MOST, and starts it if the others are open. What is in `plain` goes through it, too.
// The stack owns it from now on. Returns 0 or a negative errno.
int filters_push(struct filters *s, struct filter *f);

// Takes the top one away and frees it.
void filters_pop(struct filters *s);

// Whether all are open.
bool filters_open(const struct filters *s);

// Hands in bytes at the bottom; NULL when there will be no more.
int filters_receive(struct filters *s, const char *wire, size_t n);

// Whether input waits inside of a filter; nothing is to be handed in meanwhile.
bool filters_more(const struct filters *s);

// Has the topmost filter in which input waits go on, for one piece.
int filters_resume(struct filters *s);

// Hands in plaintext at the top, which must be open.
int filters_send(struct filters *s, const char *plain, size_t n);

// The plaintext is over: last bytes, from the top down, of those that are open.
int filters_finish(struct filters *s);

void filters_free(struct filters *s);

// For filters: hands plaintext up, or wire bytes down. Returns 0 or a negative errno.
int filter_up(struct filter *f, const char *plain, size_t n);
int filter_down(struct filter *f, const char *wire, size_t n);

// For filters: keeps the reason, behind the filter's name, and returns -error.
int filter_fail(struct filter *f, int error, const char *reason);

#endif
