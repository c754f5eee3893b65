#include "net/watchdog.h"

#include "os/clock.h"
#include "os/thread.h"

// For the thread of the loop to notice by itself: it knows more.
static const uint64_t grace = 1000000000;

static bool is_over(const struct watchdog *w, uint64_t more)
{
    uint64_t since = atomic_load(&w->since);
    return since && clock_now() - since > w->limit + more;
}

bool watchdog_is_over(const struct watchdog *w)
{
    return is_over(w, 0);
}

static void *watch(void *data)
{
    struct watchdog *w = data;
    uint64_t pause = (w->limit < grace ? w->limit : grace) / 8;
    for (;;) {
        thread_sleep(pause);
        if (is_over(w, grace))
            w->bark(w);
    }
    return NULL;
}

int watchdog_start(struct watchdog *w)
{
    pthread_t thread;
    int err = thread_start(&thread, watch, w);
    if (!err)
        pthread_detach(thread);
    return err;
}

void watchdog_begin(struct watchdog *w, const char *event, uint64_t id)
{
    atomic_store(&w->event, event);
    atomic_store(&w->id, id);
    atomic_store(&w->since, clock_now());
}

void watchdog_end(struct watchdog *w)
{
    atomic_store(&w->since, 0);
}
