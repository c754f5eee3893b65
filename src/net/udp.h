// Datagrams: a socket, and a connection for each peer that sent to it. A peer is told by its
// address and by the local one that it sent to, so that the answer leaves from there. What is
// written is sent at once, a datagram each; nothing waits.
#ifndef NET_UDP_H
#define NET_UDP_H

#include "net/conn.h"
#include "os/datagram.h"

struct udp {
    struct watch watch; // fd is -1 once closed
    struct conn_group *group;
    struct datagram_socket socket;
    struct endpoint local;
    const char *address; // for messages; the owner's
    uint16_t index;      // of the address, from 1; 0 for a dialed one
    bool closed;         // takes no new peers
    struct timer retry;  // where it cannot be polled yet
    struct peer **table; // by hash, chained; a power of two
    size_t size, count;
    struct link recent; // its peers, the one that was silent longest first
};

// Makes room for what any of them receives. Returns 0 or -ENOMEM.
int udp_prepare(struct net *net);

// Starts to receive. Where it cannot be polled it tells, and tries again until it works.
void udp_start(struct udp *u);

// Hands up what came, a bounded number of datagrams.
void udp_ready(struct udp *u);

// Takes no new peers from now on.
void udp_close(struct udp *u);

// Closes the socket; its peers are gone.
void udp_free(struct udp *u);

// Makes a dialed connection one that has a connected socket of its own. Returns 0 or a negative
// errno.
int udp_dialed(struct conn *c, const struct datagram_socket *socket, const struct endpoint *remote);

// The connection of a peer is about to be freed.
void peer_free(struct conn *c);

// Sends one datagram to the peer. Returns 0 or a negative errno.
int peer_send(struct conn *c, const char *bytes, size_t n);

// The local address that the peer sent to.
struct endpoint peer_local(const struct conn *c);

#endif
