// Searches in bytes. No state, no I/O.
#ifndef CODEC_SCAN_H
#define CODEC_SCAN_H

#include <stddef.h>
#include <sys/types.h>

// The offset of the first occurrence of a needle of n >= 1 bytes, or -1.
ssize_t scan_find(const char *bytes, size_t length, const char *needle, size_t n);

#endif
