// Time-outs of an open connection. Traffic only notes when it was; the timer, when it fires, looks
// whether there is more time. So a busy connection costs nothing, and nothing scans over all.
#ifndef NET_TIMEOUT_H
#define NET_TIMEOUT_H

#include "net/conn.h"

// The limits, or what they apply to, changed: the timer is set where it is due earlier.
void timeout_arm(struct conn *c);

// The limits were set by the script: the times count from now.
void timeout_restart(struct conn *c);

// Reading goes on: the time of silence begins now.
void timeout_reading(struct conn *c);

// Whether the peer took something since output was last begun or looked at. What the kernel still
// has tells sooner than the socket, which is writable only once much of a large buffer is free.
bool timeout_took(struct conn *c);

// How long to wait before the next such look.
static inline uint64_t timeout_look(uint64_t limit)
{
    return limit / 8;
}

#endif
