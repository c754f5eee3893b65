#include "net/pool.h"

#include "base/macros.h"
#include "os/thread.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

static const struct pool_limits limits_default = {.threads = 4, .queue = 1024};

struct pool {
    struct mailbox *mailbox;
    const struct pool_events *events;
    atomic_uint references;
    pthread_mutex_t lock; // of everything below
    pthread_cond_t work;  // there is a job, or a thread may end
    pthread_cond_t room;  // posts were delivered
    struct link queue, all; // jobs, and threads
    struct pool_limits limits; // changed by the loop alone
    unsigned queued, threads;
    unsigned idle; // threads that wait for a job, or are about to
    bool closed;
};

struct thread {
    struct pool *pool;
    pthread_t id;
    struct link link; // in pool->all
    bool busy;        // runs a job
    bool awaited;     // pool_close joins it, and frees this; else it does so itself
};

// A post on its way.
struct post {
    struct message message;
    struct job *job;
    size_t length;
    char bytes[];
};

int pool_open(struct pool **pool, struct mailbox *mailbox, const struct pool_events *events)
{
    struct pool *p = calloc(1, sizeof(*p));
    if (!p)
        return -ENOMEM;
    pthread_mutex_init(&p->lock, NULL);
    pthread_cond_init(&p->work, NULL);
    pthread_cond_init(&p->room, NULL);
    list_init(&p->queue);
    list_init(&p->all);
    mailbox_retain(mailbox);
    p->mailbox = mailbox;
    p->events = events;
    p->limits = limits_default;
    atomic_init(&p->references, 1);
    *pool = p;
    return 0;
}

static void release(struct pool *p)
{
    if (atomic_fetch_sub(&p->references, 1) > 1)
        return;
    mailbox_release(p->mailbox);
    pthread_cond_destroy(&p->room);
    pthread_cond_destroy(&p->work);
    pthread_mutex_destroy(&p->lock);
    free(p);
}

void job_release(struct job *job)
{
    struct pool *p = job->pool;
    if (atomic_fetch_sub(&job->references, 1) > 1)
        return;
    p->events->dispose(job);
    release(p);
}

// The end of a job, or the end of its way: the pool's reference goes with it.
static void deliver_end(struct message *message, bool live)
{
    struct job *job = container_of(message, struct job, message);
    if (live)
        job->pool->events->ended(job);
    job_release(job);
}

static void send_end(struct job *job)
{
    if (!mailbox_post(job->pool->mailbox, &job->message))
        job_release(job);
}

void pool_adopt(struct pool *p, struct job *job)
{
    *job = (struct job){.message.deliver = deliver_end, .pool = p};
    atomic_init(&job->references, 1);
    atomic_fetch_add(&p->references, 1);
}

// Threads

// Waits for a job and takes it; NULL when the thread is to end.
static struct job *take(struct pool *p, struct thread *t)
{
    struct job *job = NULL;
    pthread_mutex_lock(&p->lock);
    while (!p->closed && p->threads <= p->limits.threads && list_empty(&p->queue))
        pthread_cond_wait(&p->work, &p->lock);
    p->idle--;
    if (p->closed || p->threads > p->limits.threads) {
        p->threads--;
        if (!p->closed)
            list_remove(&t->link); // else pool_close took all
    } else {
        job = container_of(list_take(&p->queue), struct job, link);
        job->state = JOB_RUNNING;
        p->queued--;
        t->busy = true;
    }
    pthread_mutex_unlock(&p->lock);
    return job;
}

static void finish(struct pool *p, struct thread *t, struct job *job)
{
    pthread_mutex_lock(&p->lock);
    job->state = JOB_FINISHED;
    p->idle++;
    t->busy = false;
    pthread_mutex_unlock(&p->lock);
    send_end(job);
}

static void *work(void *argument)
{
    struct thread *t = argument;
    struct pool *p = t->pool;
    struct job *job;
    void *own = NULL;
    while ((job = take(p, t))) {
        p->events->run(job, &own);
        finish(p, t, job);
    }
    p->events->leave(own);
    release(p);
    if (!t->awaited) {
        pthread_detach(t->id);
        free(t);
    }
    return NULL;
}

static int start_thread(struct pool *p)
{
    struct thread *t = calloc(1, sizeof(*t));
    if (!t)
        return -ENOMEM;
    t->pool = p;
    int err = thread_start(&t->id, work, t);
    if (err) {
        free(t);
        return err;
    }
    atomic_fetch_add(&p->references, 1);
    list_append(&p->all, &t->link);
    p->threads++;
    p->idle++;
    return 0;
}

// Starts the threads that the queue needs and that may be. The pool is locked, which new threads
// wait for. Returns 0 or a negative errno.
static int start_threads(struct pool *p, unsigned jobs)
{
    int err = 0;
    while (!err && jobs > p->idle && p->threads < p->limits.threads)
        err = start_thread(p);
    return err;
}

struct pool_limits pool_limits(const struct pool *p)
{
    return p->limits;
}

void pool_limit(struct pool *p, struct pool_limits limits)
{
    pthread_mutex_lock(&p->lock);
    p->limits = limits;
    start_threads(p, p->queued);
    pthread_cond_broadcast(&p->work);
    pthread_mutex_unlock(&p->lock);
}

// Jobs

int pool_submit(struct job *job)
{
    struct pool *p = job->pool;
    pthread_mutex_lock(&p->lock);
    int err = start_threads(p, p->queued + 1);
    if (p->threads > 0)
        err = p->queued >= p->idle + p->limits.queue ? -ENOBUFS : 0;
    if (!err) {
        atomic_fetch_add(&job->references, 1);
        job->state = JOB_QUEUED;
        list_append(&p->queue, &job->link);
        p->queued++;
        pthread_cond_signal(&p->work);
    }
    pthread_mutex_unlock(&p->lock);
    return err;
}

bool job_cancel(struct job *job)
{
    struct pool *p = job->pool;
    pthread_mutex_lock(&p->lock);
    bool waits = job->state == JOB_QUEUED;
    if (waits) {
        list_remove(&job->link);
        job->state = JOB_CANCELLED;
        p->queued--;
    }
    pthread_mutex_unlock(&p->lock);
    if (waits)
        send_end(job);
    return waits;
}

void pool_drop(struct pool *p)
{
    struct link dropped, *link;
    pthread_mutex_lock(&p->lock);
    for (link = p->queue.next; link != &p->queue; link = link->next)
        container_of(link, struct job, link)->state = JOB_CANCELLED;
    list_move(&dropped, &p->queue);
    p->queued = 0;
    pthread_mutex_unlock(&p->lock);
    while ((link = list_take(&dropped)))
        send_end(container_of(link, struct job, link));
}

void pool_close(struct pool *p)
{
    struct link dropped, idle, *link;
    pthread_mutex_lock(&p->lock);
    p->closed = true;
    list_move(&dropped, &p->queue);
    list_init(&idle);
    while ((link = list_take(&p->all))) {
        struct thread *t = container_of(link, struct thread, link);
        t->awaited = !t->busy;
        if (t->awaited)
            list_append(&idle, link);
    }
    pthread_cond_broadcast(&p->work);
    pthread_cond_broadcast(&p->room);
    pthread_mutex_unlock(&p->lock);
    while ((link = list_take(&dropped)))
        job_release(container_of(link, struct job, link));
    while ((link = list_take(&idle))) {
        struct thread *t = container_of(link, struct thread, link);
        pthread_join(t->id, NULL);
        free(t);
    }
    release(p);
}

void job_end_again(struct job *job)
{
    atomic_fetch_add(&job->references, 1);
    send_end(job);
}

// Posts

static void deliver_post(struct message *message, bool live)
{
    struct post *post = container_of(message, struct post, message);
    struct job *job = post->job;
    struct pool *p = job->pool;
    pthread_mutex_lock(&p->lock);
    if (job->posts-- == POOL_POSTS)
        pthread_cond_broadcast(&p->room);
    pthread_mutex_unlock(&p->lock);
    if (live)
        p->events->posted(job, post->bytes, post->length);
    free(post);
    job_release(job);
}

int job_post(struct job *job, const char *bytes, size_t n)
{
    struct pool *p = job->pool;
    struct post *post = malloc(sizeof(*post) + n);
    if (!post)
        return -ENOMEM;
    post->message.deliver = deliver_post;
    post->job = job;
    post->length = n;
    memcpy(post->bytes, bytes, n);
    pthread_mutex_lock(&p->lock);
    while (job->posts >= POOL_POSTS && !p->closed)
        pthread_cond_wait(&p->room, &p->lock);
    bool closed = p->closed;
    job->posts++;
    pthread_mutex_unlock(&p->lock);
    atomic_fetch_add(&job->references, 1);
    if (!closed && mailbox_post(p->mailbox, &post->message))
        return 0;
    deliver_post(&post->message, false);
    return -EPIPE;
}

struct mailbox *job_mailbox(struct job *job)
{
    return job->pool->mailbox;
}

void job_sleep(uint64_t nanoseconds)
{
    thread_sleep(nanoseconds);
}
