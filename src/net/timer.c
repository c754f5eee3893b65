#include "net/timer.h"

#include "base/macros.h"

void timers_fire(struct net *net)
{
    size_t limit = net->timers.count;
    struct heap_node *top;
    while (limit-- && (top = heap_top(&net->timers)) && top->key <= net->now) {
        struct timer *t = container_of(top, struct timer, node);
        timer_cancel(net, t);
        t->fire(t);
    }
}

int64_t timers_wait(const struct net *net)
{
    const struct heap_node *top = heap_top(&net->timers);
    if (!top)
        return -1;
    return top->key <= net->now ? 0 : (int64_t)(top->key - net->now);
}
