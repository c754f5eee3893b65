#include "net/watchdog.h"

#include "os/clock.h"
#include "os/thread.h"

// For the thread of the loop to notice by itself: it knows more.
static const uint64_t grace = 1000000000;

bool watchdog_is_over(const struct watchdog *w)
{
    uint64_t since = atomic_load(&w->since);
    return since && clock_now() - since > w->limit;
}

static void *watch(void *data)
{
    struct watchdog *w = data;
    uint64_t pause = (w->limit < grace ? w->limit : grace) / 8;
    uint64_t late = 0; // in pauses, as the machine may stand still for longer, and the loop's thread with it
    for (;;) {
        thread_sleep(pause);
        late = watchdog_is_over(w) ? late + pause : 0;
        if (late >= grace)
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
