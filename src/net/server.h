// A server: the listeners and datagram sockets of one serve or listen call, the connections that
// came in through them, and its ticks.
#ifndef NET_SERVER_H
#define NET_SERVER_H

#include "base/addr.h"
#include "net/listener.h"
#include "net/udp.h"

enum { SERVER_ENDPOINTS = 16 }; // addresses that one name may have

enum server_state {
    SERVER_STARTING, // bound; `serving` fires in the next iteration
    SERVER_SERVING,
    SERVER_STOPPING, // its connections are to be closed in this iteration's flush step
    SERVER_CLOSED,   // not accepting; freed with its last connection
};

struct server {
    struct conn_group group;
    struct link link; // in net->servers
    enum server_state state;
    char **addresses; // what was bound, as text, in the order that was asked for
    int address_count;
    struct listener *listeners; // one or more for each address
    int listener_count;
    struct udp *udps; // the same for datagrams
    int udp_count;
    struct timer timer; // start, then ticks
};

// What to listen on and whose connections these will be.
struct server_options {
    const char *const *addresses;
    int address_count;
    const struct limits *limits; // must stay as long as the server
    void *handlers;
    void *user;
};

// Binds all addresses or none. Returns 0, or a negative errno with a message (-EINVAL for an
// address that cannot be read). The loop frees the server after events->stopped.
int server_open(struct server **server, struct net *net, const struct server_options *options,
                char error[ADDR_ERROR_SIZE]);

// For server_open: binds one address, the index-th from 1. Returns 0 or a negative errno with a message.
int server_bind(struct server *s, const char *text, int index, char error[ADDR_ERROR_SIZE]);

// Stops accepting.
void server_close(struct server *s);

// Stops accepting and closes every connection, newest first, each after its output is flushed.
void server_shutdown(struct server *s);

// Shuts every server down, closes every dialed connection, and tells the layer above.
void shutdown_all(struct net *net);

// For the loop's flush step: the closing that server_shutdown and shutdown_all asked for.
void shutdown_connections(struct net *net);

// For the loop's reap step: frees servers that are closed and have no connection left.
void servers_reap(struct net *net);

// Without an event, when the whole loop goes: frees a group's connections, a server with its own.
void group_free(struct conn_group *group);
void server_free(struct server *s);

#endif
