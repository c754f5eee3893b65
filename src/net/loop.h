// The event loop: one iteration is a list of named steps.
#ifndef NET_LOOP_H
#define NET_LOOP_H

#include "net/net.h"

// Before the first and after the last iteration: takes SIGINT and SIGTERM, which shut every server
// down, unless another loop of the process has them. Returns 0 or a negative errno.
int loop_begin(struct net *net);
void loop_end(struct net *net);

// Waits until something happens, then handles it: one iteration. Returns 0, or a negative errno
// when the poller failed.
int loop_turn(struct net *net);

// Frees the loop with everything in it, without events.
void loop_free(struct net *net);

#endif
