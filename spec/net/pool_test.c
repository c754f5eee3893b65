// net/pool: jobs on background threads, and what becomes of them when the loop goes.
#include "net/pool.h"

#include "base/macros.h"
#include "os/clock.h"
#include "support/check.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>

static const uint64_t second = 1000000000;

// A job that ends when `gate` is open, or at once without one.
struct task {
    struct job job;
    atomic_int *gate, *running, *disposed;
    int posts;
    int ended, posted; // as delivered; -1 for an end that came before a post
    int *order;        // counts ends
};

static void run(struct job *job, void **own)
{
    struct task *t = container_of(job, struct task, job);
    static const char own_thing = 0;
    *own = (void *)&own_thing;
    atomic_fetch_add(t->running, 1);
    while (t->gate && !atomic_load(t->gate))
        job_sleep(100000);
    for (int i = 0; i < t->posts; i++)
        job_post(job, (const char *)&i, sizeof(i));
}

static void leave(void *own)
{
    (void)own;
}

static void posted(struct job *job, const char *bytes, size_t n)
{
    struct task *t = container_of(job, struct task, job);
    int number;
    memcpy(&number, bytes, sizeof(number));
    CHECK(n == sizeof(number) && number == t->posted && !t->ended);
    t->posted++;
}

static void ended(struct job *job)
{
    struct task *t = container_of(job, struct task, job);
    t->ended = ++*t->order;
}

static void dispose(struct job *job)
{
    struct task *t = container_of(job, struct task, job);
    atomic_fetch_add(t->disposed, 1);
    free(t);
}

static const struct pool_events events = {run, leave, posted, ended, dispose};

// A loop without sockets.
struct fixture {
    struct slots table;
    struct mailbox *mailbox;
    struct pool *pool;
    atomic_int gate, running, disposed;
    int order;
};

static void begin(struct fixture *f, unsigned threads, unsigned queue)
{
    memset(f, 0, sizeof(*f));
    CHECK(mailbox_open(&f->mailbox, &f->table) == 0);
    CHECK(pool_open(&f->pool, f->mailbox, &events) == 0);
    pool_limit(f->pool, (struct pool_limits){.threads = threads, .queue = queue});
}

static struct task *make(struct fixture *f, bool gated)
{
    struct task *t = calloc(1, sizeof(*t));
    t->gate = gated ? &f->gate : NULL;
    t->running = &f->running;
    t->disposed = &f->disposed;
    t->order = &f->order;
    pool_adopt(f->pool, &t->job);
    return t;
}

static struct task *submit(struct fixture *f, bool gated)
{
    struct task *t = make(f, gated);
    CHECK(pool_submit(&t->job) == 0);
    return t;
}

static void deliver(struct fixture *f)
{
    struct pollfd fd = {.fd = mailbox_fd(f->mailbox), .events = POLLIN};
    poll(&fd, 1, 10);
    struct message *next, *message = mailbox_take(f->mailbox);
    for (; message; message = next) {
        next = message->next;
        message->deliver(message, true);
    }
}

// Waits until a counter is there, for at most ten seconds.
static void await_order(struct fixture *f, int order)
{
    uint64_t limit = clock_now() + 10 * second;
    while (f->order < order && clock_now() < limit)
        deliver(f);
    CHECK(f->order == order);
}

static void await(atomic_int *counter, int value)
{
    uint64_t limit = clock_now() + 10 * second;
    while (atomic_load(counter) < value && clock_now() < limit)
        job_sleep(100000);
    CHECK(atomic_load(counter) == value);
}

static void end(struct fixture *f)
{
    pool_close(f->pool);
    mailbox_close(f->mailbox);
    slots_free(&f->table);
}

static void does_jobs_in_order(void)
{
    struct fixture f;
    struct task *tasks[20];
    begin(&f, 1, 100);
    for (int i = 0; i < 20; i++)
        tasks[i] = submit(&f, false);
    await_order(&f, 20);
    for (int i = 0; i < 20; i++) {
        CHECK(tasks[i]->ended == i + 1 && tasks[i]->job.state == JOB_FINISHED);
        job_release(&tasks[i]->job);
    }
    end(&f);
    CHECK(atomic_load(&f.disposed) == 20);
}

static void bounds_its_queue(void)
{
    struct fixture f;
    begin(&f, 2, 3);
    for (int i = 0; i < 5; i++)
        job_release(&submit(&f, true)->job);
    struct task *t = make(&f, true);
    CHECK(pool_submit(&t->job) == -ENOBUFS && t->job.state == JOB_NEW);
    atomic_store(&f.gate, 1);
    await_order(&f, 5);
    CHECK(pool_submit(&t->job) == 0);
    job_release(&t->job);
    await_order(&f, 6);
    end(&f);
    CHECK(atomic_load(&f.disposed) == 6);
}

static void cancels_what_waits(void)
{
    struct fixture f;
    begin(&f, 1, 10);
    struct task *first = submit(&f, true);
    await(&f.running, 1);
    struct task *second_one = submit(&f, true), *third = submit(&f, true);
    CHECK(!job_cancel(&first->job) && first->ended == 0);
    CHECK(job_cancel(&second_one->job) && !job_cancel(&second_one->job));
    CHECK(second_one->ended == 0);
    pool_drop(f.pool);
    await_order(&f, 2);
    CHECK(second_one->ended == 1 && third->ended == 2 && third->job.state == JOB_CANCELLED);
    atomic_store(&f.gate, 1);
    await_order(&f, 3);
    CHECK(atomic_load(&f.running) == 1);
    job_release(&first->job);
    job_release(&second_one->job);
    job_release(&third->job);
    end(&f);
    CHECK(atomic_load(&f.disposed) == 3);
}

static void delivers_posts_before_the_end(void)
{
    struct fixture f;
    begin(&f, 1, 1);
    struct task *t = make(&f, false);
    t->posts = 3 * POOL_POSTS; // so that it waits
    CHECK(pool_submit(&t->job) == 0);
    await_order(&f, 1);
    CHECK(t->posted == 3 * POOL_POSTS);
    job_end_again(&t->job);
    await_order(&f, 2);
    job_release(&t->job);
    end(&f);
}

static void may_be_closed_over_its_jobs(void)
{
    struct fixture f;
    begin(&f, 2, 10);
    for (int i = 0; i < 4; i++) {
        struct task *t = make(&f, true);
        t->posts = 2 * POOL_POSTS;
        CHECK(pool_submit(&t->job) == 0);
        job_release(&t->job);
    }
    await(&f.running, 2);
    end(&f);
    CHECK(atomic_load(&f.disposed) == 2);
    atomic_store(&f.gate, 1);
    await(&f.disposed, 4);
    CHECK(f.order == 0 && atomic_load(&f.running) == 2);
}

static void may_be_closed_over_a_job_that_waits_with_a_post(void)
{
    struct fixture f;
    begin(&f, 1, 1);
    struct task *t = make(&f, false);
    t->posts = 2 * POOL_POSTS;
    CHECK(pool_submit(&t->job) == 0);
    job_release(&t->job);
    await(&f.running, 1);
    job_sleep(10000000);
    end(&f);
    await(&f.disposed, 1);
}

int main(void)
{
    static const struct check_test tests[] = {
        {"a pool does jobs in order", does_jobs_in_order},
        {"a pool bounds its queue", bounds_its_queue},
        {"a pool cancels what waits", cancels_what_waits},
        {"a pool delivers posts before the end", delivers_posts_before_the_end},
        {"a pool may be closed over its jobs", may_be_closed_over_its_jobs},
        {"a pool may be closed over a job that waits with a post",
         may_be_closed_over_a_job_that_waits_with_a_post},
    };
    return check_run(tests, ARRAY_LEN(tests));
}
