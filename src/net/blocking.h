// Calls on a socket that wait: for sockets that left the loop, on other threads. The descriptor is
// non-blocking. A time-out is in nanoseconds and counts for each wait; negative for none.
#ifndef NET_BLOCKING_H
#define NET_BLOCKING_H

#include "base/buf.h"

#include <sys/types.h>

// Appends what is there, at least one byte. Returns the number of bytes, 0 at the end, or a
// negative errno, -ETIMEDOUT among them.
ssize_t blocking_read(int fd, struct buf *in, int64_t timeout);

// Writes all. Returns 0 or a negative errno.
int blocking_write(int fd, const char *bytes, size_t n, int64_t timeout);

// Sends FIN. Returns 0 or a negative errno.
int blocking_finish(int fd);

// Closes it; nothing happens for -1.
void blocking_close(int fd);

#endif
