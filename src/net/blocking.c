#include "net/blocking.h"

#include "net/stack.h"
#include "os/fd.h"
#include "os/sock.h"

#include <errno.h>

enum { PIECE = 65536 };

// One read that waits: the number of bytes, 0 at the end, or a negative errno.
static ssize_t receive(int fd, char bytes[PIECE], int64_t timeout)
{
    for (;;) {
        ssize_t n = fd < 0 ? -EBADF : sock_receive(fd, bytes, PIECE);
        if (n != -EAGAIN && n != -EWOULDBLOCK)
            return n;
        int err = sock_wait(fd, false, timeout);
        if (err)
            return err;
    }
}

static int send_all(int fd, const char *bytes, size_t n, int64_t timeout)
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

// Sends what filters gathered.
static int send_wire(int fd, struct stack *s, int64_t timeout)
{
    int err = 0;
    if (buf_length(&s->out) > 0)
        err = send_all(fd, buf_bytes(&s->out), buf_length(&s->out), timeout);
    buf_consume(&s->out, buf_length(&s->out));
    return err;
}

// Moves the plaintext that came out of the filters. Returns the number of bytes or -ENOMEM.
static ssize_t take_plain(struct filters *f, struct buf *in)
{
    size_t n = buf_length(&f->plain);
    int err = n > 0 ? buf_append(in, buf_bytes(&f->plain), n) : 0;
    buf_consume(&f->plain, n);
    return err ? err : (ssize_t)n;
}

ssize_t blocking_read(int fd, struct stack *stack, struct buf *in, int64_t timeout)
{
    char bytes[PIECE];
    while (!stack || !stack->filters.ended) {
        bool waits = stack && filters_more(&stack->filters);
        ssize_t n = waits ? 0 : receive(fd, bytes, timeout);
        if (n < 0)
            return n;
        if (!stack) {
            int err = buf_append(in, bytes, (size_t)n);
            return err ? err : n;
        }
        int err = waits ? filters_resume(&stack->filters)
                        : filters_receive(&stack->filters, n > 0 ? bytes : NULL, (size_t)n);
        ssize_t got = take_plain(&stack->filters, in);
        if (!err)
            err = send_wire(fd, stack, timeout);
        if (got != 0 || err)
            return got != 0 ? got : err;
    }
    return 0;
}

int blocking_write(int fd, struct stack *stack, const char *bytes, size_t n, int64_t timeout)
{
    if (!stack || !stack->filters.top)
        return send_all(fd, bytes, n, timeout);
    int err = fd < 0 ? -EBADF : stack->finished ? -EPIPE : filters_send(&stack->filters, bytes, n);
    return err ? err : send_wire(fd, stack, timeout);
}

int blocking_finish(int fd, struct stack *stack, int64_t timeout)
{
    int err = 0;
    if (fd < 0)
        return -EBADF;
    if (stack && !stack->finished) {
        stack->finished = true;
        err = filters_finish(&stack->filters);
        if (!err)
            err = send_wire(fd, stack, timeout);
    }
    int fin = sock_finish(fd);
    return err ? err : fin;
}

void blocking_close(int fd)
{
    if (fd >= 0)
        fd_close(fd);
}
