// Random bytes of the system.
#ifndef OS_RANDOM_H
#define OS_RANDOM_H

#include <stddef.h>

// Fills up to 256 bytes that nobody can guess: getentropy(3). Returns 0 or a negative errno.
int random_bytes(void *bytes, size_t n);

#endif
