// Where a request goes: hosts (RFC 3986, 3.2.2) and targets (RFC 9112, 3.2). No state, no I/O.
#ifndef CODEC_HTTP_TARGET_H
#define CODEC_HTTP_TARGET_H

#include <stdbool.h>
#include <stddef.h>

// Whether n bytes are a host, which may be empty, and perhaps a port. Commas, with which two fields could have been
// joined, are in none.
bool http_is_authority(const char *bytes, size_t n);

// Whether n bytes without spaces are one of the four forms of a target, for a method of m bytes.
bool http_is_target(const char *bytes, size_t n, const char *method, size_t m);

#endif
