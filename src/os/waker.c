#include "os/waker.h"

#include "os/fd.h"

#include <errno.h>
#include <stdint.h>
#include <unistd.h>
#ifdef __linux__
#include <sys/eventfd.h>
#endif

int waker_open(struct waker *w)
{
#ifdef __linux__
    w->read_fd = w->write_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    return w->read_fd < 0 ? -errno : 0;
#else
    int fds[2];
    if (pipe(fds) < 0)
        return -errno;
    w->read_fd = fds[0];
    w->write_fd = fds[1];
    int err = fd_prepare(fds[0]);
    if (!err)
        err = fd_prepare(fds[1]);
    if (err)
        waker_close(w);
    return err;
#endif
}

void waker_close(struct waker *w)
{
    close(w->read_fd);
    if (w->write_fd != w->read_fd)
        close(w->write_fd);
}

void waker_signal(int write_fd)
{
    int saved = errno;
    uint64_t one = 1; // an eventfd takes eight bytes, a pipe takes any number
    while (write(write_fd, &one, sizeof(one)) < 0 && errno == EINTR)
        ;
    errno = saved;
}

void waker_clear(struct waker *w)
{
    uint64_t drop[16];
    ssize_t n;
    do {
        n = read(w->read_fd, drop, sizeof(drop));
    } while (n == (ssize_t)sizeof(drop) || (n < 0 && errno == EINTR));
}
