// The way of bytes into a connection.
#ifndef NET_READ_H
#define NET_READ_H

#include "net/conn.h"

// Stops reading, or goes on with it; what was left unread is delivered in the next iteration.
void conn_pause(struct conn *c);
void conn_resume(struct conn *c);

// The descriptor is readable: takes one piece of at most INPUT_SIZE and hands it up.
void conn_read(struct conn *c);

// Hands unread input up again, if the connection may be read from.
void conn_redeliver(struct conn *c);

// Hands unread input up in any case, even if there is none.
void conn_deliver(struct conn *c);

#endif
