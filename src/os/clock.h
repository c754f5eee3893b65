// The clocks.
#ifndef OS_CLOCK_H
#define OS_CLOCK_H

#include <stdint.h>

// Nanoseconds since some fixed point; never goes back. clock_gettime(2), CLOCK_MONOTONIC.
uint64_t clock_now(void);

// Nanoseconds since 1970. clock_gettime(2), CLOCK_REALTIME.
uint64_t clock_time(void);

#endif
