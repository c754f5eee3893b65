// Threads that work in the background. The mutexes and conditions around them are POSIX's own.
#ifndef OS_THREAD_H
#define OS_THREAD_H

#include <pthread.h>
#include <stdint.h>

// Starts a thread with every signal blocked, so that signals reach the thread that runs the loop.
// It is to be joined or detached. Returns 0 or a negative errno.
int thread_start(pthread_t *thread, void *(*run)(void *), void *argument);

// Sleeps the calling thread.
void thread_sleep(uint64_t nanoseconds);

#endif
