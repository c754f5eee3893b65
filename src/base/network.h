// Networks of IP addresses: "10.0.0.0/8", "2001:db8::/32", and single addresses.
#ifndef BASE_NETWORK_H
#define BASE_NETWORK_H

#include "base/endpoint.h"

#include <stdbool.h>

struct network {
    uint16_t family; // AF_INET or AF_INET6
    uint8_t bits;    // that count, from the front
    uint8_t ip[16];  // network byte order; the first four bytes for AF_INET
};

// Reads an address, with "/bits" or whole; what is mapped into IPv6 becomes IPv4. Returns 0, or -EINVAL for what is none, and for one with
// bits set behind those that count, which would not say what was meant.
int network_parse(struct network *n, const char *text);

bool network_contains(const struct network *n, const struct endpoint *e);

#endif
