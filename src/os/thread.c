#include "os/thread.h"

#include <errno.h>
#include <signal.h>
#include <time.h>

static const uint64_t second = 1000000000;

int thread_start(pthread_t *thread, void *(*run)(void *), void *argument)
{
    sigset_t all, old;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &old);
    int err = pthread_create(thread, NULL, run, argument);
    pthread_sigmask(SIG_SETMASK, &old, NULL);
    return -err;
}

void thread_sleep(uint64_t nanoseconds)
{
    struct timespec left = {
        .tv_sec = (time_t)(nanoseconds / second),
        .tv_nsec = (long)(nanoseconds % second),
    };
    while (nanosleep(&left, &left) < 0 && errno == EINTR)
        ;
}
