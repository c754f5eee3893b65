// A listening socket: accepts a bounded number of connections an iteration, and survives running
// out of descriptors.
#ifndef NET_LISTENER_H
#define NET_LISTENER_H

#include "net/conn.h"
#include "os/listen.h"

struct listener {
    struct watch watch; // fd is -1 once closed
    struct conn_group *group;
    const char *address; // for messages; the server's
    uint16_t index;      // of the address, from 1
    uint8_t burst;       // how many were to be accepted in the last iteration that accepted
    uint64_t accepted_at; // that iteration
    uint64_t told;       // when a shortage was last told of; 0 for never
    uint64_t back_off; // nanoseconds until the next try; 0 when the last one went well
    uint64_t short_since; // when that began
    struct timer retry;
    struct link link; // in net->starved while it waits for a descriptor
    struct listen_file file;
};

// Starts to accept.
void listener_start(struct listener *l);

// Accepts what is waiting, up to a bound.
void listener_accept(struct listener *l);

// A descriptor became free: listeners that wait for one try again in the next iteration.
void listeners_retry(struct net *net);

// Closes the socket and removes its file. The struct is the owner's.
void listener_close(struct listener *l);

#endif
