// What TLS sessions have in common: certificates and settings. It is counted, and read-only once
// sessions use it, so that they may run on several threads.
#ifndef TLS_CONTEXT_H
#define TLS_CONTEXT_H

#include <stdbool.h>
#include <stddef.h>

enum { TLS_ERROR_SIZE = 512 };

enum tls_verify { TLS_VERIFY_NONE, TLS_VERIFY_OPTIONAL, TLS_VERIFY_REQUIRED };

// A certificate with its chain, and its key: names of PEM files, or PEM text.
struct tls_identity {
    const char *cert, *key; // NULL for none
    const char *password;   // of an encrypted key; NULL for none
};

struct tls_settings {
    bool server;
    struct tls_identity identity;
    const char *ca;         // certificates to trust, a file or text; NULL for the system's roots
    enum tls_verify verify; // the peer's certificate
    bool tls13;             // nothing below TLS 1.3; else nothing below 1.2
    bool tickets;           // sessions may be resumed
    const unsigned char *alpn; // protocols in order of preference, each with its length in front
    size_t alpn_length;
};

struct tls_context;

// Returns 0, or -EINVAL or -ENOMEM with words for it.
int tls_context_new(struct tls_context **context, const struct tls_settings *settings,
                    char error[TLS_ERROR_SIZE]);

// Another identity, with the same settings, for clients that ask for this name (RFC 6066, 3), or for any name below it where
// it begins with "*.". Before the first session. Returns as above.
int tls_context_add(struct tls_context *context, const char *name,
                    const struct tls_identity *identity, const struct tls_settings *settings,
                    char error[TLS_ERROR_SIZE]);

void tls_context_retain(struct tls_context *context);
void tls_context_release(struct tls_context *context);

#endif
