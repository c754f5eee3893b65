// What every descriptor of ours has: close-on-exec, and non-blocking.
#ifndef OS_FD_H
#define OS_FD_H

#include <stddef.h>

// Sets O_NONBLOCK and FD_CLOEXEC, for systems without the calls that set them at birth. Returns 0
// or a negative errno.
int fd_prepare(int fd);

// Opens a descriptor that does nothing but take up a number (/dev/null). Returns it, or a
// negative errno.
int fd_open_reserve(void);

// How many descriptors the process may have (RLIMIT_NOFILE).
size_t fd_limit(void);

void fd_close(int fd);

#endif
