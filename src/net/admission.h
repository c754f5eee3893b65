// Whom a server lets in: no more connections than `connections` allows, and from one address no more
// than `per_address`. It counts; who is not let in is the listener's matter.
#ifndef NET_ADMISSION_H
#define NET_ADMISSION_H

#include "net/conn.h"

// The limits that hold: `connections`, or what descriptors allow; and `per_address`, or half of that, so
// that nobody alone can fill the server. Who connects from this machine (a reverse proxy, a benchmark) has
// the second limit only where it is set.
size_t admission_most(const struct conn_group *g);
size_t admission_most_from(const struct conn_group *g, const struct endpoint *peer);

// Whether one more fits.
bool admission_has_room(const struct conn_group *g);

// Counts a connection from there. Returns 0, or -EUSERS when the address has too many, or -ENOMEM.
// Unix sockets have no address, and no such limit.
int admission_enter(struct conn_group *g, const struct endpoint *peer);

// One that entered is gone.
void admission_leave(struct conn_group *g, const struct endpoint *peer);

#endif
