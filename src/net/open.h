// The beginning of a connection: its filters, their handshakes, and `opened`.
#ifndef NET_OPEN_H
#define NET_OPEN_H

#include "net/conn.h"

// The descriptor is there: fires `arrived`, and `opened` once every filter is open.
void conn_open(struct conn *c);

// A handshake may be over: fires `opened`, or `ready` for a filter that was pushed later.
void conn_settle_handshake(struct conn *c);

#endif
