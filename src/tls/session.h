// A TLS session: bytes in, bytes out, no sockets. It belongs to one thread at a time.
#ifndef TLS_SESSION_H
#define TLS_SESSION_H

#include "tls/context.h"

#include <sys/types.h>

enum { TLS_TEXT_SIZE = 256 };

struct tls;

// A session. `name` is the server that a client asks for, and expects in its certificate if that is
// verified; NULL for none. Returns 0, -EINVAL for a name that cannot be one, or -ENOMEM.
int tls_new(struct tls **tls, struct tls_context *context, const char *name);
void tls_free(struct tls *tls);

// Where records go. `wire` returns 0 or a negative errno.
void tls_output(struct tls *tls, int (*wire)(void *user, const char *bytes, size_t n), void *user);

// Bytes from the wire for the following calls, which take all of them.
void tls_feed(struct tls *tls, const char *bytes, size_t n);

enum { TLS_CLOSED = -1, TLS_FAILED = -2 };

// Goes on with the handshake. Returns 1 when it is over, 0 when more bytes are needed, TLS_FAILED.
int tls_handshake(struct tls *tls);

// Returns the number of plaintext bytes, 0 when more are needed, TLS_CLOSED after the peer's
// close_notify (RFC 8446, 6.1), TLS_FAILED.
ssize_t tls_read(struct tls *tls, char *bytes, size_t n);

// Turns all n bytes into records. Returns 0 or TLS_FAILED.
int tls_write(struct tls *tls, const char *bytes, size_t n);

// Sends close_notify. Returns 0 or TLS_FAILED.
int tls_finish(struct tls *tls);

// Why the last call failed: OpenSSL's reason, as in "wrong version number".
const char *tls_reason(const struct tls *tls);

// What was agreed on: "TLSv1.3"; "TLS_AES_256_GCM_SHA384"; the server name that was asked for, the
// protocol (ALPN), both "" for none; whether a session was resumed.
const char *tls_version(const struct tls *tls);
const char *tls_cipher(const struct tls *tls);
const char *tls_server_name(const struct tls *tls);
const char *tls_protocol(const struct tls *tls, char text[TLS_TEXT_SIZE]);
bool tls_resumed(const struct tls *tls);

// The peer's certificate.
struct tls_peer {
    char subject[TLS_TEXT_SIZE], issuer[TLS_TEXT_SIZE]; // RFC 2253
    char fingerprint[65]; // SHA-256 of the certificate, in hex
    char name[TLS_TEXT_SIZE]; // its first DNS name or its common name
    bool verified; // up to a trusted root
};

// Returns false where there is none.
bool tls_peer(const struct tls *tls, struct tls_peer *peer);

#endif
