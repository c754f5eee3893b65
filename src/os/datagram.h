// Datagram sockets: bound or connected, several datagrams a call, and the local address that each
// was sent to, so that the reply leaves from it. Non-blocking and close-on-exec; calls repeat
// themselves after EINTR and return a negative errno when they fail.
#ifndef OS_DATAGRAM_H
#define OS_DATAGRAM_H

#include "base/addr.h"
#include "base/endpoint.h"

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

// A datagram socket.
struct datagram_socket {
    int fd;
    int family; // AF_INET or AF_INET6
    bool any;   // bound to every interface: the local address differs from datagram to datagram
};

// One that came.
struct datagram {
    struct endpoint remote, local; // local without a port; family 0 when the system does not say
    const char *bytes;             // the box's
    size_t length;
    bool truncated; // it was longer
};

// Room for the datagrams of one call.
struct datagram_box;

// Returns a box for up to `count` datagrams (64 at most) of up to `size` bytes each, or NULL.
struct datagram_box *datagram_box_new(unsigned count, size_t size);
void datagram_box_free(struct datagram_box *box);

// Binds one endpoint. `both` also takes IPv4 on an IPv6 wildcard. Returns 0 or a negative errno.
int datagram_bind(struct datagram_socket *s, const struct addr *a, const struct endpoint *e,
                  bool both);

// Makes a socket for one peer. Returns 0 or a negative errno.
int datagram_connect(struct datagram_socket *s, const struct endpoint *peer);

// Receives what is there, without waiting: recvmmsg(2) on Linux. Returns the number of datagrams.
int datagram_receive(const struct datagram_socket *s, struct datagram_box *box);

// The i-th datagram of the last call.
struct datagram datagram_get(const struct datagram_box *box, int i);

// Sends one datagram; `to` is NULL on a connected socket, `from` is NULL for the system's choice.
// Returns 0 or a negative errno: -EMSGSIZE when it is too long.
int datagram_send(const struct datagram_socket *s, const struct endpoint *to,
                  const struct endpoint *from, const char *bytes, size_t n);

#endif
