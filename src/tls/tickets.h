// Sessions that a client may resume, by the name of their server. Sessions of one context may run on
// several threads: all calls are safe from any of them.
#ifndef TLS_TICKETS_H
#define TLS_TICKETS_H

#include <openssl/ssl.h>

struct tls_tickets;

// Returns NULL when out of memory.
struct tls_tickets *tls_tickets_new(void);
void tls_tickets_free(struct tls_tickets *t);

// Keeps a session in the place of what is there for the name. Takes the reference.
void tls_tickets_put(struct tls_tickets *t, const char *name, SSL_SESSION *session);

// A session for the name, with a reference for the caller, or NULL. A ticket of TLS 1.3 is given out
// once (RFC 8446, C.4).
SSL_SESSION *tls_tickets_take(struct tls_tickets *t, const char *name);

#endif
