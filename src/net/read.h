// The way of bytes into a connection.
#ifndef NET_READ_H
#define NET_READ_H

#include "net/conn.h"

// The descriptor is readable: takes one piece of at most INPUT_SIZE and hands it up.
void conn_read(struct conn *c);

// Hands unread input up again, if the connection may be read from.
void conn_redeliver(struct conn *c);

#endif
