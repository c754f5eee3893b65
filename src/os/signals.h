// SIGINT and SIGTERM as a readable descriptor. The first signal is an orderly end; it gives both
// signals back to the system, so that a second one ends the process at once.
#ifndef OS_SIGNALS_H
#define OS_SIGNALS_H

#include "os/waker.h"

#include <signal.h>

struct signals {
    struct waker waker; // readable once a signal came
    struct sigaction old_int, old_term, old_pipe;
};

// Installs the handlers and ignores SIGPIPE. Returns 0 or a negative errno; -EBUSY when another
// loop of the process has them.
int signals_open(struct signals *s);

// Puts back what was installed before.
void signals_close(struct signals *s);

#endif
