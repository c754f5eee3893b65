#include "net/send_file.h"

#include "net/files.h"
#include "net/stack.h"
#include "net/write.h"
#include "os/fd.h"

#include <errno.h>

enum {
    SMALL = 65536, // bytes that are queued at once, so that many small files need no descriptors while they wait
    PIECE = 16384,
};

static int queue_small(struct conn *c, int fd, uint64_t offset, size_t length)
{
    char piece[PIECE];
    while (length > 0) {
        ssize_t n = file_read(fd, piece, length < PIECE ? length : PIECE, offset);
        if (n <= 0) {
            conn_fail(c, n < 0 ? (int)-n : EIO, n < 0 ? NULL : FILES_SHRANK);
            return n < 0 ? (int)n : -EIO;
        }
        ssize_t pending = conn_put(c, piece, (size_t)n);
        if (pending < 0)
            return (int)pending;
        offset += (size_t)n;
        length -= (size_t)n;
    }
    return 0;
}

static int add(struct conn *c, int fd, uint64_t offset, uint64_t length)
{
    if (conn_pending(c) == 0)
        c->last_out = conn_clock(c);
    int err = files_add(c, fd, offset, length, c->stack ? stack_pending(c) : c->out.length);
    if (err)
        conn_fail(c, -err, NULL);
    else if (conn_pending(c) >= c->limits->high)
        c->congested = true;
    return err;
}

ssize_t conn_send_file(struct conn *c, int fd, uint64_t offset, uint64_t length)
{
    bool small = length <= SMALL;
    int err = c->state >= CONN_ENDED ? -EPIPE
              : c->datagram          ? -EOPNOTSUPP
              : small                ? queue_small(c, fd, offset, (size_t)length)
                                     : add(c, fd, offset, length);
    if (err || small)
        fd_close(fd);
    if (err)
        return err;
    conn_add_work(c, c->writing ? WORK_FLUSH_LATER : WORK_FLUSH);
    return (ssize_t)conn_pending(c);
}

int conn_open_file(const char *root, const char *path, struct file_facts *facts)
{
    return file_open(root, path, facts);
}

void conn_close_file(int fd)
{
    if (fd >= 0)
        fd_close(fd);
}
