// The addresses of a host, asked of the system: getaddrinfo(3). Names are looked up here only for
// listening, where waiting is in order; dialing has net/resolver.h.
#ifndef OS_RESOLVE_H
#define OS_RESOLVE_H

#include "base/addr.h"
#include "base/endpoint.h"

// The endpoints to listen on, in the system's order, each once. Blocks while a name is resolved.
// Returns the number of them, or a negative errno (-ENOENT with the resolver's message in `error`
// when there is no such name).
int resolve_host(const struct addr *a, struct endpoint *endpoints, int max,
                 char error[ADDR_ERROR_SIZE]);

// The endpoint of a host that is an IP address. Does not block. Returns 0, or -ENOENT when it is a
// name, or an address of a family that the scheme excludes.
int resolve_literal(const struct addr *a, struct endpoint *e);

#endif
