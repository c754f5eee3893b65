// Hashes of bytes.
#ifndef BASE_HASH_H
#define BASE_HASH_H

#include <stddef.h>
#include <stdint.h>

// For tables that a peer can fill: SipHash-1-3 with a secret key (Aumasson, Bernstein, 2012).
uint64_t hash_keyed(const uint64_t key[2], const void *bytes, size_t n);

// For telling things apart: FNV-1a, 64 bits. Not for tables that a peer can fill.
static inline uint64_t hash_bytes(const char *bytes, size_t n)
{
    uint64_t h = 14695981039346656037u;
    for (size_t i = 0; i < n; i++)
        h = (h ^ (uint8_t)bytes[i]) * 1099511628211u;
    return h;
}

#endif
