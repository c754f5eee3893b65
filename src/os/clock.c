#include "os/clock.h"

#include <time.h>

static uint64_t ask(clockid_t clock)
{
    struct timespec now;
    clock_gettime(clock, &now);
    return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

uint64_t clock_now(void)
{
    return ask(CLOCK_MONOTONIC);
}

uint64_t clock_time(void)
{
    return ask(CLOCK_REALTIME);
}
