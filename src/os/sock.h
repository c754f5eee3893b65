// Stream sockets that are connected or about to be: accept, receive, send, options. Everything is
// non-blocking and close-on-exec; every call repeats itself after EINTR and returns a negative
// errno when it fails.
#ifndef OS_SOCK_H
#define OS_SOCK_H

#include "base/endpoint.h"

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>
#include <sys/uio.h>

struct sockaddr_un;

// socket(2). Returns the descriptor.
int sock_open(int family, int type);

// Fills sa with a file's name, or "@name" for Linux's abstract namespace. Returns its length.
socklen_t sock_unix_address(const char *path, struct sockaddr_un *sa);

// Makes a socket and begins to connect it. Returns 0 when it is connected, -EINPROGRESS when it
// becomes writable once that is decided; there is no descriptor after other errors.
int sock_connect(const struct endpoint *e, int *fd);
int sock_connect_unix(const char *path, int *fd);

// What became of a connect, or another error that is pending: SO_ERROR. Returns 0 or a negative
// errno.
int sock_error(int fd);

// accept4(2). Returns the new descriptor and stores the peer's address.
int sock_accept(int listener, struct endpoint *peer);

// recv(2). Returns 0 at the end of the stream.
ssize_t sock_receive(int fd, char *bytes, size_t n);

// sendmsg(2) without SIGPIPE. Returns the number of bytes that the kernel took.
ssize_t sock_send(int fd, const struct iovec *iov, int count);

// Waits until it is readable or writable, for up to that many nanoseconds, for ever if negative.
// Returns 0 or a negative errno, -ETIMEDOUT among them.
int sock_wait(int fd, bool writable, int64_t timeout);

// Ends the direction towards the peer with a FIN: shutdown(2), SHUT_WR.
int sock_finish(int fd);

// Makes close(2) reset the connection: SO_LINGER with no time.
void sock_reset_on_close(int fd);

// TCP_NODELAY.
int sock_set_nodelay(int fd, bool on);

// SO_KEEPALIVE: the first probe after that many idle seconds, then every third of it, three in
// all; 0 turns it off.
int sock_set_keepalive(int fd, unsigned seconds);

// The bytes that the peer's side has not acknowledged yet (SIOCOUTQ on Linux), or a negative
// errno where the system does not tell.
int sock_unsent(int fd);

// The local address: getsockname(2).
int sock_local_endpoint(int fd, struct endpoint *e);

// That of a unix socket, as sock_unix_address takes it; cut to `size`.
void sock_local_path(int fd, char *path, size_t size);

#endif
