// Digests and base64, of OpenSSL.
#ifndef TLS_DIGEST_H
#define TLS_DIGEST_H

#include <stddef.h>

enum { DIGEST_SHA1 = 20 };

void digest_sha1(const char *bytes, size_t n, unsigned char digest[DIGEST_SHA1]);

// Writes 4 characters for each 3 bytes, and a NUL.
void digest_base64(const unsigned char *bytes, size_t n, char *text);

#endif
