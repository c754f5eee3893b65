// Names to addresses without blocking the loop: c-ares, which reads the system's resolv.conf and
// hosts file, on our poller and timers.
#ifndef NET_RESOLVER_H
#define NET_RESOLVER_H

#include "base/endpoint.h"
#include "net/net.h"

enum { RESOLVER_ENDPOINTS = 8 }; // that one look-up gives at most

// One question; embedded in the asker.
struct lookup {
    // Called once, maybe before resolver_ask returns: `count` endpoints without a port, or 0 and
    // the reason, as a positive errno and in words.
    void (*answer)(struct lookup *, const struct endpoint *endpoints, int count, int error,
                   const char *reason);
    struct query *query; // while it is under way
};

// Asks for the addresses of one family, AF_INET or AF_INET6. Whatever fails is answered.
void resolver_ask(struct net *net, struct lookup *l, const char *name, int family);

// The answer does not matter any more.
void resolver_forget(struct lookup *l);

// The servers to ask from now on, as "127.0.0.1:53,[::1]:53"; NULL for the system's. Returns 0, or
// -EINVAL for text that is not a list of IP addresses.
int resolver_set_servers(struct net *net, const char *servers);

// A descriptor of the resolver is ready.
void resolver_ready(struct net *net, const struct ready *ready);

// Drops all questions without an answer.
void resolver_free(struct net *net);

#endif
