// One-shot timers with absolute deadlines on the monotonic clock, embedded in their owners.
#ifndef NET_TIMER_H
#define NET_TIMER_H

#include "base/heap.h"
#include "net/net.h"

struct timer {
    struct heap_node node;
    void (*fire)(struct timer *);
};

// Sets the timer, or moves it, to a time in nanoseconds. Returns 0, or -ENOMEM for one that was
// not set.
static inline int timer_set(struct net *net, struct timer *t, uint64_t deadline)
{
    return heap_set(&net->timers, &t->node, deadline);
}

static inline void timer_cancel(struct net *net, struct timer *t)
{
    heap_remove(&net->timers, &t->node);
}

static inline bool timer_is_set(const struct timer *t)
{
    return t->node.index != 0;
}

// The first time after `now` that is a whole number of periods after `due`: lateness does not add
// up, and periods that were missed do not come in a burst.
static inline uint64_t timer_next(uint64_t due, uint64_t period, uint64_t now)
{
    if (due + period > now)
        return due + period;
    return period ? due + ((now - due) / period + 1) * period : now + 1;
}

// Fires what is due at net->now. A timer that is set by another one's firing waits for the next
// call, so that a timer cannot keep the loop to itself.
void timers_fire(struct net *net);

// Nanoseconds from net->now until the next deadline; negative when there is none.
int64_t timers_wait(const struct net *net);

#endif
