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

int thread_condition(pthread_cond_t *condition)
{
#ifdef __APPLE__
    return -pthread_cond_init(condition, NULL); // waits are relative there
#else
    pthread_condattr_t attributes;
    int err = pthread_condattr_init(&attributes);
    if (err)
        return -err;
    err = pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
    if (!err)
        err = pthread_cond_init(condition, &attributes);
    pthread_condattr_destroy(&attributes);
    return -err;
#endif
}

void thread_wait(pthread_cond_t *condition, pthread_mutex_t *mutex, uint64_t nanoseconds)
{
#ifdef __APPLE__
    struct timespec time = {
        .tv_sec = (time_t)(nanoseconds / second),
        .tv_nsec = (long)(nanoseconds % second),
    };
    pthread_cond_timedwait_relative_np(condition, mutex, &time);
#else
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    uint64_t end = (uint64_t)time.tv_nsec + nanoseconds;
    time.tv_sec += (time_t)(end / second);
    time.tv_nsec = (long)(end % second);
    pthread_cond_timedwait(condition, mutex, &time);
#endif
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
