// Calls on a socket that wait: for sockets that left the loop, on other threads. The descriptor is
// non-blocking. A time-out is in nanoseconds and counts for each wait; negative for none. `stack` has
// the filters between the wire and the plaintext, NULL for none.
#ifndef NET_BLOCKING_H
#define NET_BLOCKING_H

#include "base/buf.h"

#include <stdint.h>
#include <sys/types.h>

struct stack;

// Appends plaintext: what is there, at least one byte. Returns the number of bytes, 0 at the end, or
// a negative errno, -ETIMEDOUT among them.
ssize_t blocking_read(int fd, struct stack *stack, struct buf *in, int64_t timeout);

// Writes all. Returns 0 or a negative errno, -EPIPE after blocking_finish.
int blocking_write(int fd, struct stack *stack, const char *bytes, size_t n, int64_t timeout);

// Sends the filters' last bytes, and FIN in any case. Returns 0 or a negative errno.
int blocking_finish(int fd, struct stack *stack, int64_t timeout);

// Closes it; nothing happens for -1.
void blocking_close(int fd);

#endif
