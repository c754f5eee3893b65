// Datagrams on their way out of a connection. They leave at once, one a write, and nothing waits for
// a socket; but those that are written before it is connected, or while somebody observes write
// attempts, wait for the connection to open, or for the callback to end.
#ifndef NET_PACKETS_H
#define NET_PACKETS_H

#include "net/conn.h"

// Sends a datagram or has it wait. Returns 0 or a negative errno: -EMSGSIZE when it is too long,
// -ENOBUFS or -ENOMEM when it cannot wait.
int packets_put(struct conn *c, const char *bytes, size_t n);

// Sends those that wait.
void packets_flush(struct conn *c);

// Tells that a datagram could not be sent, where nobody else hears of it.
void packets_tell_lost(struct conn *c, size_t n, int err);

// The bytes of those that wait.
size_t packets_pending(const struct conn *c);

#endif
