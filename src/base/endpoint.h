// One end of a connection: an IP address and a port, small enough to be kept for every
// connection. A unix socket has no endpoint of its own (family AF_UNIX and nothing else).
#ifndef BASE_ENDPOINT_H
#define BASE_ENDPOINT_H

#include <netinet/in.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>

struct endpoint {
    uint16_t family; // AF_INET, AF_INET6, AF_UNIX; 0 when unknown
    uint16_t port;   // host byte order
    uint32_t scope;  // of a link-local IPv6 address
    uint8_t ip[16];  // network byte order; the first four bytes for AF_INET
};

enum { ENDPOINT_TEXT_SIZE = 80 };

// From what accept(2) or getsockname(2) gave. An IPv4 address mapped into IPv6 becomes IPv4.
struct endpoint endpoint_from_sockaddr(const struct sockaddr_storage *sa);

// Fills sa and returns its length; 0 for a family other than AF_INET and AF_INET6.
socklen_t endpoint_to_sockaddr(const struct endpoint *e, struct sockaddr_storage *sa);

// The IP address as text ("127.0.0.1", "fe80::1%2"), or "" when there is none.
const char *endpoint_ip(const struct endpoint *e, char text[ENDPOINT_TEXT_SIZE]);

// With a scheme in front: "tcp://127.0.0.1:5000", "udp://[::1]:5000", or "" when there is none.
const char *endpoint_text(const struct endpoint *e, const char *scheme,
                          char text[ENDPOINT_TEXT_SIZE]);

#endif
