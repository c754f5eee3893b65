// Dialing out: a connection that is to be made. Its name is resolved and its addresses are tried
// in the manner of RFC 8305 ("happy eyeballs"): IPv6 and IPv4 in turn, a quarter of a second apart,
// the next one at once when one fails; the first that connects is taken.
#ifndef NET_DIAL_H
#define NET_DIAL_H

#include "base/addr.h"
#include "net/conn.h"

// Begins to dial; the connection is there at once, and ends with `failed` or goes on with `opened`,
// never before this returns. `text` is the address as it was given, for messages; the limits stay
// the caller's. Returns 0 or -ENOMEM.
int dial_open(struct conn **conn, struct net *net, const struct addr *addr, const char *text,
              const struct limits *limits);

// An attempt to connect is decided.
void dial_ready(struct watch *w);

// For the reap step: frees the dials that are over.
void dials_reap(struct net *net);

// Gives up, without an event; the connection is about to be freed.
void dial_cancel(struct conn *c);

#endif
