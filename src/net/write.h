// The way of bytes out of a connection.
#ifndef NET_WRITE_H
#define NET_WRITE_H

#include "net/conn.h"

#include <sys/types.h>

// Queues bytes; they leave in the loop's flush step, or with the answer to the event that is
// being handled. Returns the pending bytes; -EPIPE when the connection is closing or finished,
// -ENOBUFS or -ENOMEM when the queue could not take them, which ended the connection.
ssize_t conn_write(struct conn *c, const char *bytes, size_t n);

// The same for what belongs to the answer of the event being handled: it is sent even when the
// callback closed the connection.
ssize_t conn_put(struct conn *c, const char *bytes, size_t n);

// Bytes that were written and are not with the kernel.
size_t conn_pending(const struct conn *c);

// The end of an event's callback: sends what it queued and `tail`, which is copied only as far as
// the kernel does not take it. Sends nothing on a connection that ended.
void conn_flush(struct conn *c, const char *tail, size_t n);

// Asks for the local address, from which bytes leave. Returns 0 or a negative errno.
int conn_local(const struct conn *c, struct endpoint *local);

// For the flush step: does what the connection is on the work list for.
void conn_do_work(struct conn *c);

#endif
