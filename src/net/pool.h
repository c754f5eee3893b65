// Background threads, and a bounded queue of the jobs that they do. Knows nothing of what a job
// does. The loop makes jobs, and learns of their end through its mailbox.
//
// 1. A job is counted: its maker's reference, one on its way from pool_submit until its end was
//    delivered, and one for each post that was not.
// 2. The pool is counted: the loop, every thread and every job hold it. So threads that are still
//    at work when the loop goes use nothing that is freed; what they leave then is freed unseen.
// 3. Nobody waits for a thread that is at work; the end of the process ends it. Idle ones are waited
//    for when the loop goes.
#ifndef NET_POOL_H
#define NET_POOL_H

#include "base/list.h"
#include "net/mailbox.h"

#include <stdatomic.h>

enum { POOL_POSTS = 1024 }; // undelivered posts of one job, beyond which it waits

struct pool;

struct pool_limits {
    unsigned threads; // that there may be, at least one
    unsigned queue;   // jobs that may wait for one
};

enum job_state { JOB_NEW, JOB_QUEUED, JOB_RUNNING, JOB_FINISHED, JOB_CANCELLED };

// Embedded in the maker's struct.
struct job {
    struct message message; // its end
    struct link link;       // in the queue
    struct pool *pool;
    enum job_state state; // guarded by the pool's lock, as the next one
    unsigned posts;       // not delivered
    atomic_uint references;
};

// What this layer tells the one above, as net/events.h does.
struct pool_events {
    // On a thread: does the job. `*own` is the thread's, NULL at first.
    void (*run)(struct job *, void **own);
    // On a thread that ends: frees what is its own.
    void (*leave)(void *own);
    // On the loop, in this order: what the job posted, then its end, whether it ran or not.
    void (*posted)(struct job *, const char *bytes, size_t n);
    void (*ended)(struct job *);
    // On any thread: the last reference is gone.
    void (*dispose)(struct job *);
};

// Opens a pool for the loop with this mailbox; no thread is started. Returns 0 or -ENOMEM.
int pool_open(struct pool **pool, struct mailbox *mailbox, const struct pool_events *events);

// The loop ended: queued jobs are released, idle threads end, running ones go on for nobody. The
// loop's reference ends with it.
void pool_close(struct pool *p);

// For the loop: the limits, and new ones. Threads that are too many then end after what they do.
struct pool_limits pool_limits(const struct pool *p);
void pool_limit(struct pool *p, struct pool_limits limits);

// Makes a job of the pool, with its maker's reference.
void pool_adopt(struct pool *p, struct job *job);

// Queues it for the next idle thread, and starts a thread where there is none and may be one.
// Returns 0, -ENOBUFS when the queue is full, or another negative errno when there is no thread.
int pool_submit(struct job *job);

// Takes it out of the queue: its end is delivered. Returns false when it is not there any more.
bool job_cancel(struct job *job);

// Cancels every job that waits.
void pool_drop(struct pool *p);

// Delivers the end of a job once more.
void job_end_again(struct job *job);

void job_release(struct job *job);

// For the thread that runs the job. job_post copies the bytes, and waits while POOL_POSTS of them
// are undelivered; it returns 0, -EPIPE when the loop is gone, or -ENOMEM. The mailbox is valid as
// long as the job.
int job_post(struct job *job, const char *bytes, size_t n);
struct mailbox *job_mailbox(struct job *job);
void job_sleep(uint64_t nanoseconds);

#endif
