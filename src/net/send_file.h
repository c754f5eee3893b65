// A file as a part of a connection's output.
#ifndef NET_SEND_FILE_H
#define NET_SEND_FILE_H

#include "net/conn.h"
#include "os/file.h"

// For the layer above: file_open, see os/file.h; and nothing happens for a negative descriptor.
int conn_open_file(const char *root, const char *path, struct file_facts *facts);
void conn_close_file(int fd);

// Sends `length` bytes of a file, from `offset` on, behind what was written before and in front of what is written
// later. They stay in the file until the peer takes them, and count as pending, but not for the limit on the queue.
// The descriptor, that of a regular file, is the connection's from now on, and closed at every end. Returns the
// pending bytes; -EPIPE on a connection that ended, -EOPNOTSUPP on one of datagrams, and after any other error the
// connection ended. It ends with EIO when the file becomes shorter.
ssize_t conn_send_file(struct conn *c, int fd, uint64_t offset, uint64_t length);

#endif
