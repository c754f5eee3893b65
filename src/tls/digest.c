#include "tls/digest.h"

#include <openssl/evp.h>
#include <openssl/sha.h>

void digest_sha1(const char *bytes, size_t n, unsigned char digest[DIGEST_SHA1])
{
    SHA1((const unsigned char *)bytes, n, digest);
}

void digest_base64(const unsigned char *bytes, size_t n, char *text)
{
    EVP_EncodeBlock((unsigned char *)text, bytes, (int)n);
}
