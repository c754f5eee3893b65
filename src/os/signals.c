#include "os/signals.h"

#include <errno.h>
#include <stdatomic.h>
#include <stddef.h>

// The one mutable variable of the program at file scope: where a signal handler writes to. -1
// while no loop runs.
static atomic_int wake_fd = -1;

static void handle(int number)
{
    (void)number;
    struct sigaction end = {.sa_handler = SIG_DFL};
    sigaction(SIGINT, &end, NULL);
    sigaction(SIGTERM, &end, NULL);
    int fd = atomic_load(&wake_fd);
    if (fd >= 0)
        waker_signal(fd);
}

int signals_open(struct signals *s)
{
    int err = waker_open(&s->waker);
    if (err)
        return err;
    int nobody = -1;
    if (!atomic_compare_exchange_strong(&wake_fd, &nobody, s->waker.write_fd)) {
        waker_close(&s->waker);
        return -EBUSY;
    }
    struct sigaction action = {.sa_handler = handle, .sa_flags = SA_RESTART};
    sigemptyset(&action.sa_mask);
    sigaction(SIGINT, &action, &s->old_int);
    sigaction(SIGTERM, &action, &s->old_term);
    struct sigaction ignore = {.sa_handler = SIG_IGN};
    sigaction(SIGPIPE, &ignore, &s->old_pipe);
    return 0;
}

void signals_close(struct signals *s)
{
    sigaction(SIGINT, &s->old_int, NULL);
    sigaction(SIGTERM, &s->old_term, NULL);
    sigaction(SIGPIPE, &s->old_pipe, NULL);
    atomic_store(&wake_fd, -1);
    waker_close(&s->waker);
}
