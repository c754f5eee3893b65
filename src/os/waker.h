// A descriptor that becomes readable when somebody else says so: another thread or a signal
// handler. An eventfd(2) where there is one, else a pipe(2).
#ifndef OS_WAKER_H
#define OS_WAKER_H

struct waker {
    int read_fd, write_fd; // the same one for an eventfd
};

// Returns 0 or a negative errno.
int waker_open(struct waker *w);
void waker_close(struct waker *w);

// Makes read_fd readable. Safe from any thread and from a signal handler; keeps errno.
void waker_signal(int write_fd);

// Makes read_fd unreadable again.
void waker_clear(struct waker *w);

#endif
