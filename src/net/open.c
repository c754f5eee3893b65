#include "net/open.h"

#include "net/stack.h"
#include "net/timeout.h"

// The rest of conn_open, once every filter is open.
static void open_now(struct conn *c)
{
    struct net *net = c->group->net;
    c->opened = true;
    c->last_in = c->last_out = conn_clock(c);
    mailbox_admit(net->mailbox, &c->slot, true);
    timer_cancel(net, &c->timer);
    timeout_arm(c);
    if (c->out.length > 0 || stack_pending(c) > 0 || c->files || c->finishing)
        conn_add_work(c, WORK_FLUSH); // written before it was connected
    net->events->opened(c);
    c->last_in = conn_clock(c);
    if (c->state == CONN_OPEN)
        conn_deliver_later(c); // a rest that came with handlers before it was connected
}

// Filters are made from the wire up, each when those below it are open.
static void arrive(struct conn *c)
{
    do
        c->arriving = c->group->net->events->arrived(c);
    while (c->arriving && c->state == CONN_OPEN && !c->shaking);
}

void conn_settle_handshake(struct conn *c)
{
    if (c->state == CONN_OPEN && c->arriving && !c->shaking)
        arrive(c);
    if (c->state != CONN_OPEN || c->shaking)
        return;
    if (!c->opened)
        open_now(c);
    if (c->stack->expects && c->state == CONN_OPEN && !c->shaking) {
        c->stack->expects = false;
        c->group->net->events->ready(c);
    }
}

void conn_open(struct conn *c)
{
    c->state = CONN_OPEN;
    conn_update(c);
    if (c->state == CONN_OPEN)
        arrive(c);
    if (c->state != CONN_OPEN)
        return;
    if (!c->shaking) {
        open_now(c);
        return;
    }
    timeout_arm(c);
    conn_add_work(c, WORK_FLUSH); // the first flight of a client
}
