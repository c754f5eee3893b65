// Listening sockets: binding an address, and the files of unix sockets.
#ifndef OS_LISTEN_H
#define OS_LISTEN_H

#include "base/addr.h"
#include "base/endpoint.h"

#include <sys/types.h>

// A bound unix socket's file, so that only it is removed at the end.
struct listen_file {
    char *path; // owned; NULL for no file
    dev_t device;
    ino_t inode;
};

// Binds one endpoint. `both` also takes IPv4 on an IPv6 wildcard. Connections that are accepted
// have TCP_NODELAY set: they inherit it (tcp(7)). Returns the descriptor, not yet listening, or a
// negative errno.
int listen_bind_tcp(const struct addr *a, const struct endpoint *e, bool both);

// Binds a unix socket. A socket file that nobody answers on is replaced, anything else is
// -EADDRINUSE (-EEXIST when it is not a socket). Fills `file`. Returns the descriptor.
int listen_bind_unix(const struct addr *a, struct listen_file *file);

// listen(2) with the address's backlog, or the system's largest. Returns 0 or a negative errno.
int listen_start(int fd, const struct addr *a);

// Removes the file if it is still the one that was bound, and forgets it.
void listen_file_remove(struct listen_file *file);

#endif
