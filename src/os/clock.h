// The monotonic clock.
#ifndef OS_CLOCK_H
#define OS_CLOCK_H

#include <stdint.h>

// Nanoseconds since some fixed point; never goes back. clock_gettime(2), CLOCK_MONOTONIC.
uint64_t clock_now(void);

#endif
