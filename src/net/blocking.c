#include "net/blocking.h"

#include "os/fd.h"
#include "os/sock.h"

#include <errno.h>

enum { PIECE = 65536 };

ssize_t blocking_read(int fd, struct buf *in, int64_t timeout)
{
    char bytes[PIECE];
    for (;;) {
        ssize_t n = fd < 0 ? -EBADF : sock_receive(fd, bytes, sizeof(bytes));
        if (n == 0)
            return 0;
        if (n > 0) {
            int err = buf_append(in, bytes, (size_t)n);
            return err ? err : n;
        }
        if (n != -EAGAIN && n != -EWOULDBLOCK)
            return n;
        int err = sock_wait(fd, false, timeout);
        if (err)
            return err;
    }
}

int blocking_write(int fd, const char *bytes, size_t n, int64_t timeout)
{
    while (n > 0) {
        struct iovec piece = {.iov_base = (char *)bytes, .iov_len = n};
        ssize_t sent = fd < 0 ? -EBADF : sock_send(fd, &piece, 1);
        if (sent >= 0) {
            bytes += sent;
            n -= (size_t)sent;
            continue;
        }
        if (sent != -EAGAIN && sent != -EWOULDBLOCK)
            return (int)sent;
        int err = sock_wait(fd, true, timeout);
        if (err)
            return err;
    }
    return 0;
}

int blocking_finish(int fd)
{
    return fd < 0 ? -EBADF : sock_finish(fd);
}

void blocking_close(int fd)
{
    if (fd >= 0)
        fd_close(fd);
}
