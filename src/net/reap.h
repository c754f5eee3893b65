// The end of a connection: the `closed` event, the draining of what the peer still sends, and the
// freeing. For the loop's reap step.
#ifndef NET_REAP_H
#define NET_REAP_H

#include "net/conn.h"

// Fires the last event of a connection that ended, then frees it or starts to drain it; frees one
// that was drained.
void reap_conn(struct conn *c);

// Closes the descriptor and frees everything. For the end of the loop, too.
void conn_free(struct conn *c);

// Reads and drops what the peer of a draining connection sent.
void reap_drain(struct conn *c);

#endif
