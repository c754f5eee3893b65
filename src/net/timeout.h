// Time-outs of an open connection. Traffic only notes when it was; the timer, when it fires, looks
// whether there is more time. So a busy connection costs nothing, and nothing scans over all.
#ifndef NET_TIMEOUT_H
#define NET_TIMEOUT_H

#include "net/conn.h"

// The limits, or what they apply to, changed: the timer is set where it is due earlier.
void timeout_arm(struct conn *c);

// Reading goes on: the time of silence begins now.
void timeout_reading(struct conn *c);

#endif
