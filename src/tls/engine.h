// OpenSSL as the files of tls/ share it.
#ifndef TLS_ENGINE_H
#define TLS_ENGINE_H

#include <openssl/ssl.h>
#include <stdbool.h>
#include <stddef.h>

struct tls_context {
    SSL_CTX *ctx; // owned
    bool server, verifies;
    struct named *names; // owned list: other identities
    unsigned char *alpn; // owned
    size_t alpn_length;
    BIO_METHOD *method; // owned: between an engine and the wire; made by the first session
    struct tls_tickets *tickets; // owned: a client's, or NULL
    char *keylog; // owned: the file that SSLKEYLOGFILE names, or NULL
    _Atomic unsigned references;
};

// Takes OpenSSL's last error as text, with the newest reason, and forgets the others.
void tls_take_error(char *text, size_t size);

#endif
