// What the connections, listeners and timers of one event loop share. One thread uses it; it
// owns the poller, the read buffer and every connection.
#ifndef NET_NET_H
#define NET_NET_H

#include "base/heap.h"
#include "base/list.h"
#include "base/queue.h"
#include "base/slots.h"
#include "net/events.h"
#include "net/mailbox.h"
#include "os/poller.h"
#include "os/signals.h"

enum { INPUT_SIZE = 65536 }; // the most that one recv takes

enum watch_kind {
    WATCH_CONN,
    WATCH_LISTENER,
    WATCH_SIGNALS,
    WATCH_MAILBOX,
    WATCH_ATTEMPT,
    WATCH_RESOLVER,
    WATCH_UDP,
};

struct limits;
struct table;

// What connections of one origin have in common: a server's, or all that were dialed.
struct conn_group {
    struct net *net;
    struct link conns;           // not yet freed, oldest first
    size_t connections;          // how many those are
    size_t admitted;             // of them, those that were accepted
    struct table *addresses;     // how many from each address; NULL before the first
    bool stopping;               // they are about to be closed: nothing more is read
    uint64_t newest;             // the last one that is; later ones stay
    const struct limits *limits; // that a connection begins with
    void *handlers, *user;       // the layer above's
};

struct net {
    const struct poller_backend *backend;
    struct poller *poller;
    const struct net_events *events;
    void *user; // the layer above's
    uint64_t now; // when this iteration began, in nanoseconds
    uint64_t iteration; // its number, from 1
    struct heap timers;
    struct slots conns; // changed through the mailbox only
    struct mailbox *mailbox;
    struct watch mailbox_watch;
    struct conn_group dialed; // the connections that belong to no server
    struct resolver *resolver; // NULL until it is needed
    struct chunk_pool chunks;
    struct datagram_box *datagrams; // NULL until there is a datagram socket
    uint64_t hash_key[2];      // of tables that a peer can fill; nobody can guess it
    struct link servers;
    struct link work;  // connections with something to do in this iteration or the next
    struct link ended; // connections for the reap step
    struct link spent;   // dials that are over, for the reap step
    struct link starved; // listeners that wait for a free descriptor
    unsigned handshakes; // steps of handshakes in this iteration
    bool announced;    // the service manager knows that a server is there
    bool restless;     // something is to be done without waiting
    bool has_signals;  // while it runs, and no other loop of the process has them
    struct signals signals;
    struct watch signals_watch;
    size_t room;       // for connections: what the process's descriptors allow
    int reserve;       // a descriptor to give up when there are none; negative while given up
    char input[INPUT_SIZE];
};

// Opens the backend of that name, the best one for NULL. Returns 0 or a negative errno, -EINVAL
// when there is no such backend.
int net_open(struct net **net, const char *backend, const struct net_events *events, void *user);

// The names of the backends, best first, as in "epoll, poll".
const char *net_backends(char *text, size_t size);

// The monotonic clock, in nanoseconds.
uint64_t net_clock(void);

// Nanoseconds since 1970.
uint64_t net_time(void);

// Has the process run as a user, "name" or "name:group", from here on. Returns 0 or a negative errno.
int net_become(const char *user);

// At most 256 bytes that nobody can foretell. Returns 0 or a negative errno.
int net_random(void *bytes, size_t n);

// Frees what no connection or server needs any more; both must be gone.
void net_close(struct net *net);

#endif
