// What this layer tells the one above: a table of functions, handed down once. Each may call
// anything of net/ for any connection; nothing is freed before the loop's reap step.
#ifndef NET_EVENTS_H
#define NET_EVENTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct conn;
struct net;
struct server;

// What became of the bytes of a data event.
struct delivery {
    size_t used; // taken from the front; the rest is kept in front of what comes next
    bool more;   // the rest may be delivered again without waiting for new bytes
};

struct net_events {
    // Every address is bound, nothing was accepted yet.
    void (*serving)(struct server *);
    // Returns the nanoseconds until the next tick, or a negative number for none.
    int64_t (*tick)(struct server *);
    // The server's last connection is gone; it is freed right after.
    void (*stopped)(struct server *);
    // A connection came in; it may end before `opened`.
    void (*accepted)(struct conn *);
    // An accepted or dialed one has its descriptor: filters may be pushed, which open before it. Fires
    // again, when those are open, as long as it returns true.
    bool (*arrived)(struct conn *);
    void (*opened)(struct conn *);
    // The filter that was pushed last is open, and somebody wanted to know.
    void (*ready)(struct conn *);
    void (*woken)(struct conn *);
    struct delivery (*data)(struct conn *, const char *bytes, size_t n);
    void (*eof)(struct conn *);
    // Around each write attempt, for connections with `observed` set.
    void (*prewrite)(struct conn *, size_t amount);
    void (*postwrite)(struct conn *, size_t amount, size_t remaining);
    void (*drained)(struct conn *);
    // A shutdown is about to close it: last words.
    void (*stopping)(struct conn *);
    // The last event of a connection is one of these. closed and failed: conn->error and
    // conn->message say why. detached takes the descriptor with conn_take_socket.
    void (*closed)(struct conn *);
    void (*failed)(struct conn *); // it never opened
    void (*detached)(struct conn *);
    // Everything is to end: servers and connections are seen to, the rest is the layer above's.
    void (*ending)(struct net *);
    // Something that concerns no single connection and that somebody should read.
    void (*notice)(struct net *, const char *where, const char *text);
};

#endif
