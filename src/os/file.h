// Files for reading: opened below a directory and never out of it, read and sent by offset. Descriptors are
// non-blocking and close-on-exec; what fails returns a negative errno.
#ifndef OS_FILE_H
#define OS_FILE_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

struct file_facts {
    uint64_t size;
    int64_t seconds; // when it was changed last, since 1970
    int32_t nanoseconds;
};

// Opens a regular file by its path from the directory `root` on. The path may not be absolute, or have "..". Symbolic
// links are followed where the system makes sure that they stay below the root (Linux, openat2); else there may be
// none. Returns the descriptor; -EISDIR for a directory, -ENXIO for what is no file. Does not wait for a FIFO's other end.
int file_open(const char *root, const char *path, struct file_facts *facts);

// The same by steps, for systems without openat2, and for links that may not be followed.
int file_open_by_steps(const char *root, const char *path, struct file_facts *facts);

// pread(2). Returns 0 at the file's end.
ssize_t file_read(int fd, char *bytes, size_t n, uint64_t offset);

// Sends up to n bytes from the offset on through a socket. Returns how many the socket took, 0 at the file's end.
ssize_t file_send(int socket, int fd, uint64_t offset, size_t n);

#endif
